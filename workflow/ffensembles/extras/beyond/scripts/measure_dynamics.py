"""Follow the ensembles of one run through its training."""

from typing import TYPE_CHECKING

from ffensembles.pipeline.job import job
from ffensembles.analysis.measurements import with_keys
from ffensembles.data.datasets import load
from ffensembles.experiments import Experiment
from ffensembles.extras.beyond.dynamics import measure_dynamics
from ffensembles.files import write_parquet

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    params = snakemake.params
    table = measure_dynamics(
        Experiment(seeds=1, **params.experiment),
        snakemake.input.snapshots,
        load(snakemake.input.dataset),
        device=params.device,
        images=params.images,
    )
    write_parquet(with_keys(table, **snakemake.wildcards, seed=params.seed), snakemake.output[0])
