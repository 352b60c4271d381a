"""Prune every network of one experiment."""

from typing import TYPE_CHECKING

from ffensembles.pipeline.job import job
from ffensembles.analysis.measurements import with_keys
from ffensembles.data.datasets import load
from ffensembles.experiments import Experiment
from ffensembles.extras.beyond.pruning import measure_pruning
from ffensembles.files import write_parquet

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    params = snakemake.params
    table = measure_pruning(
        Experiment(seeds=1, **params.experiment),
        snakemake.input.models,
        load(snakemake.input.dataset),
        device=params.device,
        images=params.images,
        random_seed=params.random_seed,
    )
    write_parquet(with_keys(table, **snakemake.wildcards), snakemake.output[0])
