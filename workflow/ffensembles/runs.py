"""One measurement for every layer of every run, stacked into one tidy table."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from ffensembles.representations import read


def measure_runs(
    measure: Callable[[np.ndarray, np.ndarray], pd.DataFrame],
    runs: Iterable[tuple[int, str | Path]],
    layers: int,
    *,
    held_out: int | None = None,
) -> pd.DataFrame:
    """Measure the representations of several runs; one layer is in memory at a time.

    Args:
        measure: makes a table of activations (M, n) and labels (M,).
        runs: the seed of each run and the file of its representations.
        layers: how many layers there are.
        held_out: the category that the runs never saw, all of whose images count.

    Returns:
        seed, layer (from 1), then the columns that `measure` makes.
    """
    tables = []
    for seed, path in runs:
        for layer in range(1, layers + 1):
            x = read(path, layer, held_out=held_out)
            tables.append(with_keys(measure(x.activations, x.labels), seed=seed, layer=layer))
    return pd.concat(tables, ignore_index=True)


def with_keys(table: pd.DataFrame, **keys: str | int) -> pd.DataFrame:
    """Put constant columns, such as dataset and model, before those of a table."""
    return table.assign(**keys)[[*keys, *table.columns]]
