"""Make the table of the ablation studies, as tidy CSV and to read."""

from typing import TYPE_CHECKING

from ffensembles import ablation, evidence, writers
from ffensembles.errors import UserError
from ffensembles.experiments import Experiment
from ffensembles.files import write_text
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
    writers.write_csv(table, snakemake.output.csv)
    printed = ablation.printed(table)
    writers.write_printed(printed, snakemake.output)
    write_text(ablation.restructured_text(printed), snakemake.output.rst)
