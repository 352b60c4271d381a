"""Test the paper's claims on ensembles under other factors than 2."""

from typing import TYPE_CHECKING

from ffensembles.pipeline.job import as_list, job
from ffensembles.extras.beyond.claims_by_factor import claims_by_factor, printed
from ffensembles.files import write_csv
from ffensembles.paper.tables.notes import departed
from ffensembles.printing.names import name_datasets
from ffensembles.printing.tables import write_printed

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    name_datasets(snakemake.params.names)
    files = {kind: as_list(paths) for kind, paths in snakemake.input.items()}
    table = claims_by_factor(files.pop("ensembles"), files)
    notes = departed(snakemake.params.get("departures", []))
    write_csv(table, snakemake.output.csv)
    write_printed(printed(table, notes), snakemake.output)
