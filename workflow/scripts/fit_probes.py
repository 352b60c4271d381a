"""Fit linear probes to representations of training images, judge them on test images (App. H)."""

from typing import TYPE_CHECKING

import pandas as pd

from ffensembles.pipeline.job import as_list, device_given, job
from ffensembles.analysis.measurements import LABELS, with_keys
from ffensembles.analysis.probes import measure_probes
from ffensembles.data.datasets import load
from ffensembles.experiments import Experiment
from ffensembles.files import write_parquet

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    params, dataset = snakemake.params, load(snakemake.input.dataset)
    tables = []
    for settings in params.experiments:
        experiment = Experiment(**settings)
        table = measure_probes(
            experiment,
            as_list(snakemake.input[experiment.model]),
            dataset,
            layers=params.layers,
            device=device_given(params.device, snakemake.resources),
        )
        keys = dict(zip(LABELS, experiment.key, strict=True))
        tables.append(with_keys(table, **keys, held_out=experiment.held_out))
    write_parquet(pd.concat(tables, ignore_index=True), snakemake.output[0])
