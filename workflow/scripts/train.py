"""Train a block of seeds of one experiment (sections 3.2-3.4, App. C)."""

from pathlib import Path
from typing import TYPE_CHECKING

from ffensembles.pipeline.job import device_given, job
from ffensembles.data.datasets import load
from ffensembles.experiments import Experiment
from ffensembles.learning.block import train_block

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    params = snakemake.params
    seeds = list(range(int(snakemake.wildcards.first), int(snakemake.wildcards.last) + 1))
    config, study = snakemake.config, snakemake.wildcards.study
    # Not beside the model: under a storage provider that is a copy on this node alone.
    block = "{dataset}-{model}-{study}-seeds-{first}-{last}".format(**snakemake.wildcards)
    train_block(
        Experiment(**params.experiment),
        seeds,
        load(snakemake.input.dataset),
        model_path=snakemake.output.model,
        log_path=snakemake.output.log,
        random_seed=params.random_seed,
        device=device_given(params.device, snakemake.resources),
        precision=params.precision,
        checkpoints=Path(config["pathvars"]["checkpoints"], block),
        checkpoint_interval=config["checkpoint_interval"],
        code=params.code,
        snapshots_path=snakemake.output.snapshots,
        snapshots_of=config["figures"]["seed"] if study in config["beyond"]["studies"] else None,
    )
