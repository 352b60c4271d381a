"""What a sweep says: does the setting set the sparsity of the layers?

What would speak against it: a sparsity that is the same at all values.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from ffensembles.analysis.sparsity import SPARSE
from ffensembles.extras.beyond.answers import of_layers, runs_in_words
from ffensembles.extras.beyond.thresholds import LEARNED, MONOTONE, WEAKER, exceeds
from ffensembles.extras.sweeps.table import holds_out, over_datasets
from ffensembles.paper.claims.sparsity import CLEAR
from ffensembles.printing.names import MODELS, dataset_and_model


def in_words(found: tuple[str, str, str]) -> str:
    """Write one of `answers` as a sentence."""
    of, word, numbers = found
    return f"{of}: {word}. {numbers[0].upper()}{numbers[1:]}."


def answers(table: pd.DataFrame) -> Iterator[tuple[str, str, str]]:
    """Answer for each model, and each dataset unless that is what varies.

    Args:
        table: as `table.summarise` gives it.

    Yields:
        Of what, the word, and the numbers.
    """
    keys = ["model"] if over_datasets(table) else ["dataset", "model"]
    for _, rows in table.groupby(keys, sort=False):
        first = rows.iloc[0]
        if over_datasets(table):
            of = MODELS[first["model"]]
        else:
            of = dataset_and_model(first["dataset"], first["model"])
        yield of, *(answer_of_unseen(rows) if holds_out(table) else answer(rows))


def answer_of_unseen(rows: pd.DataFrame) -> tuple[str, str]:
    """Say of each layer whether the ensemble of a category that was held out is weaker than others.

    It is weaker where its units' activation is less than 80 % of that of the other ensembles' units
    for every category that was held out, and as active where it is so for none. As in the paper,
    only sparse representations (S ≥ 0.5) have ensembles.

    Args:
        rows: the rows of one dataset and model.
    """
    holding_out = rows.loc[rows["quantity"] == "unseen", "study"]
    rows = rows[rows["study"].isin(holding_out)]  # without the baseline, if there is one
    means = rows.pivot_table("mean", ["layer", "value"], "quantity", sort=False)
    sparse = means[means["sparsity"] >= SPARSE]
    names = list(dict.fromkeys(rows["value"]))
    words, parts = [], []
    for layer, of_layer in sparse.groupby("layer"):
        size, seen, activity = (of_layer[name] for name in ("unseen", "ensembles", "activity"))
        if not (size > 0).all():
            words.append("missing")
        else:
            weaker = activity < WEAKER
            words.append("weaker" if weaker.all() else "in part" if weaker.any() else "as active")
        values = of_layer.index.get_level_values("value")
        of = "" if len(values) == len(names) else f" ({' and '.join(values)} only)"
        parts.append(
            f"layer {layer:g}{of} {words[-1]}: {_range(size, '.0f', ' %')} of the units (all "
            f"ensembles {_range(seen, '.0f', ' %')}), {_range(activity, '.2f')} times as active as "
            "others"
        )
    many = runs_in_words(rows.loc[rows["quantity"] == "accuracy", "n"].max())
    if not words:
        parts = [f"S {_range(means['sparsity'], '.2f')}, so no ensembles are defined"]
    numbers = f"{many} without each of {', '.join(names)}: {'; '.join(parts)}"
    return of_layers(words) if words else "no sparse layer", numbers


def answer(rows: pd.DataFrame) -> tuple[str, str]:
    """Say of each layer whether S rises or falls with the value, changes, or hardly does.

    It hardly changes where its largest and its smallest mean differ by less than a clear contrast
    (0.15), or by less than three standard deviations between runs. It rises or falls where its rank
    correlation with the value is 0.9 or more; the value of a dataset is the participation ratio of
    its images.

    Args:
        rows: the rows of one model, and of one dataset unless that is what varies.
    """
    order = list(dict.fromkeys(rows["value"]))
    cells = rows.assign(layer=rows["layer"].fillna(0))
    means, deviations = (
        cells.pivot(index="value", columns=["quantity", "layer"], values=of).loc[order]
        for of in ("mean", "std")
    )
    accuracy = means["accuracy", 0]
    learned = accuracy >= LEARNED * accuracy.max()
    places = _places(means)[learned]
    words, parts = [], []
    for layer, of_values in means.loc[learned, "sparsity"].items():
        s = of_values.dropna()
        if len(s) < 2:
            continue
        spread = deviations.loc[s.index, ("sparsity", layer)].fillna(0).max()
        if not exceeds(s.max(), s.min(), spread, CLEAR):
            word = "hardly changes"
        else:
            trend = s.corr(places, method="spearman") if places.notna().all() else 0
            word = "rises" if trend >= MONOTONE else "falls" if trend <= -MONOTONE else "changes"
        words.append(word)
        sizes = means.loc[s.index, ("ensembles", layer)][s >= SPARSE].dropna()
        course = f"layer {layer:g} {word}: S {_extremes(s, '.2f')}"
        if len(sizes):
            course += f", where sparse ensembles of {sizes.min():.0f} % to {sizes.max():.0f} %"
        parts.append(course)
    many = runs_in_words(rows.loc[rows["quantity"] == "accuracy", "n"].max())
    numbers = f"{many} of each value: {'; '.join(parts)}; accuracy "
    numbers += _extremes(accuracy[learned], ".3f")
    if not learned.all():
        numbers += f". Left out, for too little is learned: {', '.join(learned.index[~learned])}"
    return of_layers(words) if words else "by layer", numbers


def _places(means: pd.DataFrame) -> pd.Series:
    """Return the value as a number; where it is the name of a dataset, its participation ratio."""
    numbers = pd.to_numeric(means.index.to_series(), errors="coerce")
    ratios = means["participation", 0]
    return ratios if numbers.isna().all() and ratios.nunique() > 1 else numbers


def _range(values: pd.Series, form: str, unit: str = "") -> str:
    low, high = f"{values.min():{form}}", f"{values.max():{form}}"
    return low + unit if low == high else f"{low} to {high}{unit}"


def _extremes(values: pd.Series, form: str) -> str:
    low, high = values.min(), values.max()
    return f"{low:{form}} (at {values.idxmin()}) to {high:{form}} (at {values.idxmax()})"
