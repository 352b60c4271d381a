"""Answers to the questions that the paper leaves open: a word, and the numbers behind it.

Each function sees the summary (see `tables.beyond`) of one model on one dataset; where its words
begin stands in `thresholds`.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from ffensembles.extras.beyond.tables import EXPERIMENT, is_measured
from ffensembles.extras.beyond.thresholds import (
    FOUND,
    KEPT,
    LOST,
    MOST,
    SAME,
    SETTLED,
    SOME,
    exceeds,
)
from ffensembles.paper.claims.page import LEARNED
from ffensembles.printing.names import dataset_and_model
from ffensembles.printing.pages import render

log = logging.getLogger(__name__)

Answer = tuple[str, str]  # the word, and the numbers

NO_ENSEMBLES = "no ensembles"
NOT_MEASURED = ("not measured", "too few test images are classified correctly")
KINDS = {"yes": "good", "in part": "near", "no": "bad"}


def dynamics(table: pd.DataFrame) -> Answer:
    """Say from when on ensembles are like those of the end, and how size and sparsity went.

    Like: the Jaccard similarity is `SAME` of the way from chance to 1, or more, and stays so.
    """
    parts, settled = [], []
    for layer, epochs in table.groupby("layer"):
        rows: list[dict[Hashable, Any]] = epochs.sort_values("epoch").to_dict("records")
        first, before, last = rows[0], rows[-2], rows[-1]
        course = (
            f"layer {layer}: size {first['size']:.1%} to {last['size']:.1%}, S "
            f"{first['sparsity']:.2f} to {last['sparsity']:.2f}{_dead(1 - last['live'])}, "
        )
        if pd.isna(last["to_end"]):
            parts.append(f"{course}no ensembles at the end")
            continue
        since = last["epoch"]
        for row in reversed(rows[:-1]):
            if not row["to_end"] - row["by_chance"] >= SAME * (1 - row["by_chance"]):
                break
            since = row["epoch"]
        settled.append(since / last["epoch"])
        near = f"at epoch {before['epoch']} similarity {before['to_end']:.2f}"
        when = f"from epoch {since} on" if settled[-1] < 1 else "at no epoch before"
        parts.append(
            f"{course}like the end {when} (of {last['epoch']}; {near}, by chance "
            f"{before['by_chance']:.2f})"
        )
    numbers = f"one run: {'; '.join(parts)}"
    if not settled:
        return NO_ENSEMBLES, numbers
    words = {
        "not settled" if share == 1 else "late" if share > SETTLED else "early" for share in settled
    }
    return of_layers(words), numbers


def pruning(table: pd.DataFrame) -> Answer:
    """Say what the units in ensembles are worth, and a quarter of all units by each ranking.

    Yes, if the units in ensembles keep all but `LOST` of the accuracy, and if both they and the
    quarter of all units that ensembles rank highest keep more than as many live units drawn at
    random, and more than as many of the most active; in part, if one of the two keeps more.
    """
    at_once = table[table["layer"] == 0]
    whole = table[table["ranking"] == "whole"].iloc[0]
    by_ranking: dict[Hashable, Any] = {
        ranking: rows.iloc[(rows["share"] - 0.25).abs().argmin()]
        for ranking, rows in at_once.groupby("ranking")
    }
    if not whole["mean"] or "ensembles" not in by_ranking:
        return NOT_MEASURED
    parts, better = [], []
    enough = False
    if "in ensembles" in by_ranking:
        inside, live = by_ranking["in ensembles"], by_ranking["as many live"]
        active = by_ranking["most active"]
        better.append(_is_better(inside, live, active))
        enough = inside["mean"] >= whole["mean"] - LOST
        parts.append(
            f"of {whole['mean']:.3f}, the units in ensembles ({inside['share']:.0%}"
            f"{_dead(1 - inside['live'])}) keep {inside['mean']:.3f}, as many live units "
            f"{live['mean']:.3f} ± {live['std']:.3f}, the most active {active['mean']:.3f}, "
            f"those in none {by_ranking['in none']['mean']:.3f}"
        )
    chosen, drawn = by_ranking["ensembles"], by_ranking["random"]
    active = by_ranking["mean activation"]
    others = ", ".join(
        f"by {ranking} {by_ranking[ranking]['mean']:.3f}"
        for ranking in ("weight norm", "mean activation")
        if ranking in by_ranking
    )
    better.append(_is_better(chosen, drawn, active))
    parts.append(
        f"a quarter of all units keeps, ranked by ensembles {chosen['mean']:.3f}, {others}, "
        f"of live units at random {drawn['mean']:.3f} ± {drawn['std']:.3f}"
    )
    word = "yes" if enough and all(better) else "in part" if any(better) else "no"
    return word, f"{runs_in_words(whole['n'])}: {'; '.join(parts)}"


def _is_better(chosen: pd.Series, drawn: pd.Series, active: pd.Series) -> bool:
    """Say whether units chosen by ensembles are worth more than live ones, and than active ones."""
    above = exceeds(chosen["mean"], drawn["mean"], drawn["std"], LOST)
    return above and chosen["mean"] > active["mean"] + LOST


def microstructure(table: pd.DataFrame) -> Answer:
    """Say in how many categories of each layer patterns are clear, weak, or one.

    Several, if they are clear in `MOST` of the categories and layers; one, if there is one in as
    many.
    """
    wide = table.pivot(index="layer", columns="measure", values="mean")
    words = ["clear", "weak", "one"]
    parts = [
        f"layer {layer}: {row['clear']:g} clear, {row['weak']:g} weak, {row['one']:g} one "
        f"(silhouette {row['silhouette']:.2f}, of one heap {row['null_mean']:.2f}, stability "
        f"{row['stability']:.2f})"
        for layer, row in wide.iterrows()
    ]
    shares = wide[words].sum() / wide[words].to_numpy().sum()
    word = "yes" if shares["clear"] >= MOST else "no" if shares["one"] >= MOST else "cannot be told"
    return word, f"{runs_in_words(table['n'].max())}, categories: {'; '.join(parts)}"


def assemblies(table: pd.DataFrame) -> Answer:
    """Say how many ensembles of each layer are found: alike, and more so than the nulls are.

    Yes, if `FOUND` of the categories are in every layer that has ensembles; in part, if `SOME` are
    in one.
    """
    wide = table.pivot(index="layer", columns="measure", values="mean")
    parts = [
        f"layer {layer}: {row['found']:g} of {row['categories']:g} found, {row['above']:g} above "
        f"the nulls (Jaccard {row['jaccard']:.2f}, over starts ± {row['start_std']:.2f}, permuted "
        f"labels {row['permuted']:.2f}, random live units {row['random']:.2f}"
        f"{_dead(1 - row['live'] / row['units'])})"
        for layer, row in wide.iterrows()
    ]
    numbers = f"{runs_in_words(table['n'].max())}: {'; '.join(parts)}"
    there = wide[wide["categories"] > 0]
    if there.empty:
        return NO_ENSEMBLES, numbers
    found = there["found"] / there["categories"]
    word = "yes" if found.min() >= FOUND else "in part" if found.max() >= SOME else "no"
    return word, numbers


def definition(table: pd.DataFrame) -> Answer:
    """Say how the size of the ensembles changes from factor 1.5 to 3, layer by layer.

    Little hangs on the factor where `KEPT` of the size is kept, in every layer; a layer without
    ensembles at 1.5 has nothing to keep.
    """
    size, chance = (
        table[table["measure"] == measure].pivot(index="layer", columns="factor", values="mean")
        for measure in ("size", "by_chance")
    )
    parts = [
        f"layer {layer}: {row[1.5]:.1%}, {row[2.0]:.1%}, {row[3.0]:.1%} of the units (with 2 by "
        f"chance {by_chance:.1%})"
        for (layer, row), by_chance in zip(size.iterrows(), chance[2.0], strict=True)
    ]
    numbers = f"{runs_in_words(table['n'].max())}, with 1.5, 2 and 3: {'; '.join(parts)}"
    words = {
        NO_ENSEMBLES if not row[1.5] else "little" if row[3.0] >= KEPT * row[1.5] else "much"
        for _, row in size.iterrows()
    }
    return of_layers(words), numbers


def of_layers(words: Collection[str]) -> str:
    """Return the word that all layers have, or `by layer`."""
    first, *others = set(words)
    return "by layer" if others else first


def runs_in_words(count: float) -> str:
    """Say over how many runs numbers are."""
    return "one run" if count == 1 else f"mean of {count:g} runs"


def _dead(share: float) -> str:
    return f", {share:.0%} of the units dead" if share > 0 else ""


def why_no_answer(accuracies: pd.DataFrame) -> Answer | None:
    """Return why a network has no answers, or None where it has learned.

    Args:
        accuracies: accuracy.parquet of its experiment.
    """
    categories = accuracies["category"].nunique()
    accuracy = accuracies.loc[accuracies["category"].isna(), "accuracy"].mean()
    if accuracy >= LEARNED / categories:
        return None
    return (
        "no answer",
        f"{accuracy:.3f} of the test images are classified correctly, less than {LEARNED:g} times "
        f"what guessing would ({1 / categories:.3f})",
    )


def answer_all(
    summaries: Mapping[str, pd.DataFrame],
    questions: Mapping,
    asked: Mapping[str, Sequence[Sequence[str]]],
    accuracies: pd.DataFrame,
) -> pd.DataFrame:
    """Answer every question for every model, dataset and study.

    Args:
        summaries: by question.
        questions: the catalogue.
        asked: by question, the experiments (dataset, model, study) that it was put to.
        accuracies: accuracy.parquet of these: a network that guesses has no answers.

    Returns:
        question, dataset, model, study, answer, numbers.
    """
    reasons = {key: why_no_answer(rows) for key, rows in accuracies.groupby(EXPERIMENT)}
    rows = []
    for name, table in summaries.items():
        parts = dict(list(table.groupby(EXPERIMENT, sort=False)))
        measured = {key: part for key, part in parts.items() if is_measured(part)}
        for key in dict.fromkeys([*parts, *map(tuple, asked[name])]):
            try:
                found = questions[name].answer(measured[key]) if key in measured else NOT_MEASURED
            except Exception as error:  # one question must not end the others
                log.warning("%s has no answer for %s: %s", name, "/".join(map(str, key)), error)
                found = "no answer", str(error)
            rows.append((name, *key, *(reasons.get(key) or found)))
    columns = ["question", "dataset", "model", "study", "answer", "numbers"]
    return pd.DataFrame(rows, columns=columns)


def answers_page(table: pd.DataFrame, questions: Mapping) -> str:
    """Return the answers as one HTML page."""
    asked = [
        (questions[name], [named(row) for row in rows.to_dict("records")])
        for name, rows in table.groupby("question", sort=False)
    ]
    return render("extras/beyond/answers.html.j2", asked=asked)


def named(row: dict) -> dict:
    """Add to a row of the answers what it is `of`, and what `kind` of answer that is."""
    study = "" if row["study"] == "main" else f", {row['study']}"
    return row | {
        "of": dataset_and_model(row["dataset"], row["model"]) + study,
        "kind": KINDS.get(row["answer"], "none"),
    }
