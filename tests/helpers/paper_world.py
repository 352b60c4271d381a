"""Evidence in which every number is the paper's own, and what it only shows is drawn to match."""

import numpy as np
import pandas as pd

from ffensembles.paper.claims.evidence import PAPER, Evidence
from ffensembles.paper.tables.reported import read_reported
from helpers import REPORTED

UNITS = 1000
RUNS = 10


def paper(number: int) -> pd.DataFrame:
    return read_reported(REPORTED / f"table{number}.csv").drop(columns="mark")


def in_study(number: int, study: str, value: str) -> pd.DataFrame:
    table = paper(number).drop(columns="std").rename(columns={"mean": value})
    return table.assign(study=study, seed=0)


def over_runs(number: int, study: str, value: str) -> pd.DataFrame:
    """Return ten runs with the mean and standard deviation that the paper reports."""
    spread = np.linspace(-1, 1, RUNS)
    spread /= spread.std(ddof=1)
    table = paper(number).fillna({"std": 0.0})
    runs = [
        table.assign(seed=seed, **{value: table["mean"] + table["std"] * z})
        for seed, z in enumerate(spread)
    ]
    return pd.concat(runs).drop(columns=["mean", "std"]).assign(study=study)


def sparsity() -> pd.DataFrame:
    studies = {2: "main", 12: "l1-goodness", 9: "l1-regularised"}
    without = pd.DataFrame(
        [("fashionmnist", "ff", f"without-{k}", 0, 1, 0.85) for k in range(10)],
        columns=["dataset", "model", "study", "seed", "layer", "sparsity"],
    )
    overall = pd.concat([*(over_runs(n, s, "sparsity") for n, s in studies.items()), without])
    parts = [overall.assign(category=c, images=100) for c in (pd.NA, *range(10))]
    return pd.concat(parts, ignore_index=True).astype({"category": "Int64"})


def training_sparsity(sparsity: pd.DataFrame, sizes: pd.DataFrame) -> pd.DataFrame:
    """Return sparsity and ensembles on training images: much as on the others."""
    sizes = sizes.astype({"category": "Int64"})
    keys = [column for column in sizes if column not in ("size", "units")]
    return sparsity.assign(sparsity=sparsity["sparsity"] + 0.01).merge(sizes, how="left", on=keys)


def sizes() -> pd.DataFrame:
    table = pd.concat([in_study(3, "main", "percent"), in_study(13, "l1-goodness", "percent")])
    # Where the paper prints a dash the layer is non-sparse: it has ensembles in name only.
    table = table.fillna({"percent": 7.0})
    table = table.assign(size=(table["percent"] * UNITS / 100).round(), units=UNITS)
    without = [("fashionmnist", "ff", f"without-{k}", 0, 1, 50, UNITS) for k in range(10)] + [
        ("mnist", "bp", "l1-regularised", 0, 1, 60, UNITS)
    ]
    columns = ["dataset", "model", "study", "seed", "layer", "size", "units"]
    table = pd.concat([table[columns], pd.DataFrame(without, columns=columns)])
    parts = [table.assign(category=c) for c in range(10)]
    return pd.concat(parts, ignore_index=True)


OWN = {("mnist", "main"): 37, ("fashionmnist", "main"): 38, ("fashionmnist", "l1-goodness"): 60}


def ensemble(dataset: str, study: str, category: int) -> list[int]:
    """Units of a layer-1 ensemble: some of its own, some shared where the paper shows sharing.

    The sizes are those of the paper.
    """
    own = list(range(60 * category, 60 * category + OWN.get((dataset, study), 50)))
    if study == "l1-regularised":
        return [*own, 990]
    if dataset == "fashionmnist":
        for start, group in ((800, (2, 4, 6)), (900, (5, 7, 9))):
            if category in group:
                return [*own, *range(start, start + 20)]
    return own


def members() -> pd.DataFrame:
    runs = [("mnist", "ff", "main"), ("mnist", "bp", "l1-regularised")]
    runs += [("fashionmnist", "ff", s) for s in ("main", "l1-goodness")]
    runs += [("fashionmnist", "ff", f"without-{k}") for k in range(10)]
    rows = [
        (*run, 0, 1, category, unit, 0.5 if run[2] == f"without-{category}" else 1.0)
        for run in runs
        for category in range(10)
        for unit in ensemble(run[0], run[2], category)
    ]
    columns = ["dataset", "model", "study", "seed", "layer", "category", "unit", "mean"]
    return pd.DataFrame(rows, columns=columns)


def significance() -> pd.DataFrame:
    rows = [
        (dataset, model, "main", 0, layer, 0, unit, p)
        for dataset in PAPER
        for model in ("ff", "bpff")
        for layer in (1, 2, 3)
        for unit in range(UNITS)
        # The last layer of BP/FF, which is not sparse, has ensembles in name only.
        for p in [0.5 if (model, layer) == ("bpff", 3) else 0.0]
    ]
    columns = ["dataset", "model", "study", "seed", "layer", "category", "unit", "p_value"]
    frame = pd.DataFrame(rows, columns=columns)
    there = (frame["dataset"] == "cifar10") & (frame["model"] == "bpff") & (frame["layer"] == 2)
    frame.loc[there & (frame["unit"] < 20), "p_value"] = 0.06
    return frame


def balance() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    table = in_study(4, "main", "rho").merge(in_study(5, "main", "bias"))
    parts = []
    for row in table.to_dict("records"):
        noise = rng.normal(0, 0.02, UNITS)
        if row["model"] == "bpff" and row["layer"] == 2:
            noise += np.where(np.arange(UNITS) < UNITS // 2, 0.1, -0.1)
        rho = row.pop("rho") + noise
        parts.append(pd.DataFrame({**row, "positive_fraction": rho, "unit": range(UNITS)}))
    return pd.concat(parts, ignore_index=True)


def probes() -> pd.DataFrame:
    unseen = paper(7).drop(columns="std").assign(study=lambda t: "without-" + t["category"])
    overall = paper(8).drop(columns="std")
    # The paper has no probe of a model that saw every category; its baseline is the model's own.
    baseline = overall[overall["category"] == "baseline"].assign(study="main", category=pd.NA)
    overall = overall[overall["category"].str.isdigit()]
    overall = overall.assign(study="without-" + overall["category"], category=pd.NA)
    seen = [overall[overall["study"] != f"without-{c}"].assign(category=str(c)) for c in range(10)]
    table = pd.concat([unseen, overall, baseline, *seen], ignore_index=True)
    table["category"] = pd.to_numeric(table["category"]).astype("Int64")
    return table.rename(columns={"mean": "accuracy"}).assign(seed=0, layers="1+2+3")


def similarity() -> pd.DataFrame:
    table = paper(10).drop(columns="std").rename(columns={"mean": "value"})
    models = table["pair"].str.split("-", expand=True)
    table = table.assign(model_a=models[0], model_b=models[1], seed=0)
    return table.assign(layer_a=table["layer"], layer_b=table["layer"]).drop(
        columns=["pair", "layer"]
    )


def layer_similarity() -> pd.DataFrame:
    rows = [
        (dataset, 0, "CKA", "ff", "ff", a, b, value)
        for dataset in PAPER
        for a, b, value in (
            (1, 2, 0.8),
            (2, 3, 0.7 if dataset == "fashionmnist" else 0.3),
            (1, 3, 0.2),
        )
    ]
    columns = ["dataset", "seed", "metric", "model_a", "model_b", "layer_a", "layer_b", "value"]
    return pd.DataFrame(rows, columns=columns)


def with_held_out(table: pd.DataFrame) -> pd.DataFrame:
    """Say in `held_out` which category the studies without-k never saw."""
    held_out = table["study"].str.extract(r"^without-(\d)$")[0]
    return table.assign(held_out=held_out.astype("Int64"))


def world() -> Evidence:
    measured, ensembles = sparsity(), sizes()
    return Evidence(
        {
            "accuracy": pd.concat(
                [in_study(1, "main", "accuracy"), in_study(11, "l1-goodness", "accuracy")]
            ).assign(category=pd.NA),
            "sparsity": measured,
            "sizes": with_held_out(ensembles),
            "members": members(),
            "significance": significance(),
            "balance": balance(),
            "probes": with_held_out(probes()),
            "similarity": similarity(),
            "layer_similarity": layer_similarity(),
            "training_sparsity": training_sparsity(measured, ensembles),
        }
    )
