"""Train a block of seeds of one experiment (sections 3.2-3.4, App. C)."""

from pathlib import Path
from typing import TYPE_CHECKING

from ffensembles.pipeline.job import device_given, job, run_is_gone
from ffensembles.data.datasets import load
from ffensembles.experiments import Experiment
from ffensembles.learning.block import train_block
from ffensembles.learning.handed_on import HandedOn
from ffensembles.pipeline.checkout import commit

if TYPE_CHECKING:
    from snakemake.script import snakemake

HOME = Path(__file__).resolve().parents[2]

with job(snakemake.log[0]):
    params, config = snakemake.params, snakemake.config
    experiment = Experiment(**params.experiment)
    seeds = list(range(int(snakemake.wildcards.first), int(snakemake.wildcards.last) + 1))
    dataset = load(snakemake.input.dataset)
    asked = experiment.study in config["beyond"]["studies"]
    files = {
        "model_path": snakemake.output.model,
        "log_path": snakemake.output.log,
        "snapshots_path": snakemake.output.snapshots,
        "snapshots_of": config["figures"]["seed"] if asked else None,
        "random_seed": params.random_seed,
    }
    # Not beside the model: under a storage provider that is a copy on this node alone.
    block = "{dataset}-{model}-{study}-seeds-{first}-{last}".format(**snakemake.wildcards)
    networks = config["networks"] and HandedOn.open(config["networks"])
    if not (networks and networks.take(experiment, seeds, dataset=dataset.sha256, **files)):
        train_block(
            experiment,
            seeds,
            dataset,
            **files,
            device=device_given(params.device, snakemake.resources),
            precision=params.precision,
            checkpoints=Path(config["pathvars"]["checkpoints"], block),
            checkpoint_interval=config["checkpoint_interval"],
            code=params.code,
            commit=commit(HOME),
            abandoned=run_is_gone,
        )
