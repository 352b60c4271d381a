"""Tables in the paper's own layout, ours beside the reported value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from ffensembles.paper.tables.summaries import INSIGNIFICANT_SHARE, has_ensembles, in_order
from ffensembles.printing.names import DASH, DATASETS, MODELS, PAIRS
from ffensembles.printing.tables import relabelled

NOT_RUN = "not run"

# Of keys that are not called so in print.
HEADINGS = {"pair": "Models", "category": "Missing category", "of": "Network"}
LABELS = {
    "dataset": DATASETS,
    "model": MODELS,
    "pair": PAIRS,
    "category": {
        "average": "Avg",
        "baseline": "Baseline",
        "probe-baseline": "No category missing",
    },
    "setting": {
        "epochs": "Epochs",
        "learning_rate": "Learning rate",
        "batch_size": "Batch size",
        "units": "Units per layer",
    },
}

OVER_RUNS = "mean ± standard deviation over runs"
OVER_UNITS = "mean ± standard deviation over the units of one run"
DASHES = f"{DASH}: the representation is non-sparse (S < 0.5), so no ensembles are defined."
DAGGERS = "†: non-sparse in our runs, shown because the paper shows it."
STARS = f"*: more than {INSIGNIFICANT_SHARE:.0%} of the assigned units have p > 0.05 (Appendix D)."


@dataclass(frozen=True)
class Layout:
    """How the paper prints one table: which keys label rows and columns, and what a cell holds."""

    rows: list[str]
    columns: list[str]
    format: str = ".3f"
    cells: str = OVER_RUNS  # or of what the legend has a total
    note: str = ""
    labels: dict[str, str] = field(default_factory=dict)


def lay_out(layout: Layout, table: pd.DataFrame) -> pd.DataFrame:
    """Arrange a tidy table as the paper prints it.

    Returns:
        Strings, with printed row and column labels; a cell is ours, a line break, and the
        reported value in brackets, the latter two only where the paper reports one.
    """
    keys = [*layout.rows, *layout.columns]
    table = table.assign(cell=[_cell(row, layout.format) for row in records(table)])
    cells = table.set_index(keys)["cell"].unstack(layout.columns)
    grid = cells.reindex(
        index=_distinct(table, layout.rows), columns=_distinct(table, layout.columns)
    ).fillna(NOT_RUN)
    grid.index = _printed(grid.index, layout.labels)
    grid.columns = _printed(grid.columns, layout.labels)
    return grid


def legend(layout: Layout, table: pd.DataFrame) -> str:
    """Say what a cell of the table holds, over how many runs, and what the marks mean."""
    counts = sorted(set(table["n"].astype(int)))
    many = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    what = f"Ours: {layout.cells}"
    if layout.cells == OVER_RUNS:
        what += f" ({many} {'run' if counts == [1] else 'runs'})"
    if "reported_mean" not in table:
        what += "."
    elif (table["reported_mean"].notna() | (table["reported_mark"] != "")).any():
        what += "; in brackets, what the paper reports."
    else:
        what += "; the paper reports no numbers for this data."
    return f"{what} {layout.note}".strip()


def arrange(layout: Layout, table: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Arrange a tidy table as the paper prints it: the grid and the legend below."""
    return lay_out(layout, table), legend(layout, table)


def arrange_significance(layout: Layout, table: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Arrange the table of `summaries.insignificance`, with a line for all of it as legend."""
    index = pd.MultiIndex.from_frame(table[layout.rows])
    counts = table[["units", "insignificant"]].astype("Int64").set_axis(index)
    grid = counts.astype(object).map("{:,}".format, na_action="ignore").fillna(DASH)
    grid["share"] = [DASH if pd.isna(share) else f"{share:.2%}" for share in table["share"]]
    grid.columns = pd.Index(["Units assigned", "With p > 0.05", "Share"])
    grid.index = _printed(index, layout.labels)
    units, above = counts[has_ensembles(table).to_numpy()].sum()
    found = f"{above:,} of {units:,} units ({above / units:.2%})" if units else "no units"
    return grid, f"{layout.cells}: {found}. {layout.note}".strip()


def number_text(mean: float, std: float, form: str) -> str:
    """Format `mean ± std`; the mean alone where there is no std."""
    text = format(mean, form)
    return text if pd.isna(std) else f"{text} ± {format(std, form)}"


def _cell(row: dict[str, Any], form: str) -> str:
    ours = _ours(row, form)
    if row.get("reported_mark") == "-":
        return f"{ours}\n({DASH})"
    if pd.isna(row.get("reported_mean")):
        return ours
    reported = number_text(row["reported_mean"], row["reported_std"], form)
    return f"{ours}\n({reported}{row['reported_mark']})"


def _ours(row: dict[str, Any], form: str) -> str:
    sparse = row.get("sparse")
    unreported = pd.isna(row.get("reported_mean"))
    if row.get("reported_mark") == "-" or (unreported and _is_false(sparse)):
        return DASH
    if pd.isna(row["mean"]):
        return "not defined"
    marks = "†" if _is_false(sparse) else ""
    marks += "*" if row.get("insignificant", 0) > INSIGNIFICANT_SHARE else ""
    return number_text(row["mean"], row["std"], form) + marks


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table, each by the names of its columns."""
    return [dict(zip(table.columns, row, strict=True)) for row in table.itertuples(index=False)]


def _is_false(flag: Any) -> bool:
    return flag is not None and not pd.isna(flag) and not flag


def _distinct(table: pd.DataFrame, keys: list[str]) -> pd.Index:
    labels = in_order(table[keys].drop_duplicates(), keys)
    return pd.MultiIndex.from_frame(labels) if len(keys) > 1 else pd.Index(labels[keys[0]])


def _printed(index: pd.Index, labels: dict[str, str]) -> pd.Index:
    """Replace identifiers by the names that the paper prints."""

    def label(key: str, value: object) -> str:
        name = str(value)
        return labels.get(name, LABELS.get(key, {}).get(name, name))

    names = [HEADINGS.get(name, name.capitalize()) for name in map(str, index.names)]
    return relabelled(index, label, names)
