"""Draw the ensemble of a category held out of training (Figure 4)."""

from typing import TYPE_CHECKING

import pandas as pd

from ffensembles.figures.run_shown import select
from ffensembles.figures.style import save
from ffensembles.figures.unseen import unseen_category
from ffensembles.pipeline.job import job
from ffensembles.representations import stored

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    params = snakemake.params
    ensembles = pd.read_parquet(snakemake.input.ensembles)
    figure = unseen_category(
        stored.read(snakemake.input.representations, params.layer, held_out=params.held_out),
        select(ensembles, seed=params.seed, layer=params.layer),
        unseen=params.held_out,
    )
    save(figure, *snakemake.output)
