"""What the paper reports, cell by cell, put beside our own tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from ffensembles.errors import UserError
from ffensembles.files import reading

VALUES = ["mean", "std", "mark"]
TEXT = {"mark": str, "reported_mark": str, "category": str}


def keys_of(reported: pd.DataFrame) -> list[str]:
    """Return the key columns of a table of `config/reported`."""
    return [column for column in reported.columns if column not in VALUES]


def read_reported(path: str | Path, copies: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Read one table of `config/reported`.

    Args:
        path: of the table.
        copies: datasets that stand for one of the paper's, such as {"cifar10jpeg": "cifar10"}; its
            rows are there again under their names.

    Raises:
        UserError: it cannot be read, mean, std or mark is missing, or a key appears twice.
    """
    with reading(path, "mend it; config/README.md says what it holds"):
        table = pd.read_csv(path, dtype=TEXT)
    for column in VALUES:
        if column not in table:
            raise UserError(f"{path}: has no column {column}; see config/README.md")
    if table.duplicated(keys_of(table)).any():
        twice = table.loc[table.duplicated(keys_of(table)), keys_of(table)].iloc[0]
        raise UserError(f"{path}: two rows for {' / '.join(map(str, twice))}; keep one")
    table = table.assign(mark=table["mark"].fillna(""))
    again = [
        table[table["dataset"] == of].assign(dataset=name) for name, of in (copies or {}).items()
    ]
    return pd.concat([table, *again], ignore_index=True)


def read_table(path: str | Path) -> pd.DataFrame:
    """Read a tidy table as the pipeline writes it to `tables/`.

    Raises:
        UserError: it is damaged.
    """
    with reading(path):
        table = pd.read_csv(path, dtype=TEXT)
        if "sparse" in table:
            table["sparse"] = table["sparse"].astype("boolean")
        return table.assign(reported_mark=table["reported_mark"].fillna(""))


def with_reported(table: pd.DataFrame, reported: pd.DataFrame) -> pd.DataFrame:
    """Put what the paper reports beside ours; where it reports nothing, NaN and an empty mark.

    `reported` holds the keys, then mean, std and mark, as in `config/reported`.
    """
    keys = keys_of(reported)
    reported = reported.rename(columns={name: f"reported_{name}" for name in VALUES})
    table = table.merge(reported, how="left", on=keys, validate="one_to_one")
    table["reported_mark"] = table["reported_mark"].fillna("")
    return table
