"""Draw the activation map of one layer of one run (Figures 6, 7, 8 and 9)."""

from typing import TYPE_CHECKING

import pandas as pd

from ffensembles.figures.activation_maps import activation_map
from ffensembles.figures.run_shown import categories_of, select, title
from ffensembles.figures.style import save
from ffensembles.pipeline.job import job
from ffensembles.representations import stored

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    params = snakemake.params
    sparsity = select(
        pd.read_parquet(snakemake.input.sparsity), seed=params.seed, layer=params.layer
    )
    figure = activation_map(
        stored.read(snakemake.input.representations, params.layer),
        categories_of(sparsity),
        title=f"{title(sparsity)}, layer {params.layer}",
        sparsity=sparsity.loc[sparsity["category"].isna(), "sparsity"].item(),
    )
    save(figure, *snakemake.output)
