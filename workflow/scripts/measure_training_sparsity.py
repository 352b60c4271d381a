"""Measure the sparsity of representations of training images (section 3.5)."""

from typing import TYPE_CHECKING

from ffensembles.pipeline.job import device_given, job
from ffensembles.analysis.measurements import with_keys
from ffensembles.analysis.training_sparsity import measure_training_sparsity
from ffensembles.data.datasets import load
from ffensembles.experiments import Experiment
from ffensembles.files import write_parquet

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    table = measure_training_sparsity(
        Experiment(**snakemake.params.experiment),
        snakemake.input.models,
        load(snakemake.input.dataset),
        device=device_given(snakemake.params.device, snakemake.resources),
    )
    write_parquet(with_keys(table, **snakemake.wildcards), snakemake.output[0])
