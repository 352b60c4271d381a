"""Write what the report begins with."""

from typing import TYPE_CHECKING

from ffensembles.pipeline.job import as_list, job
from ffensembles.files import read_csv, write_text
from ffensembles.paper.front import front_page
from ffensembles.paper.tables.reported import read_table
from ffensembles.printing.names import name_datasets

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    params, files = snakemake.params, snakemake.input
    name_datasets(params.names)
    page = front_page(
        read_csv(files.scorecard),
        read_csv(files.claims),
        dict(zip(params.tables, map(read_table, as_list(files.tables)), strict=True)),
        next(iter(as_list(files.figure)), None),
        params.dataset,
    )
    write_text(page, snakemake.output[0])
