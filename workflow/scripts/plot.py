"""Draw one figure, as PDF and PNG."""

from typing import TYPE_CHECKING

from ffensembles.pipeline.job import as_list, job
from ffensembles.paper.figures.drawing import draw
from ffensembles.paper.figures.parts.style import save
from ffensembles.printing.names import know

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    know(snakemake.params.names)
    settings = dict(snakemake.params.items())
    function = settings.pop("draw")
    del settings["code"], settings["names"]
    files = {kind: as_list(paths) for kind, paths in snakemake.input.items()}
    save(draw(function, files, settings), snakemake.output.pdf, snakemake.output.png)
