"""Draw the Jaccard index of every pair of ensembles, a matrix per model (Figures 12 and 14)."""

from typing import TYPE_CHECKING

import pandas as pd

from ffensembles.figures.shared_units import jaccard_matrices
from ffensembles.figures.style import save
from ffensembles.pipeline.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    params = snakemake.params
    frames = [pd.read_parquet(path) for path in snakemake.input.ensembles]
    save(jaccard_matrices(frames, seed=params.seed, layer=params.layer), *snakemake.output)
