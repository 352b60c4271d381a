"""Answers to the questions that the paper leaves open: a word, and the numbers behind it.

Each function sees the summary (see `tables.beyond`) of one model on one dataset.
"""

from __future__ import annotations

import logging
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from ffensembles.extras.beyond.tables import EXPERIMENT, KEPT, LOST, is_measured
from ffensembles.printing.names import DATASETS, MODELS
from ffensembles.printing.pages import render

log = logging.getLogger(__name__)

Answer = tuple[str, str]  # the word, and the numbers

MATCH = 0.5  # Jaccard similarity from which on two sets of units are called the same
NOT_MEASURED = ("not measured", "too few test images are classified correctly")
KINDS = {"yes": "good", "in part": "near", "no": "bad"}


def dynamics(table: pd.DataFrame) -> Answer:
    """Say when ensembles come to be like those of the end, and how size and sparsity went."""
    parts, settled = [], []
    for layer in sorted(table["layer"].unique()):
        epochs = table[table["layer"] == layer]
        rows: list[dict[str, Any]] = epochs.sort_values("epoch").to_dict("records")
        first, before, last = rows[0], rows[-2], rows[-1]
        half = next(row["epoch"] for row in rows if row["to_end"] >= MATCH or row is last)
        settled.append(half / last["epoch"])
        parts.append(
            f"layer {layer}: size {first['size']:.1%} to {last['size']:.1%}, S "
            f"{first['sparsity']:.2f} to {last['sparsity']:.2f}, half like the end from epoch "
            f"{half} of {last['epoch']}, {before['kept']:.0%} of the units of epoch "
            f"{before['epoch']} kept"
        )
    word = "late" if min(settled) >= 0.1 else "early" if max(settled) < 0.1 else "layer by layer"
    return word, "; ".join(parts)


def pruning(table: pd.DataFrame) -> Answer:
    """Say what the units in ensembles are worth, and a quarter of all units by each ranking."""
    rows = table[table["layer"] == 0]
    whole = table.loc[table["ranking"] == "whole", "mean"].item()
    quarter = rows[rows["share"].between(0.2, 0.3)].set_index("ranking")["mean"]
    of_sets: list[dict[Hashable, Any]] = rows[rows["ranking"].isin(KEPT)].to_dict("records")
    numbers = [
        f"of {whole:.3f}, the units {row['ranking']} alone ({row['share']:.0%}) keep "
        f"{row['mean']:.3f}"
        for row in of_sets
    ]
    by_rank = ["ensembles", "weight norm", "mean activation", "random"]
    if not (whole and quarter.index.isin(by_rank).any()):
        return NOT_MEASURED
    ranked = ", ".join(f"{name} {quarter[name]:.3f}" for name in by_rank)
    worth = {row["ranking"]: row["mean"] for row in of_sets}
    enough = worth.get("in ensembles", 0) >= whole - LOST
    better = quarter["ensembles"] > quarter["random"]
    word = "yes" if enough and better else "in part" if better else "no"
    return word, "; ".join([*numbers, f"a quarter of all units keeps, ranked by {ranked}"])


def microstructure(table: pd.DataFrame) -> Answer:
    """Say in how many categories of each layer patterns are clear, weak, or one."""
    wide = table.pivot(index="layer", columns="measure", values="mean")
    parts = [
        f"layer {layer}: {row['clear']:.1f} clear, {row['weak']:.1f} weak, {row['one']:.1f} one "
        f"(silhouette {row['silhouette']:.2f}, null {row['null_mean']:.2f}, stability "
        f"{row['stability']:.2f})"
        for layer, row in wide.iterrows()
    ]
    total = wide[["clear", "weak", "one"]].sum()
    word = {"clear": "yes", "weak": "no clear answer", "one": "no"}[str(total.idxmax())]
    return word, "; ".join(parts)


def assemblies(table: pd.DataFrame) -> Answer:
    """Say how well assemblies match the ensembles of each layer."""
    wide = table.pivot(index="layer", columns="measure", values="mean")
    parts = [
        f"layer {layer}: Jaccard {row['jaccard']:.2f} (null {row['null_mean']:.2f}), "
        f"{row['above']:.1f} categories above the null"
        for layer, row in wide.iterrows()
    ]
    best = wide["jaccard"].max()
    word = "yes" if wide["jaccard"].min() >= MATCH else "in part"
    return (word if best > wide["null_mean"].max() else "no"), "; ".join(parts)


def definition(table: pd.DataFrame) -> Answer:
    """Say how the size of the ensembles changes from factor 1.5 to 3, layer by layer."""
    size = table[table["measure"] == "size"].pivot(index="layer", columns="factor", values="mean")
    parts = [
        f"layer {layer}: {row[1.5]:.1%}, {row[2.0]:.1%}, {row[3.0]:.1%} of the units"
        for layer, row in size.iterrows()
    ]
    kept = size[3.0] / size[1.5]
    word = "little" if kept.min() >= 0.5 else "much" if kept.max() < 0.5 else "by layer"
    return word, f"with 1.5, 2 and 3, {'; '.join(parts)}"


def answer_all(
    summaries: Mapping[str, pd.DataFrame],
    questions: Mapping,
    asked: Mapping[str, Sequence[Sequence[str]]],
) -> pd.DataFrame:
    """Answer every question for every model, dataset and study.

    Args:
        summaries: by question.
        questions: the catalogue.
        asked: by question, the experiments (dataset, model, study) that it was put to.

    Returns:
        question, dataset, model, study, answer, numbers.
    """
    rows = []
    for name, table in summaries.items():
        parts = dict(list(table.groupby(EXPERIMENT, sort=False)))
        measured = {key: part for key, part in parts.items() if is_measured(part)}
        for key in dict.fromkeys([*parts, *map(tuple, asked[name])]):
            try:
                found = questions[name].answer(measured[key]) if key in measured else NOT_MEASURED
            except Exception as error:  # one question must not end the others
                log.warning("%s has no answer for %s: %s", name, "/".join(key), error)
                found = "no answer", str(error)
            rows.append((name, *key, *found))
    columns = ["question", "dataset", "model", "study", "answer", "numbers"]
    return pd.DataFrame(rows, columns=columns)


def answers_page(table: pd.DataFrame, questions: Mapping) -> str:
    """Return the answers as one HTML page."""
    asked = [
        (questions[name], [_row(row) for row in rows.to_dict("records")])
        for name, rows in table.groupby("question", sort=False)
    ]
    return render("extras/beyond/answers.html.j2", asked=asked)


def _row(row: dict) -> dict:
    study = "" if row["study"] == "main" else f", {row['study']}"
    return row | {
        "of": f"{DATASETS.get(row['dataset'], row['dataset'])}, {MODELS[row['model']]}{study}",
        "kind": KINDS.get(row["answer"], "none"),
    }
