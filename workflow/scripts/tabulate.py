"""Make one table of the paper: tidy CSV, and the paper's layout as Markdown, LaTeX and HTML."""

from typing import TYPE_CHECKING

from ffensembles import evidence, layout, reported, tables, writers
from ffensembles.jobs import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    number = int(snakemake.params.number)
    extra: dict[str, object] = {}
    for argument, name in (("sparsities", "sparsity"), ("significance", "significance")):
        if paths := evidence.as_list(snakemake.input.get(name)):
            extra[argument] = evidence.read_all(paths)
    if layers := snakemake.params.get("layers"):
        extra["layers"] = layers
    table = tables.tabulate(number, evidence.as_list(snakemake.input.analyses), **extra)
    table = reported.with_reported(table, reported.read_reported(snakemake.input.reported))
    writers.write_csv(table, snakemake.output.csv)
    writers.write_printed(layout.printed(number, table), snakemake.output)
