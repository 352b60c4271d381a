"""Draw the distribution of the fraction of positive weights in one layer (Figure 5)."""

from typing import TYPE_CHECKING

import pandas as pd

from ffensembles.figures.balance import positive_fractions
from ffensembles.figures.style import save
from ffensembles.pipeline.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    params = snakemake.params
    frames = [pd.read_parquet(path) for path in snakemake.input.balance]
    figure = positive_fractions(pd.concat(frames), seed=params.seed, layer=params.layer)
    save(figure, *snakemake.output)
