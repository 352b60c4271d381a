"""Make one table: tidy CSV, and as the paper prints it in Markdown, LaTeX and HTML."""

from typing import TYPE_CHECKING

from ffensembles.pipeline.job import as_list, job
from ffensembles.files import write_csv
from ffensembles.paper.tables.catalogue import STUDY_TABLES, TABLES
from ffensembles.paper.tables.notes import departed
from ffensembles.printing.names import know
from ffensembles.printing.tables import write_printed

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    know(snakemake.params.names)
    table = (TABLES | STUDY_TABLES)[snakemake.params.table]
    files = {kind: as_list(paths) for kind, paths in snakemake.input.items()}
    measurements = table.read(files, snakemake.params.get("only"))
    tidy = table.tabulate(measurements, snakemake.input.get("reported"))
    notes = table.notes(*measurements) + departed(snakemake.params.get("departures", []))
    write_csv(tidy, snakemake.output.csv)
    write_printed(table.printed(tidy, notes), snakemake.output)
