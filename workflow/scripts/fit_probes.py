"""Fit linear probes to representations of training images, judge them on test images (App. H)."""

from typing import TYPE_CHECKING

from ffensembles.pipeline.job import device_given, job
from ffensembles.analysis.measurements import with_keys
from ffensembles.analysis.probes import measure_probes
from ffensembles.data.datasets import load
from ffensembles.experiments import Experiment
from ffensembles.files import write_parquet

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    experiment = Experiment(**snakemake.params.experiment)
    table = measure_probes(
        experiment,
        snakemake.input.models,
        load(snakemake.input.dataset),
        layers=snakemake.params.layers,
        device=device_given(snakemake.params.device, snakemake.resources),
    )
    keys = {**snakemake.wildcards, "held_out": experiment.held_out}
    write_parquet(with_keys(table, **keys), snakemake.output[0])
