"""Make one table: tidy CSV, and as the paper prints it in Markdown, LaTeX and HTML."""

from typing import TYPE_CHECKING

from ffensembles.pipeline.job import as_list, job
from ffensembles.experiments import Experiment
from ffensembles.files import write_csv
from ffensembles.lookup import named
from ffensembles.paper.tables.notes import departed, kinds_left_out, stand_ins, units_meant
from ffensembles.printing.names import name_datasets
from ffensembles.printing.tables import write_printed

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    name_datasets(snakemake.params.names)
    table = named(snakemake.params.catalogue)[snakemake.params.table]
    files = {name: as_list(paths) for name, paths in snakemake.input.items()}
    experiments = [Experiment(**columns) for columns in snakemake.params.get("experiments", [])]
    measurements = table.read(files, experiments)
    copies = snakemake.params.get("copies", {})
    tidy = table.tabulate(measurements, snakemake.input.get("reported"), copies)
    notes = table.notes(*measurements) + departed(snakemake.params.get("departures", []))
    notes += kinds_left_out(snakemake.params.get("left_out", []))
    notes += units_meant(snakemake.params.get("units", [])) + stand_ins(copies)
    write_csv(tidy, snakemake.output.csv)
    write_printed(table.printed(tidy, notes), snakemake.output)
