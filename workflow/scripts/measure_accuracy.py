"""Measure the test-set accuracy of every run of one experiment (Tables 1 and 11)."""

from typing import TYPE_CHECKING

from ffensembles.pipeline.job import job
from ffensembles.analysis.accuracy import measure_accuracy
from ffensembles.analysis.measurements import with_keys
from ffensembles.files import write_parquet

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    table = measure_accuracy(
        zip(snakemake.params.seeds, snakemake.input.representations, strict=True)
    )
    write_parquet(with_keys(table, **snakemake.wildcards), snakemake.output[0])
