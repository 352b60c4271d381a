"""Test every unit of every ensemble of one experiment for significance (appendix D)."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from ffensembles.analysis.measurements import with_keys
from ffensembles.analysis.significance import ensemble_p_values
from ffensembles.files import write_parquet
from ffensembles.pipeline.job import job
from ffensembles.progress import progress
from ffensembles.representations.stored import read

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]) as log:
    keys = dict(snakemake.wildcards)
    params = snakemake.params
    columns = ["seed", "layer", "category", "unit"]
    ensembles = pq.read_table(
        snakemake.input.ensembles, columns=columns, filters=[("active", "==", True)]
    ).to_pandas()

    tables = []
    bar = progress(len(params.seeds) * params.layers, "significance", "layer")
    for seed, path in zip(params.seeds, snakemake.input.representations, strict=True):
        for layer in range(1, params.layers + 1):
            x = read(path, layer, held_out=params.held_out)
            active = ensembles[(ensembles["seed"] == seed) & (ensembles["layer"] == layer)]
            name = "/".join(["significance", *keys.values()])
            table = ensemble_p_values(
                x.activations,
                x.labels,
                active,
                method=params.method,
                shuffles=params.shuffles,
                rng=np.random.default_rng([params.random_seed, seed, layer, *name.encode()]),
            )
            tables.append(with_keys(table, seed=seed, layer=layer))
            bar.update()
        log.info("seed %d: tested", seed)
    bar.close()
    table = pd.concat(tables, ignore_index=True)
    log.info("%d of %d units have p > 0.05", (table["p_value"] > 0.05).sum(), len(table))
    write_parquet(with_keys(table, **keys), snakemake.output[0])
