"""Answer one question with its table and figures."""

from dataclasses import replace
from typing import TYPE_CHECKING

from ffensembles.pipeline.job import as_list, job
from ffensembles.analysis.measurements import read_all
from ffensembles.data.datasets import load
from ffensembles.extras.beyond.figures.catalogue import FIGURES, Material
from ffensembles.extras.beyond.questions import QUESTIONS
from ffensembles.extras.beyond.tables import left_out
from ffensembles.files import write_csv
from ffensembles.paper.figures.drawing import or_why_not
from ffensembles.paper.figures.parts.style import save
from ffensembles.paper.tables.notes import kinds_left_out
from ffensembles.printing.names import name_datasets
from ffensembles.printing.tables import write_printed

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    params, output = snakemake.params, snakemake.output
    name_datasets(params.names)
    question = QUESTIONS[params.question]
    frame = read_all(as_list(snakemake.input.measured))
    table = question.summarise(frame)
    write_csv(table, output.csv)
    notes = left_out(params.asked, table) + kinds_left_out(params.get("left_out", []))
    printed = question.printed(table)
    write_printed(replace(printed, legend=" ".join([printed.legend, *notes])), output)
    images = load(snakemake.input.dataset).test.images
    material = Material(frame, table, images, seed=params.seed, **params.shown)
    for name in question.figures:
        save(or_why_not(FIGURES[name], material), output[f"{name}_pdf"], output[f"{name}_png"])
