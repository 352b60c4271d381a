"""Draw one figure, as PDF and PNG, and write its numbers."""

from typing import TYPE_CHECKING

from ffensembles.pipeline.job import as_list, job
from ffensembles.files import write_csv
from ffensembles.paper.figures.drawing import draw
from ffensembles.paper.figures.parts.numbers import numbers_of
from ffensembles.paper.figures.parts.style import save
from ffensembles.printing.names import name_datasets

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    params = snakemake.params
    name_datasets(params.names)
    files = {name: as_list(paths) for name, paths in snakemake.input.items()}
    figure = draw(params.draw, files, params.readers, params.settings)
    save(figure, snakemake.output.pdf, snakemake.output.png)
    if csv := snakemake.output.get("csv"):
        write_csv(numbers_of(figure), csv)
