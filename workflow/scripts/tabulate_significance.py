"""Count the units whose place in an ensemble the permutation test does not support (App. D)."""

from typing import TYPE_CHECKING

from ffensembles import evidence, layout, tables, writers
from ffensembles.files import atomic, write_text
from ffensembles.jobs import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    significance = evidence.read_all(evidence.as_list(snakemake.input.significance))
    sparsity = evidence.as_list(snakemake.input.get("sparsity"))
    sparsities = evidence.read_all(sparsity) if sparsity else None
    table = tables.insignificance(significance, sparsities)
    with atomic(snakemake.output.csv) as path:
        table.to_csv(path, index=False)
    printed = layout.printed_significance(table)
    write_text(writers.markdown(printed), snakemake.output.md)
    write_text(writers.latex(printed), snakemake.output.tex)
    write_text(writers.html(printed), snakemake.output.html)
