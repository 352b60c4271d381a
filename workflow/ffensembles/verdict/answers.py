"""Answers to the questions that the paper leaves open: a word, and the numbers behind it.

Each function sees the summary (see `tables.beyond`) of one model on one dataset.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ffensembles.printing.names import DATASETS, MODELS
from ffensembles.printing.pages import render

Answer = tuple[str, str]  # the word, and the numbers

MATCH = 0.5  # Jaccard similarity from which on two sets of units are called the same
KINDS = {"yes": "good", "in part": "near", "no": "bad"}


def dynamics(table: pd.DataFrame) -> Answer:
    """Say when ensembles come to be like those of the end, and how size and sparsity went."""
    parts, settled = [], []
    for layer, epochs in table.groupby("layer"):
        by_epoch = epochs.set_index("epoch")
        first, last = by_epoch.iloc[0], by_epoch.iloc[-1]
        like_the_end = by_epoch.index[by_epoch["to_end"] >= MATCH].min()
        settled.append(like_the_end / by_epoch.index[-1])
        half = by_epoch.iloc[-2]
        parts.append(
            f"layer {layer}: size {first['size']:.1%} to {last['size']:.1%}, S "
            f"{first['sparsity']:.2f} to {last['sparsity']:.2f}, half like the end from epoch "
            f"{like_the_end} of {by_epoch.index[-1]}, {half['kept']:.0%} of the units of epoch "
            f"{by_epoch.index[-2]} kept"
        )
    word = "late" if min(settled) >= 0.1 else "early" if max(settled) < 0.1 else "layer by layer"
    return word, "; ".join(parts)


def pruning(table: pd.DataFrame) -> Answer:
    """Say what the units in ensembles are worth, and a quarter of all units by each ranking."""
    rows = table[table["layer"] == 0]
    whole = table.loc[table["ranking"] == "whole", "mean"].item()
    quarter = rows[rows["share"].between(0.2, 0.3)].set_index("ranking")["mean"]
    sets = rows.set_index("ranking")
    kept = [name for name in ("in ensembles", "in none") if name in sets.index]
    numbers = [
        f"of {whole:.3f}, the units {name} alone ({sets.loc[name, 'share']:.0%}) keep "
        f"{sets.loc[name, 'mean']:.3f}"
        for name in kept
    ]
    by_rank = ["ensembles", "weight norm", "mean activation", "random"]
    ranked = ", ".join(f"{name} {quarter[name]:.3f}" for name in by_rank)
    enough = sets["mean"].get("in ensembles", 0) >= whole - 0.01
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


def answer_all(summaries: Mapping[str, pd.DataFrame], questions: Mapping) -> pd.DataFrame:
    """Answer every question for every model, dataset and study.

    Args:
        summaries: by question.
        questions: the catalogue.

    Returns:
        question, dataset, model, study, answer, numbers.
    """
    rows = [
        (name, *key, *questions[name].answer(part))
        for name, table in summaries.items()
        for key, part in table.groupby(["dataset", "model", "study"], sort=False)
    ]
    columns = ["question", "dataset", "model", "study", "answer", "numbers"]
    return pd.DataFrame(rows, columns=columns)


def answers_page(table: pd.DataFrame, questions: Mapping) -> str:
    """Return the answers as one HTML page."""
    asked = [
        (questions[name], [_row(row) for row in rows.to_dict("records")])
        for name, rows in table.groupby("question", sort=False)
    ]
    return render("answers.html.j2", asked=asked)


def _row(row: dict) -> dict:
    study = "" if row["study"] == "main" else f", {row['study']}"
    return row | {
        "of": f"{DATASETS.get(row['dataset'], row['dataset'])}, {MODELS[row['model']]}{study}",
        "kind": KINDS.get(row["answer"], "none"),
    }
