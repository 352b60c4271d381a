"""Draw loss and goodness over the epochs of every model of one dataset."""

from typing import TYPE_CHECKING

import pandas as pd

from ffensembles.figures.style import save
from ffensembles.figures.training_curves import training_curves
from ffensembles.pipeline.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    logs: dict[str, list[pd.DataFrame]] = {}
    # A model's runs may lie in several files, one per block of seeds.
    for model, path in zip(snakemake.params.models, snakemake.input.logs, strict=True):
        logs.setdefault(model, []).append(pd.read_parquet(path))
    figure = training_curves(
        {model: pd.concat(blocks) for model, blocks in logs.items()},
        dataset=snakemake.params.dataset,
    )
    save(figure, *snakemake.output)
