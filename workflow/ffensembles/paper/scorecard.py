"""The scorecard: every number that the paper reports, held against ours.

A difference counts when it is both larger than matters (the margin, or across the threshold of
sparsity) and larger than chance makes it (three combined standard errors). docs/scorecard.md gives
the reasons for margins and terms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ffensembles.files import Paths
from ffensembles.paper.tables.catalogue import TABLES
from ffensembles.paper.tables.layout import LABELS, number_text, records
from ffensembles.paper.tables.reported import keys_of, read_reported, read_table
from ffensembles.printing.names import DASH, DATASETS
from ffensembles.printing.pages import render

REPRODUCED, NOISE, DIFFERS, NOT_RUN = "reproduced", "within noise", "differs", "not run"
VERDICTS = {REPRODUCED: "good", NOISE: "near", DIFFERS: "bad", NOT_RUN: "none"}

STANDARD_ERRORS = 3.0


# How the cells of a table are judged, by its number.
JUDGED = {table.number: table.judged for table in TABLES.values() if table.number and table.judged}

KEYS = ["dataset", "model", "layer", "metric", "pair", "category"]
COLUMNS = [
    *["table", "cell", "stands_for", *KEYS],
    *["reported_mean", "reported_std", "reported_n", "mean", "std", "n"],
    *["difference", "standard_error", "standard_errors", "margin", "crosses", "verdict"],
]


def score_all(ours: Paths, paper: Paths, copies: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Judge every cell of every table that is judged.

    Args:
        ours: the tidy tables that were made, as files named table1.csv and so on.
        paper: what the paper reports, as files of the same names; one for each judged table.
        copies: datasets that stand for one of the paper's, such as {"cifar10jpeg": "cifar10"}.

    Returns:
        `COLUMNS`, as `score` gives them, table after table. Where a dataset stands for one of the
        paper's, `stands_for` names that; elsewhere it is empty.
    """
    copies = copies or {}
    made, reports = ({Path(path).stem: path for path in paths} for paths in (ours, paper))
    parts = []
    for number in JUDGED:
        name = f"table{number}"
        table = read_table(made[name]) if name in made else None
        parts.append(score(number, read_reported(reports[name], copies), table))
    cells = pd.concat(parts, ignore_index=True)
    return cells.assign(stands_for=[copies.get(dataset, "") for dataset in cells["dataset"]])


def of_paper(scorecard: pd.DataFrame) -> pd.DataFrame:
    """Return the cells that are the paper's own, on its own datasets."""
    other = scorecard["stands_for"]
    return scorecard[other.isna() | (other == "")]


def counts(cells: pd.DataFrame) -> dict[str, int]:
    """Count the cells that were measured, by their verdict."""
    return {word: int((cells["verdict"] == word).sum()) for word in (REPRODUCED, NOISE, DIFFERS)}


def copies_in_words(scorecard: pd.DataFrame) -> list[str]:
    """Say in a sentence each what came out on the datasets that stand for one of the paper's."""
    others, said = scorecard.drop(of_paper(scorecard).index), []
    for keys, cells in others.groupby(["dataset", "stands_for"], sort=False):
        name, of = (DATASETS.get(str(key), str(key)) for key in keys)
        found = counts(cells)
        words = ", ".join(f"{count} {word}" for word, count in found.items())
        said.append(
            f"{name} stands for {of} and is counted apart: of the {len(cells)} numbers that the "
            f"paper reports on {of}, {sum(found.values())} were measured: {words}."
        )
    return said


def score(number: int, reported: pd.DataFrame, table: pd.DataFrame | None) -> pd.DataFrame:
    """Judge every cell that the paper reports in one table.

    Args:
        number: of the table; it must be one of `JUDGED`.
        reported: the paper's table, as `reported.read_reported` gives it.
        table: our tidy table, as `reported.read_table` gives it; None where it was not made.

    Returns:
        `COLUMNS`, one row per reported cell, in the paper's order.
    """
    judged, keys = JUDGED[number], keys_of(reported)
    ours = ["mean", "std", "n", "sparse"]
    cells = reported.rename(columns={"mean": "reported_mean", "std": "reported_std"})
    if table is None:
        table = pd.DataFrame(columns=keys)
    table = table.reindex(columns=[*keys, *ours]).astype({key: cells[key].dtype for key in keys})
    cells = cells.merge(table, how="left", on=keys, validate="one_to_one")
    cells["table"] = number
    cells["cell"] = [_name(cell) for cell in records(cells[keys])]
    cells["reported_n"] = judged.runs
    cells = cells.astype({"n": "Int64", "mean": float, "std": float})
    cells["difference"] = cells["mean"] - cells["reported_mean"]
    cells["standard_error"] = _standard_error(cells) if judged.spread else np.nan
    cells["standard_errors"] = cells["difference"].abs() / cells["standard_error"].replace(
        0, np.nan
    )
    cells["margin"] = np.maximum(judged.margin, judged.relative * cells["reported_mean"].abs())
    cells["crosses"] = _crosses(cells, judged.threshold)
    cells["verdict"] = _verdicts(cells)
    return cells.reindex(columns=COLUMNS)


def totals(scorecard: pd.DataFrame) -> pd.DataFrame:
    """Count the verdicts of each table on the paper's datasets: table, cells, then each verdict."""
    scorecard = of_paper(scorecard)
    table = pd.crosstab(scorecard["table"], scorecard["verdict"])
    table = table.reindex(columns=list(VERDICTS), fill_value=0)
    table.insert(0, "cells", table.sum(axis=1))
    return table.rename_axis(columns=None).reset_index()


def _standard_error(cells: pd.DataFrame) -> pd.Series:
    """Combine the standard errors of both means.

    A side without a spread (a single run of ours, a table that the paper prints without std) is
    taken to have that of the other side.
    """
    theirs = cells["reported_std"].fillna(cells["std"])
    ours = cells["std"].fillna(cells["reported_std"])
    return (theirs**2 / cells["reported_n"] + ours**2 / cells["n"].astype(float)) ** 0.5


def _crosses(cells: pd.DataFrame, threshold: float | None) -> pd.Series:
    """Say for each cell whether only one of both means reaches the threshold."""
    if threshold is None:
        return pd.Series(False, index=cells.index)
    means = cells[["mean", "reported_mean"]]
    return (means >= threshold).sum(axis=1).eq(1) & means.notna().all(axis=1)


def _verdicts(cells: pd.DataFrame) -> np.ndarray:
    # The paper prints a dash where a layer is non-sparse: ours agrees if it is non-sparse too.
    dash = cells["mark"] == "-"
    agrees = dash & (cells["sparse"].astype("boolean") == False).fillna(False)  # noqa: E712
    far = (cells["difference"].abs() > cells["margin"] * (1 + 1e-9)) | cells["crosses"]
    return np.select(
        [
            cells["n"].fillna(0).astype(int) == 0,
            agrees | ~(dash | far),
            ~dash & (cells["standard_errors"] <= STANDARD_ERRORS),
        ],
        [NOT_RUN, REPRODUCED, NOISE],
        DIFFERS,
    )


def _name(cell: dict[str, object]) -> str:
    """Name a cell in words, such as `MNIST, FF, layer 1`."""

    def word(key: str) -> str:
        value = str(cell[key])
        if key == "layer":
            return f"layer {value}"
        if key == "category":
            return f"without {value}" if value.isdigit() else value
        return LABELS.get(key, {}).get(value, value)

    return ", ".join(word(key) for key in KEYS if key in cell)


def scorecard_page(scorecard: pd.DataFrame, notes: Sequence[str] = ()) -> str:
    """Return the scorecard as one readable HTML page that needs no other file.

    `notes` say what of ours is not what its name promises.
    """
    own, by_table = of_paper(scorecard), totals(scorecard).to_dict("records")
    found, cells = counts(own), dict(list(scorecard.groupby("table")))
    return render(
        "scorecard.html.j2",
        notes=notes,
        words={kind: word for word, kind in VERDICTS.items()},
        captions={number: TABLES[f"table{number}"].title for number in JUDGED},
        standard_errors=f"{STANDARD_ERRORS:g}",
        cells=len(own),
        copies=copies_in_words(scorecard),
        measured=sum(found.values()),
        counts=found.items(),
        totals=by_table,
        sections=[
            {
                **total,
                "rows": [
                    _row(cell)
                    for cell in cells[total["table"]].to_dict("records")
                    if cell["verdict"] != NOT_RUN
                ],
            }
            for total in by_table
        ],
    )


def _row(cell: dict) -> tuple[list[str], str, str]:
    """Return the texts of a cell's row, its verdict's kind and word."""
    form, judged = TABLES[f"table{cell['table']}"].layout.format, JUDGED[cell["table"]]
    dash = pd.isna(cell["reported_mean"])
    across = f", across {judged.threshold:g}" if cell["crosses"] else ""
    texts = [
        cell["cell"],
        DASH if dash else number_text(cell["reported_mean"], cell["reported_std"], form),
        number_text(cell["mean"], cell["std"], form),
        str(cell["n"]) if judged.spread else "1",
        "" if dash else format(cell["difference"], f"+{form}") + across,
        "" if pd.isna(cell["standard_errors"]) else f"{cell['standard_errors']:.1f}",
        "" if dash else format(cell["margin"], form),
    ]
    return texts, VERDICTS[cell["verdict"]], cell["verdict"]
