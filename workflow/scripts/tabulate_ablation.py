"""Make the table of the ablation studies, as tidy CSV and to read."""

from typing import TYPE_CHECKING

from ffensembles import ablation, evidence, writers
from ffensembles.errors import UserError
from ffensembles.experiments import Experiment
from ffensembles.files import atomic, write_text
from ffensembles.jobs import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    files = snakemake.input
    experiments = [Experiment(**fields) for fields in snakemake.params.experiments]
    if not experiments:
        raise UserError("the table of experiments has no study whose name begins with ablation-")
    table = ablation.tabulate(
        experiments,
        accuracy=evidence.read_all(evidence.as_list(files.accuracy)),
        sparsity=evidence.read_all(evidence.as_list(files.sparsity)),
        sizes=evidence.read_sizes(evidence.as_list(files.ensembles)),
        balance=evidence.read_all(evidence.as_list(files.balance)),
    )
    with atomic(snakemake.output.csv) as path:
        table.to_csv(path, index=False)
    printed = ablation.printed(table)
    write_text(writers.markdown(printed), snakemake.output.md)
    write_text(ablation.restructured_text(printed), snakemake.output.rst)
    write_text(writers.html(printed), snakemake.output.html)
