"""Hold every number of the paper against ours: the scorecard."""

from typing import TYPE_CHECKING

from ffensembles.pipeline.job import as_list, job
from ffensembles.files import write_csv, write_text
from ffensembles.paper.scorecard import score_all, scorecard_page
from ffensembles.paper.tables.notes import departed
from ffensembles.printing.names import name_datasets

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    name_datasets(snakemake.params.names)
    files, params = snakemake.input, snakemake.params
    cells = score_all(as_list(files.tables), as_list(files.reported), params.get("copies", {}))
    notes = departed(params.get("departures", []))
    write_csv(cells, snakemake.output.csv)
    write_text(scorecard_page(cells, notes), snakemake.output.html)
