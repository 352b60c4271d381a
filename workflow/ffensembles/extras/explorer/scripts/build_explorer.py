"""Build the explorer's page of one dataset."""

from typing import TYPE_CHECKING

from ffensembles.pipeline.job import device_given, job
from ffensembles.data.datasets import load
from ffensembles.experiments import Experiment
from ffensembles.extras.explorer.contents import Run, gather
from ffensembles.extras.explorer.pages import explorer_page
from ffensembles.files import write_text
from ffensembles.printing.names import name_datasets

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]) as log:
    params, files = snakemake.params, snakemake.input
    name_datasets(params.names)
    followed = dict(zip(params.followed, files.dynamics, strict=True))
    runs = [
        Run(
            Experiment(**settings),
            params.seed,
            model=model,
            representations=representations,
            ensembles=ensembles,
            dynamics=followed.get(settings["model"]),
        )
        for settings, model, representations, ensembles in zip(
            params.experiments, files.models, files.representations, files.ensembles, strict=True
        )
    ]
    contents = gather(
        load(files.dataset),
        snakemake.wildcards.dataset,
        runs,
        device=device_given(params.device, snakemake.resources),
    )
    page = explorer_page(contents)
    log.info("the page takes %.1f MB", len(page.encode()) / 1e6)
    write_text(page, snakemake.output[0])
