"""A publication adds to what was published before: whatever has more runs stands.

A study of days may be run part by part, and each part published when it is finished, from results
that hold that part alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ffensembles.files import read_csv
from ffensembles.paper.claims.page import with_verdicts
from ffensembles.paper.tables.catalogue import TABLES
from ffensembles.paper.tables.reported import read_table
from ffensembles.paper.tables.table import Table

EXPERIMENT = ["study", "dataset", "model"]


def add_table(published: Path, made: Path) -> tuple[Table, pd.DataFrame]:
    """Return which table a file holds, and its rows, published and new.

    Of the same row stands the one over more runs.

    Args:
        published: the tidy table as it was published, if it was.
        made: its new rows, in a file named as the table.
    """
    table = TABLES[made.stem]
    read = read_table if table.number else read_csv
    now = read(made)
    if not published.exists():
        return table, now
    keys = [*table.layout.rows, *table.layout.columns]
    return table, _more(read(published), now, keys, "n" if table.number else "units")


def add_runs(published: Path, now: pd.DataFrame) -> pd.DataFrame:
    """Return what was run of each experiment, published and new; of the same the more runs.

    What others would cost is known from a publication that ran one like them.
    """
    if not published.exists():
        return now
    before = read_runs(published)
    runs = _more(before, now, EXPERIMENT, "run").set_index(EXPERIMENT)
    left = before.set_index(EXPERIMENT)["hours_left"]
    return runs.assign(hours_left=runs["hours_left"].fillna(left)).reset_index()[list(now.columns)]


def read_runs(published: Path) -> pd.DataFrame:
    """Read what was run; older files lack the number of diverged runs, since none had."""
    runs = read_csv(published)
    return runs.assign(diverged=runs.get("diverged", 0))


def add_claims(published: Path, now: pd.DataFrame) -> pd.DataFrame:
    """Return what claims were tested on, published and new.

    On the same dataset the new counts, but where nothing was tested: a part of the study says
    nothing against what was tested before.
    """
    if not published.exists():
        return now
    before = read_csv(published)
    before = before[before["claim"].isin(now["claim"])]  # not those that are no longer made
    both = pd.concat([before, now], ignore_index=True)
    both = both.astype({"dataset": object}).fillna({"dataset": ""})
    tested_last = both.sort_values("true", key=pd.Series.notna, kind="stable")
    both = tested_last.drop_duplicates(["claim", "dataset"], keep="last").sort_index()
    order = {claim: place for place, claim in enumerate(now["claim"].unique())}
    return with_verdicts(both.sort_values("claim", key=lambda ids: ids.map(order), kind="stable"))


def _more(before: pd.DataFrame, now: pd.DataFrame, keys: Sequence[str], runs: str) -> pd.DataFrame:
    """Return the rows of both; of two with the same keys the one over more runs, else the new."""
    both = pd.concat([before, now], ignore_index=True)
    latest = both.sort_values(runs, kind="stable").drop_duplicates(keys, keep="last")
    places = both.drop_duplicates(keys)[keys]
    return places.merge(latest, how="left", on=keys)[list(now.columns)]
