"""Draw the sparsity of category-specific representations of one dataset's models (Figure 2)."""

from typing import TYPE_CHECKING

import pandas as pd

from ffensembles.figures.sparsity import category_sparsity
from ffensembles.figures.style import save
from ffensembles.pipeline.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    frames = [pd.read_parquet(path) for path in snakemake.input.sparsity]
    save(category_sparsity(pd.concat(frames)), *snakemake.output)
