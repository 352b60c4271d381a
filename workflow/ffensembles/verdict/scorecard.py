"""The scorecard: every number that the paper reports, held against ours.

A difference counts when it is both larger than matters (the margin) and larger than chance makes
it (three combined standard errors). docs/scorecard.md gives the reasons for margins and terms.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd

from ffensembles.printing.pages import html_table, page, verdict
from ffensembles.tables.layout import DASH, LABELS, LAYOUTS, number_text
from ffensembles.tables.reported import keys_of

REPRODUCED, NOISE, DIFFERS, NOT_RUN = "reproduced", "within noise", "differs", "not run"
VERDICTS = {REPRODUCED: "good", NOISE: "near", DIFFERS: "bad", NOT_RUN: "none"}

STANDARD_ERRORS = 3.0


@dataclass(frozen=True)
class Rule:
    """How the cells of one table are judged."""

    runs: int  # behind each reported number
    margin: float  # the largest difference without practical meaning …
    relative: float = 0.0  # … or this part of the reported value, where that is more
    spread: bool = True  # is the std over runs? Tables 4 and 5 give it over units


RULES = {
    1: Rule(runs=10, margin=0.01),
    2: Rule(runs=10, margin=0.02),
    3: Rule(runs=10, margin=0.5, relative=0.1),
    4: Rule(runs=1, margin=0.05, spread=False),
    5: Rule(runs=1, margin=0.05, relative=0.15, spread=False),
    7: Rule(runs=1, margin=0.05),
    8: Rule(runs=1, margin=0.01),
    9: Rule(runs=1, margin=0.02),
    10: Rule(runs=5, margin=0.03),
    11: Rule(runs=10, margin=0.01),
    12: Rule(runs=10, margin=0.02),
    13: Rule(runs=10, margin=0.5, relative=0.1),
}

KEYS = ["dataset", "model", "layer", "metric", "pair", "category"]
COLUMNS = [
    *["table", "cell", *KEYS],
    *["reported_mean", "reported_std", "reported_n", "mean", "std", "n"],
    *["difference", "standard_error", "standard_errors", "margin", "verdict"],
]


def score(number: int, reported: pd.DataFrame, table: pd.DataFrame | None) -> pd.DataFrame:
    """Judge every cell that the paper reports in one table.

    Args:
        number: of the table; it must be one of `RULES`.
        reported: the paper's table, as `reported.read_reported` gives it.
        table: our tidy table, as `reported.read_table` gives it; None where it was not made.

    Returns:
        `COLUMNS`, one row per reported cell, in the paper's order.
    """
    rule, keys = RULES[number], keys_of(reported)
    ours = ["mean", "std", "n", "sparse"]
    cells = reported.rename(columns={"mean": "reported_mean", "std": "reported_std"})
    if table is None:
        table = pd.DataFrame(columns=keys)
    table = table.reindex(columns=[*keys, *ours]).astype({key: cells[key].dtype for key in keys})
    cells = cells.merge(table, how="left", on=keys, validate="one_to_one")
    cells["table"] = number
    cells["cell"] = [
        _name(dict(zip(keys, values, strict=True))) for values in cells[keys].to_numpy()
    ]
    cells["reported_n"] = rule.runs
    cells["n"] = cells["n"].astype("Int64")
    for column in ("mean", "std"):
        cells[column] = cells[column].astype(float)
    cells["difference"] = cells["mean"] - cells["reported_mean"]
    cells["standard_error"] = _standard_error(cells) if rule.spread else np.nan
    cells["standard_errors"] = cells["difference"].abs() / cells["standard_error"].replace(
        0, np.nan
    )
    cells["margin"] = np.maximum(rule.margin, rule.relative * cells["reported_mean"].abs())
    cells["verdict"] = _verdicts(cells)
    return cells.reindex(columns=COLUMNS)


def totals(scorecard: pd.DataFrame) -> pd.DataFrame:
    """Count the verdicts of each table: table, cells, then one column per verdict."""
    counts = pd.crosstab(scorecard["table"], scorecard["verdict"])
    counts = counts.reindex(columns=list(VERDICTS), fill_value=0)
    counts.insert(0, "cells", counts.sum(axis=1))
    return counts.rename_axis(columns=None).reset_index()


def _standard_error(cells: pd.DataFrame) -> pd.Series:
    """Combine the standard errors of both means.

    A side without a spread (a single run of ours, a table that the paper prints without std) is
    taken to have that of the other side.
    """
    theirs = cells["reported_std"].fillna(cells["std"])
    ours = cells["std"].fillna(cells["reported_std"])
    return (theirs**2 / cells["reported_n"] + ours**2 / cells["n"].astype(float)) ** 0.5


def _verdicts(cells: pd.DataFrame) -> np.ndarray:
    # The paper prints a dash where a layer is non-sparse: ours agrees if it is non-sparse too.
    dash = cells["mark"] == "-"
    agrees = dash & (cells["sparse"].astype("boolean") == False).fillna(False)  # noqa: E712
    far = cells["difference"].abs() > cells["margin"] * (1 + 1e-9)
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


def scorecard_page(scorecard: pd.DataFrame) -> str:
    """Return the scorecard as one readable HTML page that needs no other file."""
    body = [_summary(scorecard)]
    if (scorecard["verdict"] != NOT_RUN).any():
        body += [TERMS, _totals_table(totals(scorecard))]
        for number, cells in scorecard.groupby("table"):
            body.append(_section(int(str(number)), cells))
    return page("Scorecard: our numbers beside the paper's", "\n".join(body))


TERMS = (
    f"<p>{verdict('good', REPRODUCED)} the difference is within the margin, the largest that has "
    f"no practical meaning. {verdict('near', NOISE)} it is larger, but no more than "
    f"{STANDARD_ERRORS:g} standard errors of the two means combined. {verdict('bad', DIFFERS)} it "
    f"is larger than both. {verdict('none', NOT_RUN)} the paper has the number, this run of the "
    "pipeline does not. For a dash in the paper (a non-sparse layer), reproduced means that ours "
    "is non-sparse as well. Table 6 lists settings, which are not judged.</p>"
)


def _summary(scorecard: pd.DataFrame) -> str:
    ran = scorecard[scorecard["verdict"] != NOT_RUN]
    if ran.empty:
        return (
            "<p><strong>The paper has no numbers for the data of this run.</strong> It reports "
            f"{len(scorecard)} numbers, all of them on other datasets, so there is nothing to "
            "compare. Run the paper's datasets to fill this page.</p>"
        )
    counts = ran["verdict"].value_counts()
    judged = ", ".join(f"{counts.get(name, 0)} {name}" for name in (REPRODUCED, NOISE, DIFFERS))
    return (
        f"<p><strong>Of {len(scorecard)} numbers in the paper, {len(ran)} were measured: "
        f"{judged}.</strong></p>"
    )


def _totals_table(counts: pd.DataFrame) -> str:
    head = ["Table", "", "Numbers", *(verdict(kind, name) for name, kind in VERDICTS.items())]
    rows = [
        [
            f'<a href="#table{row["table"]}">{row["table"]}</a>',
            escape(LAYOUTS[row["table"]].caption),
            str(row["cells"]),
            *(str(row[name]) if row[name] else "" for name in VERDICTS),
        ]
        for row in counts.to_dict("records")
    ]
    sums = counts[["cells", *VERDICTS]].sum()
    rows.append(["All", "", *(f"<strong>{count}</strong>" for count in sums)])
    return html_table(head, rows, text=2)


def _section(number: int, cells: pd.DataFrame) -> str:
    title = f'<h2 id="table{number}">Table {number}: {escape(LAYOUTS[number].caption)}</h2>'
    ran = cells[cells["verdict"] != NOT_RUN]
    rest = len(cells) - len(ran)
    note = f"<p>{rest} of {len(cells)} numbers were not run.</p>" if rest else ""
    if ran.empty:
        return f"{title}\n{note}"
    head = ["", "Paper", "Ours", "Runs", "Difference", "In standard errors", "Margin", "Verdict"]
    form = LAYOUTS[number].format
    rows = [_row(row, form) for row in ran.to_dict("records")]
    return f"{title}\n{note}\n{html_table(head, rows)}"


def _row(row: dict, form: str) -> list[str]:
    dash = pd.isna(row["reported_mean"])
    return [
        escape(row["cell"]),
        DASH if dash else number_text(row["reported_mean"], row["reported_std"], form),
        number_text(row["mean"], row["std"], form),
        str(row["n"]) if RULES[row["table"]].spread else "1",
        "" if dash else format(row["difference"], f"+{form}"),
        "" if pd.isna(row["standard_errors"]) else f"{row['standard_errors']:.1f}",
        "" if dash else format(row["margin"], form),
        verdict(VERDICTS[row["verdict"]], row["verdict"]),
    ]
