"""Compare the models of one seed with each other, layer by layer (appendix J, Table 10)."""

from typing import TYPE_CHECKING

import pandas as pd

from ffensembles.analysis.measurements import with_keys
from ffensembles.analysis.similarity import COLUMNS, compare_models
from ffensembles.files import write_parquet
from ffensembles.pipeline.job import job
from ffensembles.progress import progress
from ffensembles.representations.stored import read

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    layers = snakemake.params.layers
    tables = []
    bar = progress(layers, "similarity", "layer")
    for layer in range(1, layers + 1):
        table = compare_models(
            {
                model: read(path, layer, correct_only=False).activations
                for model, path in snakemake.input.items()
            }
        )
        tables.append(table.assign(layer_a=layer, layer_b=layer))
        bar.update()
    bar.close()
    table = pd.concat(tables, ignore_index=True)[COLUMNS]
    seed = int(snakemake.wildcards.seed)
    write_parquet(
        with_keys(table, dataset=snakemake.wildcards.dataset, seed=seed), snakemake.output[0]
    )
