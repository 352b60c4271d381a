"""Make one table of the paper: tidy CSV, and the paper's layout as Markdown, LaTeX and HTML."""

from typing import TYPE_CHECKING

from ffensembles.analysis import measurements
from ffensembles.files import write_csv
from ffensembles.pipeline.job import as_list, job
from ffensembles.printing.tables import write_printed
from ffensembles.tables import layout, reported, summaries

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    number = int(snakemake.params.number)
    extra: dict[str, object] = {}
    for argument, name in (
        ("sparsities", "sparsity"),
        ("significance", "significance"),
        ("accuracies", "accuracy"),
    ):
        if paths := as_list(snakemake.input.get(name)):
            extra[argument] = measurements.read_all(paths)
    for argument in ("layers", "only"):
        if value := snakemake.params.get(argument):
            extra[argument] = value
    table = summaries.tabulate(number, as_list(snakemake.input.analyses), **extra)
    table = reported.with_reported(table, reported.read_reported(snakemake.input.reported))
    write_csv(table, snakemake.output.csv)
    write_printed(layout.printed(number, table), snakemake.output)
