"""Measure excitation and inhibition in every network of one experiment (section 4.5)."""

from itertools import chain
from typing import TYPE_CHECKING

import pandas as pd

from ffensembles.analysis.balance import measure_balance
from ffensembles.analysis.measurements import with_keys
from ffensembles.files import write_parquet
from ffensembles.pipeline.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    layers = snakemake.params.layers
    networks = chain.from_iterable(measure_balance(file, layers) for file in snakemake.input.models)
    tables = [
        with_keys(table, seed=seed)
        for seed, table in zip(snakemake.params.seeds, networks, strict=True)
    ]
    table = pd.concat(tables, ignore_index=True)
    write_parquet(with_keys(table, **snakemake.wildcards), snakemake.output[0])
