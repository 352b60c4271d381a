"""Measure excitation and inhibition in every network of one experiment (section 4.5)."""

from typing import TYPE_CHECKING

from ffensembles.pipeline.job import job
from ffensembles.analysis.balance import measure_balance
from ffensembles.analysis.measurements import with_keys
from ffensembles.files import write_parquet

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    params = snakemake.params
    table = measure_balance(snakemake.input.models, params.seeds, params.layers)
    write_parquet(with_keys(table, **snakemake.wildcards), snakemake.output[0])
