"""Count the units whose place in an ensemble the permutation test does not support (App. D)."""

from typing import TYPE_CHECKING

from ffensembles.analysis import measurements
from ffensembles.files import write_csv
from ffensembles.pipeline.job import as_list, job
from ffensembles.printing.tables import write_printed
from ffensembles.tables import layout, summaries

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    significance = measurements.read_all(as_list(snakemake.input.significance))
    sparsity = as_list(snakemake.input.get("sparsity"))
    sparsities = measurements.read_all(sparsity) if sparsity else None
    table = summaries.insignificance(significance, sparsities)
    write_csv(table, snakemake.output.csv)
    write_printed(layout.printed_significance(table), snakemake.output)
