"""Make the table of the ablation studies, as tidy CSV and to read."""

from typing import TYPE_CHECKING

from ffensembles.pipeline.job import as_list, job
from ffensembles.analysis import measurements
from ffensembles.errors import UserError
from ffensembles.experiments import Experiment
from ffensembles.extras.ablation import table as ablation
from ffensembles.files import write_csv, write_text
from ffensembles.printing.names import name_datasets
from ffensembles.printing.tables import write_printed

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    name_datasets(snakemake.params.names)
    files = snakemake.input
    experiments = [Experiment(**fields) for fields in snakemake.params.experiments]
    if not experiments:
        raise UserError("the table of experiments has no study whose name begins with ablation-")
    table = ablation.tabulate(
        experiments,
        accuracy=measurements.read_all(as_list(files.accuracy)),
        sparsity=measurements.read_all(as_list(files.sparsity)),
        sizes=measurements.read_sizes(as_list(files.sizes)),
        balance=measurements.read_all(as_list(files.balance)),
    )
    write_csv(table, snakemake.output.csv)
    printed = ablation.printed(table)
    write_printed(printed, snakemake.output)
    write_text(ablation.restructured_text(printed), snakemake.output.rst)
