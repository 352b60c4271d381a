"""Make the table and the figure of a sweep."""

from dataclasses import replace
from typing import TYPE_CHECKING

from ffensembles.pipeline.job import as_list, job
from ffensembles.analysis.measurements import read_all, read_sizes
from ffensembles.extras.sweeps import answer, figure, table
from ffensembles.files import write_csv
from ffensembles.paper.figures.parts.style import save
from ffensembles.paper.tables.notes import units_meant
from ffensembles.printing.names import name_datasets
from ffensembles.printing.tables import write_printed

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    params, files, output = snakemake.params, snakemake.input, snakemake.output
    name_datasets(params.names)
    accuracy, sparsity = (read_all(as_list(files[name])) for name in ("accuracy", "sparsity"))
    sizes, ratios = read_sizes(as_list(files.sizes)), read_all(as_list(files.participation))
    tidy = table.summarise(params.values, accuracy, sparsity, sizes, ratios)
    write_csv(tidy, output.csv)
    printed = table.printed(snakemake.wildcards.study, tidy)
    answers = [answer.in_words(row) for row in answer.answers(tidy)]
    legend = " ".join([*answers, printed.legend, *units_meant(params.units)])
    write_printed(replace(printed, legend=legend), output)
    save(figure.sweep(tidy), output.pdf, output.png)
