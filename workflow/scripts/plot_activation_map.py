"""Draw the activation map of one layer of one run (Figures 6, 7, 8 and 9)."""

from typing import TYPE_CHECKING

import pandas as pd

from ffensembles import representations
from ffensembles.figures.activation_maps import activation_map
from ffensembles.figures.frames import categories_of, select, title
from ffensembles.figures.style import save
from ffensembles.jobs import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    params = snakemake.params
    sparsity = select(
        pd.read_parquet(snakemake.input.sparsity), seed=params.seed, layer=params.layer
    )
    figure = activation_map(
        representations.read(snakemake.input.representations, params.layer),
        categories_of(sparsity),
        title=f"{title(sparsity)}, layer {params.layer}",
        sparsity=sparsity.loc[sparsity["category"].isna(), "sparsity"].item(),
    )
    save(figure, *snakemake.output)
