"""Measurements: one tidy table of all runs of an experiment, written and read back."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ffensembles.diverged import leave_out
from ffensembles.experiments import Experiment, check_identity
from ffensembles.files import Paths, read_frame, read_metadata, read_parquet
from ffensembles.representations.stored import Representation, read

Runs = Iterable[tuple[int, str | Path]]  # the seed of each run and the file of its representations

RUN_LAYER = ["dataset", "model", "study", "seed", "layer"]
LABELS = ["dataset", "model", "study"]


def runs_of(experiment: Experiment, representations: Paths) -> list[tuple[int, str | Path]]:
    """Return the seeds of an experiment's runs and the files of their representations, in order.

    Those that diverged in training are left out.

    Raises:
        UserError: a file is of another run, or every run diverged.
    """
    runs = dict(zip(experiment.runs, representations, strict=True))
    diverged = diverged_runs(experiment, representations)
    for seed in diverged:
        del runs[seed]
    leave_out(experiment, diverged, runs)
    return list(runs.items())


def diverged_runs(experiment: Experiment, representations: Paths) -> dict[int, str]:
    """Return which of an experiment's runs diverged in training, and where, by their files.

    Raises:
        UserError: a file is of another run.
    """
    found = {}
    for seed, path in zip(experiment.runs, representations, strict=True):
        about: dict[str, Any] = read_metadata(path)
        check_identity(path, about, experiment, seed)
        if about.get("diverged"):
            found[seed] = about["diverged"]
    return found


def measure_runs(
    measure: Callable[[np.ndarray, np.ndarray], pd.DataFrame],
    runs: Runs,
    layers: int,
    *,
    held_out: int | None = None,
) -> pd.DataFrame:
    """Measure the representations of several runs; one layer is in memory at a time.

    Args:
        measure: makes a table of activations (M, n) and labels (M,).
        runs: which they are.
        layers: how many layers there are.
        held_out: the category that the runs never saw, all of whose images count.

    Returns:
        seed, layer (from 1), then the columns that `measure` makes.
    """
    tables = [
        with_keys(measure(x.activations, x.labels), seed=seed, layer=layer)
        for seed, layer, x in read_layers(runs, layers, held_out=held_out)
    ]
    return pd.concat(tables, ignore_index=True)


def read_layers(
    runs: Runs, layers: int, *, held_out: int | None = None
) -> Iterator[tuple[int, int, Representation]]:
    """Yield seed, layer (from 1) and representation of every layer of several runs.

    Images that a run does not classify correctly are left out, but for those of the category
    `held_out`.
    """
    for seed, path in runs:
        for layer in range(1, layers + 1):
            yield seed, layer, read(path, layer, held_out=held_out)


def with_keys(table: pd.DataFrame, **keys: str | int | None) -> pd.DataFrame:
    """Put constant columns, such as dataset and model, before those of a table.

    None, as `held_out` is where nothing was held out, becomes a missing whole number.
    """
    nothing = pd.Series(pd.NA, table.index, dtype="Int64")
    columns = {name: nothing if value is None else value for name, value in keys.items()}
    return table.assign(**columns)[[*keys, *table.columns]]


def table_of(rows: Sequence[Mapping], columns: Mapping[str, type]) -> pd.DataFrame:
    """Make a table of rows; its columns have their types even where there is no row."""
    table = pd.DataFrame(rows, columns=list(columns))
    return table.astype({name: kind for name, kind in columns.items() if kind is not list})


def read_all(paths: Paths, columns: list[str] | None = None) -> pd.DataFrame:
    """Read Parquet files of the same columns into one table."""
    return pd.concat([read_frame(path, columns) for path in paths], ignore_index=True)


def read_sizes(paths: Paths) -> pd.DataFrame:
    """Read how large the ensembles are.

    An ensembles file has a row for every unit and category, millions in all; each is reduced as
    it is read.

    Returns:
        dataset, model, study, held_out, seed, layer, category, size (units in the ensemble),
        units (n), activation (x̄, averaged over the units of the ensemble; NaN where it is empty).
    """
    return pd.concat([_sizes(path) for path in paths], ignore_index=True)


def read_members(paths: Paths, layer: int = 1) -> pd.DataFrame:
    """Read the units of every ensemble of a layer, and only those.

    Returns:
        dataset, model, study, seed, layer, category, unit, mean (x̄).
    """
    return pd.concat([_active(path, layer) for path in paths], ignore_index=True)


def _sizes(path: str | Path) -> pd.DataFrame:
    keys = [*LABELS, "held_out", "seed", "layer", "category"]
    columns = [*keys, "active", "mean"]
    frame = read_parquet(path, columns=columns, read_dictionary=LABELS).to_pandas()
    frame["mean"] = frame["mean"].where(frame["active"])
    groups = frame.groupby(keys, observed=True, dropna=False)
    found = groups.agg(
        size=("active", "sum"), units=("active", "size"), activation=("mean", "mean")
    )
    return _plain(found.reset_index())


def _active(path: str | Path, layer: int) -> pd.DataFrame:
    table = read_parquet(
        path,
        columns=[*RUN_LAYER, "category", "unit", "mean"],
        filters=[("active", "=", True), ("layer", "=", layer)],
        read_dictionary=LABELS,
    )
    return _plain(table.to_pandas())


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Turn dictionary-encoded labels into strings, so that files can be joined."""
    return frame.astype({label: str for label in LABELS})
