"""Publish finished results: scorecard, claims, tables and figures, with a page to read first."""

from typing import TYPE_CHECKING

from ffensembles.pipeline.job import as_list, job
from ffensembles.experiments import Experiment, read_experiments
from ffensembles.extras.publishing.reproduction import publish, runs_done
from ffensembles.pipeline import provenance
from ffensembles.printing.names import name_datasets

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    name_datasets(snakemake.params.names)
    files = snakemake.input
    trainings = provenance.trainings(as_list(files.logs))
    experiments = read_experiments(files.experiments)
    experiments += [Experiment(**columns) for columns in snakemake.params.others]
    studies = [e for e in experiments if not e.study.startswith("ablation-")]
    publish(
        snakemake.params.folder,
        tables=as_list(files.tables),
        reported=as_list(files.reported),
        claims=files.claims,
        figures=as_list(files.figures),
        pages=as_list(files.pages),
        runs=runs_done(studies, trainings),
        copies=snakemake.params.copies,
    )
