"""Tables of the questions that the paper leaves open: tidy, over runs, and as printed.

Each question has a function that summarises its measurements and one that prints the summary.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from fractions import Fraction
from math import log2

import pandas as pd

from ffensembles.extras.beyond.thresholds import LOST, SAME
from ffensembles.paper.tables.layout import number_text
from ffensembles.paper.tables.summaries import in_order, over_runs
from ffensembles.printing.names import DASH, DATASETS, MODELS
from ffensembles.printing.tables import Printed

EXPERIMENT = ["dataset", "model", "study"]
LAYER = [*EXPERIMENT, "layer"]

Columns = Mapping[str, tuple[str, str]]  # of a measure: its heading and format
Rows = dict[tuple[str, ...], dict[str, str]]

DEFINITION: Columns = {
    "hoyer": ("S", ".3f"),
    "population": ("Population", ".3f"),
    "lifetime": ("Lifetime", ".3f"),
    "silent_units": ("Silent", ".1%"),
    "in_one 2": ("In one", ".1%"),
    "size 1.5": ("Size at 1.5", ".1%"),
    "size 2": ("at 2", ".1%"),
    "size 3": ("at 3", ".1%"),
    "size 5": ("at 5", ".1%"),
    "by_chance 2": ("at 2 by chance", ".1%"),
}
MICROSTRUCTURE: Columns = {
    "one": ("One", ".1f"),
    "weak": ("Weak", ".1f"),
    "clear": ("Clear", ".1f"),
    "patterns": ("Patterns", ".1f"),
    "silhouette": ("Silhouette", ".2f"),
    "null_mean": ("One heap", ".2f"),
    "stability": ("Stability", ".2f"),
    "dominant": ("Dominant", ".0%"),
}
ASSEMBLIES: Columns = {
    "assemblies": ("Assemblies", ".1f"),
    "size": ("Units in an ensemble", ".1f"),
    "live": ("Live units", ".1f"),
    "jaccard": ("Jaccard", ".2f"),
    "start_std": ("Starts ±", ".2f"),
    "two_sd": ("Two deviations", ".2f"),
    "permuted": ("Permuted labels", ".2f"),
    "random": ("Random live units", ".2f"),
    "above": ("Above the nulls", ".1f"),
    "found": ("Found", ".1f"),
}
RANKINGS = ["ensembles", "weight norm", "mean activation", "random"]
KEPT = {
    "in ensembles": "Ensembles only",
    "most active": "The most active",
    "as many live": "As many live units",
    "in none": "Others only",
}
MOMENTS = (0, 1, 4, 16, 64)  # epochs printed, beside the last


def definition(frame: pd.DataFrame) -> pd.DataFrame:
    """Summarise definition.parquet: keys of a layer, measure, factor, mean, std, n."""
    named = frame.assign(factor=frame["factor"].fillna(0))
    return over_runs(named, [*LAYER, "measure", "factor"], "value")


def microstructure(frame: pd.DataFrame) -> pd.DataFrame:
    """Summarise microstructure.parquet: keys of a layer, measure, mean, std, n.

    `one`, `weak` and `clear` count the categories with that answer; the others are means over the
    categories.
    """
    words = ("one", "weak", "clear")
    counts = frame.assign(**{word: frame["answer"] == word for word in words})
    how = dict.fromkeys(MICROSTRUCTURE, "mean") | dict.fromkeys(words, "sum")
    return _over_categories(counts, how)


def assemblies(frame: pd.DataFrame) -> pd.DataFrame:
    """Summarise assemblies.parquet: keys of a layer, measure, mean, std, n.

    `categories` counts those that have an ensemble, `above` those whose match exceeds both nulls,
    `found` those of them whose similarity is `SAME` or more; the others are means over the
    categories.
    """
    above = frame["jaccard"] > frame["null_high"]
    frame = frame.assign(
        above=above, found=above & (frame["jaccard"] >= SAME), categories=frame["size"] > 0
    )
    counts = dict.fromkeys(["above", "found", "categories"], "sum")
    return _over_categories(frame, {**dict.fromkeys([*ASSEMBLIES, "units"], "mean"), **counts})


def pruning(frame: pd.DataFrame) -> pd.DataFrame:
    """Summarise pruning.parquet: keys of a layer, ranking, mean, std, n, share, live, operations.

    Layer 0: all layers at once. How many units are in any ensemble, or in none, differs from run
    to run, so their share is the mean over the runs. Random draws count like runs.
    """
    keys = [*LAYER, "ranking", "step"]
    frame = frame.assign(step=frame["share"].mask(frame["ranking"].isin(KEPT), 0))
    means = frame.groupby(keys)[["share", "live", "operations"]].mean().reset_index()
    return over_runs(frame, keys, "accuracy").merge(means, on=keys).drop(columns="step")


def dynamics(frame: pd.DataFrame) -> pd.DataFrame:
    """Summarise dynamics.parquet over the categories: keys of a layer, epoch, means.

    `size` and `sparsity` as in the paper's tables; `live` as a share of the units, `joined` and
    `left` in units.
    """
    frame = frame.assign(size=frame["size"] / frame["units"], live=frame["live"] / frame["units"])
    values = ["accuracy", "sparsity", "live", "size", "to_end", "by_chance", "to_before", "kept"]
    values += ["joined", "left"]
    summary = frame.groupby([*LAYER, "epoch"])[values].mean().reset_index()
    return in_order(summary, [*LAYER, "epoch"])


def smallest_share(table: pd.DataFrame, whole: float) -> float:
    """Return the smallest share of one ranking from which on accuracy falls by a point at most.

    Args:
        table: rows of `pruning`, of one ranking, in one layer.
        whole: the accuracy with all units.
    """
    falling = table.sort_values("share", ascending=False)
    lost = (falling["mean"] < whole - LOST).cummax()
    return float(falling.loc[~lost, "share"].min()) if not lost.all() else 1.0


def is_measured(table: pd.DataFrame) -> bool:
    """Say whether a summary has a value: without correctly classified images it has none."""
    return bool(table["mean" if "mean" in table else "size"].notna().any())


def left_out(asked: Iterable[Sequence[str]], table: pd.DataFrame) -> list[str]:
    """Say of which experiments (dataset, model, study) a summary has no value."""
    there = {key for key, rows in table.groupby(EXPERIMENT) if is_measured(rows)}
    lacking = [", ".join(_names(key)) for key in asked if tuple(key) not in there]
    why = "as too few test images are classified correctly"
    return [f"Not measured, {why}: {'; '.join(lacking)}."] if lacking else []


def printed_definition(table: pd.DataFrame) -> Printed:
    """Print the summary of `definition`."""
    factor = table["factor"].map(lambda f: f" {f:g}" if f else "")
    return _printed(
        "definition",
        "Sparsity by other measures, and ensembles by other factors",
        table.assign(measure=table["measure"] + factor),
        DEFINITION,
        "S: Hoyer sparsity. Population and Lifetime: Treves–Rolls sparseness (1 − a) / (1 − 1/n), "
        "of an image over the units and of a unit over the images. Silent: units that no image "
        "drives. In one: units in exactly one ensemble, with factor 2. Size at f: mean share of "
        "the units with x̄ > f·LOO; by chance: where the labels are permuted.",
    )


def printed_microstructure(table: pd.DataFrame) -> Printed:
    """Print the summary of `microstructure`."""
    return _printed(
        "microstructure",
        "Activation patterns within categories",
        table,
        MICROSTRUCTURE,
        "One, Weak, Clear: number of categories with a single pattern, with patterns that overlap "
        "but part better than a single heap does, and with clear ones. Patterns: those farthest "
        "apart, 2 to 6; their Silhouette, Stability and the share of the Dominant one: means over "
        "the categories. One heap: silhouette in a single heap of the same distributions and "
        "correlations. Categories of fewer than 20 correctly classified images are left out.",
    )


def printed_assemblies(table: pd.DataFrame) -> Printed:
    """Print the summary of `assemblies`."""
    return _printed(
        "assemblies",
        "Assemblies found without labels, and the ensembles that labels define",
        table,
        ASSEMBLIES,
        "Jaccard: similarity of a category's ensemble with the assembly most like it, the median "
        "over starts of ICA, mean over the categories; Starts: its standard deviation over them. "
        "Two deviations: the same with assemblies of the units two standard deviations above the "
        "mean weight, in place of Otsu's threshold. Permuted labels: the same for the ensembles "
        "of permuted labels; Random live units: for as many units drawn from those that vary. "
        "Above the nulls: categories three standard deviations above both; Found: those of them "
        f"with a Jaccard similarity of {SAME} or more.",
    )


def printed_pruning(table: pd.DataFrame) -> Printed:
    """Print the summary of `pruning`: the smallest shares, and what the ensembles are worth."""
    rows: Rows = {}
    for key, of_experiment in table.groupby(EXPERIMENT, sort=False):
        whole = of_experiment.loc[of_experiment["ranking"] == "whole", "mean"].item()
        for layer, rest in of_experiment[of_experiment["ranking"] != "whole"].groupby("layer"):
            by_ranking = dict(list(rest.groupby("ranking")))
            cells = {"Accuracy": f"{whole:.3f}"}
            for ranking in RANKINGS:
                cells[ranking.capitalize()] = _smallest(by_ranking.get(ranking), whole)
            for ranking, heading in KEPT.items():
                cells[heading] = _accuracy_at_share(by_ranking.get(ranking))
            rows[*_names(key), str(layer) if layer else "all"] = cells
    return Printed(
        "pruning",
        "Pruning: the smallest share of units that loses at most one point of accuracy",
        _grid(rows),
        "By ranking: 1/2, 1/4 … 1/64 of the units were kept, rounded up; 1: none can go. "
        "Random: live units first. Ensembles only, Others only: accuracy where only the units in "
        "any ensemble are kept, or only those in none, with their share of the units; The most "
        "active, As many live units: as many as there are in ensembles, by mean activation, or "
        "drawn from those that any image drives. Layers without ensembles are "
        "left whole there. Mean over runs; random draws count like runs.",
    )


def printed_dynamics(table: pd.DataFrame) -> Printed:
    """Print the summary of `dynamics`: size and similarity with the end at a few epochs."""
    rows: Rows = {}
    for key, epochs in table.groupby(LAYER, sort=False):
        by_epoch = epochs.set_index("epoch").to_dict("index")
        *before, last = by_epoch
        cells = {"Epochs": str(last)}
        for epoch in MOMENTS:
            cells[f"Epoch {epoch}"] = _moment(by_epoch[epoch]) if epoch in before else DASH
        cells["End"] = _moment(by_epoch[last])
        rows[*_names(key[:3]), str(key[3])] = cells
    return Printed(
        "dynamics",
        "Ensembles during training: their size, and their similarity with the end",
        _grid(rows),
        "Size in % of the layer, and Jaccard similarity with the same category's ensemble at the "
        "end; in brackets that of sets as large drawn at random from the live units; means over "
        "the categories, in one run. In FF each layer has a training of its own, "
        "after the one before, and its epochs count from there.",
    )


def _over_categories(frame: pd.DataFrame, how: Mapping[str, str]) -> pd.DataFrame:
    runs = frame.groupby([*LAYER, "seed"]).agg(how).reset_index()
    runs = runs.melt([*LAYER, "seed"], var_name="measure")
    return over_runs(runs.astype({"value": float}), [*LAYER, "measure"], "value")


def _printed(name: str, title: str, table: pd.DataFrame, columns: Columns, legend: str) -> Printed:
    """Print a row for each layer, a column for each measure."""
    rows: Rows = {}
    for key, values in table.groupby(LAYER, sort=False):
        by_measure = values.set_index("measure").to_dict("index")
        rows[*_names(key[:3]), str(key[3])] = {
            heading: _number(by_measure[measure], form)
            for measure, (heading, form) in columns.items()
        }
    legend += " Mean ± standard deviation over runs."
    return Printed(name, title, _grid(rows), legend)


def _grid(rows: Rows) -> pd.DataFrame:
    labels = list(zip(*rows, strict=True)) or [(), (), ()]
    index = pd.MultiIndex.from_arrays(labels, names=["Dataset", "Model", "Layer"])
    return pd.DataFrame(list(rows.values()), index=index)


def _names(key: Iterable[Hashable]) -> tuple[str, str]:
    dataset, model, study = map(str, key)
    suffix = "" if study == "main" else f", {study}"
    return DATASETS.get(dataset, dataset), f"{MODELS[model]}{suffix}"


def _number(row: Mapping[Hashable, float], form: str) -> str:
    return DASH if pd.isna(row["mean"]) else number_text(row["mean"], row["std"], form)


def _smallest(rows: pd.DataFrame | None, whole: float) -> str:
    if rows is None or whole == 0:
        return DASH
    return str(Fraction(2 ** round(log2(smallest_share(rows, whole)))))


def _accuracy_at_share(rows: pd.DataFrame | None) -> str:
    if rows is None:
        return DASH
    row = rows.iloc[0]
    return f"{row['mean']:.3f} ({row['share']:.0%})"


def _moment(row: Mapping[Hashable, float]) -> str:
    if pd.isna(row["to_end"]):
        return f"{row['size']:.1%}, {DASH}"
    return f"{row['size']:.1%}, {row['to_end']:.2f} ({row['by_chance']:.2f})"
