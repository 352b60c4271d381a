"""Draw the units that held-out categories share with the others (Figure 11)."""

from typing import TYPE_CHECKING

import pandas as pd

from ffensembles.figures.shared_units import unseen_overlaps
from ffensembles.figures.style import save
from ffensembles.pipeline.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    params = snakemake.params
    frames = [pd.read_parquet(path) for path in snakemake.input.ensembles]
    figure = unseen_overlaps(frames, params.held_out, seed=params.seed, layer=params.layer)
    save(figure, *snakemake.output)
