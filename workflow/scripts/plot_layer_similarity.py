"""Draw the similarity between the layers of one model, for every dataset (Figure 13)."""

from typing import TYPE_CHECKING

import pandas as pd

from ffensembles.figures.layer_similarity import layer_similarity
from ffensembles.figures.style import save
from ffensembles.pipeline.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    frames = [pd.read_parquet(path) for path in snakemake.input.similarity]
    save(layer_similarity(pd.concat(frames)), *snakemake.output)
