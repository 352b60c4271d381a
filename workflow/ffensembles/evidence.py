"""Tidy analysis files read back, for the tables, the scorecard and the claims."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

Paths = Sequence[str | Path]

RUN_LAYER = ["dataset", "model", "study", "seed", "layer"]
LABELS = ["dataset", "model", "study"]


def as_list(paths: str | Paths | None) -> list[str | Path]:
    """Return paths as a list: Snakemake gives one file as a string, and an absent one as None."""
    if paths is None:
        return []
    return [paths] if isinstance(paths, str) else list(paths)


def read_all(paths: Paths, columns: list[str] | None = None) -> pd.DataFrame:
    """Read Parquet files of the same columns into one table."""
    return pd.concat([pq.read_table(p, columns=columns).to_pandas() for p in paths]).reset_index(
        drop=True
    )


def read_sizes(paths: Paths) -> pd.DataFrame:
    """Read how large the ensembles are.

    An ensembles file has a row for every unit and category, millions in all; each is reduced as
    it is read.

    Returns:
        dataset, model, study, seed, layer, category, size (units in the ensemble), units (n).
    """
    return pd.concat([_sizes(path) for path in paths], ignore_index=True)


def read_members(paths: Paths, layer: int | None = None) -> pd.DataFrame:
    """Read the units of every ensemble, and only those; of one layer, where it is given.

    Returns:
        dataset, model, study, seed, layer, category, unit, mean (x̄).
    """
    return pd.concat([_active(path, layer) for path in paths], ignore_index=True)


def _sizes(path: str | Path) -> pd.DataFrame:
    frame = pq.read_table(
        path, columns=[*RUN_LAYER, "category", "active"], read_dictionary=LABELS
    ).to_pandas()
    active = frame.groupby([*RUN_LAYER, "category"], observed=True)["active"]
    return _plain(active.agg(size="sum", units="size").reset_index())


def _active(path: str | Path, layer: int | None) -> pd.DataFrame:
    wanted: list[tuple[str, str, object]] = [("active", "=", True)]
    if layer is not None:
        wanted.append(("layer", "=", layer))
    table = pq.read_table(
        path,
        columns=[*RUN_LAYER, "category", "unit", "mean"],
        filters=wanted,
        read_dictionary=LABELS,
    )
    return _plain(table.to_pandas())


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Turn dictionary-encoded labels into strings, so that files can be joined."""
    return frame.astype({label: str for label in LABELS})
