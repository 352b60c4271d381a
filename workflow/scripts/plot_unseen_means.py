"""Draw the mean activations that several held-out categories elicit (Figure 10)."""

from typing import TYPE_CHECKING

import pandas as pd

from ffensembles.figures.mean_activations import unseen_means
from ffensembles.figures.style import save
from ffensembles.pipeline.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    params = snakemake.params
    frames = [pd.read_parquet(path) for path in snakemake.input.ensembles]
    figure = unseen_means(frames, params.held_out, seed=params.seed, layer=params.layer)
    save(figure, *snakemake.output)
