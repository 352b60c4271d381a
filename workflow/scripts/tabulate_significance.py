"""Count the units whose place in an ensemble the permutation test does not support (App. D)."""

from typing import TYPE_CHECKING

from ffensembles import evidence, layout, tables, writers
from ffensembles.jobs import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    significance = evidence.read_all(evidence.as_list(snakemake.input.significance))
    sparsity = evidence.as_list(snakemake.input.get("sparsity"))
    sparsities = evidence.read_all(sparsity) if sparsity else None
    table = tables.insignificance(significance, sparsities)
    writers.write_csv(table, snakemake.output.csv)
    writers.write_printed(layout.printed_significance(table), snakemake.output)
