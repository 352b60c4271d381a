"""The table of a sweep: accuracy, sparsity and size of ensembles over what varies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from ffensembles.analysis.measurements import RUN_LAYER
from ffensembles.analysis.sparsity import SPARSE
from ffensembles.experiments import Experiment
from ffensembles.paper.tables.layout import DASHES, number_text, records
from ffensembles.paper.tables.summaries import STATISTICS, ensemble_percents
from ffensembles.pipeline.selection import Experiments
from ffensembles.printing.names import CATEGORIES, DASH, DATASETS, MODELS
from ffensembles.printing.tables import Printed

EXPERIMENT = ["dataset", "model", "study"]
OF_ENSEMBLES = ("ensembles", "unseen", "activity")
QUANTITIES = {  # heading and format
    "accuracy": ("Accuracy", ".3f"),
    "sparsity": ("S", ".3f"),
    "ensembles": ("E", ".2f"),
    "unseen": ("U", ".2f"),
    "activity": ("A", ".2f"),
    "participation": ("PR", ".1f"),
}


def sweeps(experiments: Experiments) -> dict[str, list[Experiment]]:
    """Return the sweeps by name, each with its experiments in the order of the table."""
    found: dict[str, list[Experiment]] = {}
    for e in experiments:
        if e.sweep:
            found.setdefault(e.sweep[0], []).append(e)
    return found


def values(experiments: Sequence[Experiment]) -> list[dict[str, str]]:
    """Return of each experiment of a sweep what names it, what varies, and its value there."""
    return [
        dict(zip(EXPERIMENT, e.key, strict=True))
        | {"varied": ", ".join(e.sweep[1:]), "value": " / ".join(map(e.cell, e.sweep[1:]))}
        for e in experiments
    ]


def summarise(
    of: Sequence[dict[str, str]],
    accuracy: pd.DataFrame,
    sparsity: pd.DataFrame,
    sizes: pd.DataFrame,
    participation: pd.DataFrame,
) -> pd.DataFrame:
    """Summarise the runs of a sweep.

    Args:
        of: its experiments, as `values` gives them.
        accuracy: accuracy.parquet tables.
        sparsity: sparsity.parquet tables.
        sizes: as `measurements.read_sizes` gives them.
        participation: participation.parquet tables, of each dataset.

    Returns:
        dataset, model, study, varied, value (as printed), quantity, layer, mean, std, n: over runs,
        the accuracy; of each layer the sparsity S, and the units in an ensemble in % of it; where
        a category was held out, the units in its ensemble, and their activation over that of the
        other ensembles' units; of the dataset, the participation ratio of the training images.
    """
    keys = [*EXPERIMENT, "quantity", "layer"]
    by_run = _runs(accuracy, sparsity, sizes).groupby(keys, dropna=False)["measured"]
    measured = by_run.agg(mean="mean", std="std", n="count").reset_index()
    experiments = pd.DataFrame(of)
    experiments["value"] = [value_of(row) for row in of]
    ratios = experiments[EXPERIMENT].merge(participation, on="dataset")
    ratios = ratios.rename(columns={"participation": "mean"}).drop(columns="pixels")
    table = pd.concat([measured, ratios.assign(quantity="participation", n=1)], ignore_index=True)
    table["order"] = table["quantity"].map(list(QUANTITIES).index)
    table = experiments.reset_index(names="place").merge(table, on=EXPERIMENT)
    table = table.sort_values(["place", "order", "layer"], ignore_index=True)
    table["layer"] = table["layer"].astype("Int64")
    return table[[*EXPERIMENT, "varied", "value", "quantity", "layer", *STATISTICS]]


def _runs(accuracy: pd.DataFrame, sparsity: pd.DataFrame, sizes: pd.DataFrame) -> pd.DataFrame:
    """Return what was measured of each run: keys, quantity, layer, measured."""
    tables = {
        "accuracy": accuracy[accuracy["category"].isna()].assign(layer=float("nan")),
        "sparsity": sparsity[sparsity["category"].isna()],
        "ensembles": ensemble_percents(sizes, sparsity).rename(columns={"percent": "ensembles"}),
    }
    unseen = _unseen(sizes)
    tables |= {name: unseen for name in ("unseen", "activity") if len(unseen)}
    parts = [
        table[[*EXPERIMENT, "seed"]].assign(
            layer=table["layer"].astype("Int64"), quantity=name, measured=table[name]
        )
        for name, table in tables.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _unseen(sizes: pd.DataFrame) -> pd.DataFrame:
    """Return of every run and layer how large and how active the held-out category's ensemble is.

    Returns:
        dataset, model, study, seed, layer, unseen (its units, in % of the layer), activity (their
        x̄ on average, as a multiple of that of the other ensembles' units).
    """
    own = (sizes["category"] == sizes["held_out"].astype("Int64")).fillna(False)
    others = sizes[~own].groupby(RUN_LAYER)["activation"].mean()
    found = sizes[own].set_index(RUN_LAYER)
    unseen = 100 * found["size"] / found["units"]
    activity = found["activation"] / others.reindex(found.index)
    return pd.DataFrame({"unseen": unseen, "activity": activity}).reset_index()


def in_order_of_values(table: pd.DataFrame) -> pd.DataFrame:
    """Sort what was measured part by part: by dataset, model and value; names as they came."""
    datasets, models = list(table["dataset"].unique()), list(MODELS)
    order = pd.DataFrame(
        {
            "dataset": 0 if over_datasets(table) else table["dataset"].map(datasets.index),
            "model": table["model"].map(models.index),
            "value": pd.to_numeric(table["value"], errors="coerce"),
        }
    )
    return table.loc[order.sort_values(["dataset", "model", "value"]).index].reset_index(drop=True)


def is_defined(table: pd.DataFrame) -> pd.Series:
    """Say of each row whether it is shown: ensembles are, as in the paper, of sparse layers."""
    key = [*EXPERIMENT, "layer"]
    sparse = table[(table["quantity"] == "sparsity") & (table["mean"] >= SPARSE)]
    of_sparse = pd.MultiIndex.from_frame(table[key]).isin(pd.MultiIndex.from_frame(sparse[key]))
    return ~table["quantity"].isin(OF_ENSEMBLES) | of_sparse


def printed(name: str, table: pd.DataFrame) -> Printed:
    """Print a row for each experiment."""
    one = over_datasets(table)  # which then is the value
    cells: dict[tuple[str, ...], dict[str, str]] = {}
    for row in records(table.assign(defined=is_defined(table))):
        heading, form = QUANTITIES[row["quantity"]]
        heading += "" if pd.isna(row["layer"]) else f" {row['layer']:g}"
        text = number_text(row["mean"], row["std"], form)
        if pd.isna(row["mean"]):
            text = "not defined"
        if not row["defined"]:
            text = DASH
        dataset = () if one else (DATASETS.get(row["dataset"], row["dataset"]),)
        index = (*dataset, MODELS[row["model"]], row["value"])
        cells.setdefault(index, {})[heading] = text
    grid = pd.DataFrame.from_dict(cells, orient="index")
    order = [h for start, _ in QUANTITIES.values() for h in grid if str(h).split(" ")[0] == start]
    grid = grid[order].fillna(DASH)
    varied = headline(table["varied"].iloc[0])
    names = ["Model", varied] if one else ["Dataset", "Model", varied]
    grid.index = pd.MultiIndex.from_tuples(list(cells), names=names)
    counts = sorted(set(table.loc[table["quantity"] == "accuracy", "n"]))
    many = " to ".join(map(str, dict.fromkeys([counts[0], counts[-1]])))
    many += " run" if counts == [1] else " runs"
    legend = (
        f"Mean ± standard deviation over {many}. S: sparsity of a layer. E: units in an "
        f"ensemble, in % of a layer. PR: participation ratio of the training images. {DASHES}"
    )
    if holds_out(table):
        legend += (
            " U: units in the ensemble of the category that was held out, in %. A: their "
            "activation, as a multiple of that of the other ensembles' units."
        )
    return Printed(name, f"Sweep {name}: over {varied.lower()}", grid, legend)


def headline(varied: str) -> str:
    """Return columns of the table of experiments as a heading."""
    return varied.replace("_", " ").capitalize()


def over_datasets(table: pd.DataFrame) -> bool:
    """Say whether the dataset is what varies, or a part of it."""
    return "dataset" in table["varied"].iloc[0].split(", ")


def holds_out(table: pd.DataFrame) -> bool:
    """Say whether the category that is held out is what varies, or a part of it."""
    return "held_out" in table["varied"].iloc[0].split(", ")


def value_of(row: Mapping[str, str]) -> str:
    """Return the value of one of `values` as it is printed; datasets and categories have names."""
    parts = zip(row["varied"].split(", "), row["value"].split(" / "), strict=True)
    return " / ".join(_named(row["dataset"], column, part) for column, part in parts)


def _named(dataset: str, column: str, value: str) -> str:
    if column == "dataset":
        return DATASETS.get(value, value)
    if column == "held_out" and value.isdigit():
        return CATEGORIES[dataset][int(value)]
    return "-" if value == "None" else value  # as in the table of experiments
