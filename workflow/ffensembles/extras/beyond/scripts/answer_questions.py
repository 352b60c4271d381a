"""Answer the questions that the paper leaves open, on one page."""

from typing import TYPE_CHECKING

from ffensembles.pipeline.job import as_list, job
from ffensembles.analysis.measurements import read_all
from ffensembles.extras.beyond.answers import answer_all, answers_page
from ffensembles.extras.beyond.questions import QUESTIONS
from ffensembles.files import read_csv, write_csv, write_text
from ffensembles.printing.names import name_datasets

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    name_datasets(snakemake.params.names)
    files, asked = snakemake.input, snakemake.params.asked
    summaries = {name: read_csv(files[name]) for name in asked}
    table = answer_all(summaries, QUESTIONS, asked, read_all(as_list(files.accuracy)))
    write_csv(table, snakemake.output.csv)
    write_text(answers_page(table, QUESTIONS), snakemake.output.html)
