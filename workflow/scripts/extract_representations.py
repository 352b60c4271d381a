"""Write the representations and predictions of one run for every test image (section 3.5)."""

from typing import TYPE_CHECKING

from ffensembles.pipeline.job import device_given, job
from ffensembles.data.datasets import load
from ffensembles.experiments import Experiment
from ffensembles.representations.extraction import extract_run

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    params = snakemake.params
    extract_run(
        Experiment(**params.experiment),
        int(snakemake.wildcards.seed),
        snakemake.input.model,
        load(snakemake.input.dataset),
        snakemake.output[0],
        device=device_given(params.device, snakemake.resources),
        unseen_label=params.unseen_label,
    )
