"""What is said under a table of numbers that are missing, or are not what they seem.

Categories and datasets are called as `printing.names` knows them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import pandas as pd

from ffensembles.analysis.sparsity import dead_layers
from ffensembles.paper.tables.departures import Departure
from ffensembles.printing.names import CATEGORIES, DATASETS, MODELS, dataset_and_model

EXPERIMENT = ["dataset", "model", "study"]


def unsound_runs(*measurements: pd.DataFrame) -> list[str]:
    """Say which runs diverged, and which are dead, by the sparsity that comes last."""
    return diverged_runs(measurements[-1]) + dead_runs(dead_layers(measurements[-1]))


def diverged_runs(measurement: pd.DataFrame) -> list[str]:
    """Say which runs diverged in training, and so are in no number.

    Args:
        measurement: with a row that says where in `diverged`; those of before said nothing.
    """
    if "diverged" not in measurement:
        return []
    found = measurement.dropna(subset="diverged").drop_duplicates([*EXPERIMENT, "seed"])
    return [
        f"{name}: the run of seed {row.seed} is left out, for it diverged in training "
        f"({row.diverged})."
        for name, rows in _by_experiment(found)
        for row in rows.itertuples()
    ]


def dead_runs(layers: pd.DataFrame) -> list[str]:
    """Say which runs have layers that answer no image, or all alike; a row for each is given."""
    notes = []
    for name, rows in _by_experiment(layers):
        seeds, numbers = (
            ", ".join(map(str, sorted(set(rows[column])))) for column in ("seed", "layer")
        )
        notes.append(
            f"{name}: the runs of seed {seeds} are dead, their layer {numbers} answers no image, "
            "or all alike; their numbers mean nothing."
        )
    return notes


def _by_experiment(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield what an experiment is called, and its rows; the study, where there are several."""
    for (dataset, model, study), part in rows.groupby(EXPERIMENT, sort=False):
        name = dataset_and_model(dataset, model)
        yield (name if study == "main" else f"{name} ({study})"), part


def lacking_runs(sparsities: pd.DataFrame, *others: object) -> list[str]:
    """Say which runs are left out, dead, or classify no test image correctly.

    Args:
        sparsities: sparsity.parquet tables, which know of every run.
        others: what else the table is made of.
    """
    nothing = sparsities[sparsities["category"].isna() & (sparsities["images"] == 0)]
    if "diverged" in nothing:
        nothing = nothing[nothing["diverged"].isna()]
    notes = unsound_runs(sparsities)
    for name, rows in _by_experiment(nothing):
        seeds = ", ".join(map(str, sorted(set(rows["seed"]))))
        notes.append(
            f"{name}: nothing is measured of the runs of seed {seeds}, which classify no test "
            "image correctly."
        )
    return notes


def lacking_ensembles(sizes: pd.DataFrame, sparsities: pd.DataFrame, *others: object) -> list[str]:
    """Say which ensembles there are not, for want of correctly classified images.

    Args:
        sizes: as `measurements.read_sizes` gives them.
        sparsities: sparsity.parquet tables.
        others: what else the table is made of.
    """
    notes = lacking_runs(sparsities)
    for dataset, rows in sizes.groupby("dataset", sort=False):
        measured = set(rows["category"])
        if absent := _absent(str(dataset), measured):
            notes.append(
                f"{DATASETS[str(dataset)]}: no run classifies a test image of {absent} correctly, "
                "so that averages are over the other categories."
            )
        for model, runs in rows.groupby("model"):
            short = {
                seed: measured - set(found) for seed, found in runs.groupby("seed")["category"]
            }
            left_out = [str(seed) for seed, lacking in short.items() if lacking]
            if left_out:
                lacking = _names(str(dataset), set().union(*short.values()))
                notes.append(
                    f"{dataset_and_model(dataset, model)}: averages are "
                    f"without the runs of seed {', '.join(left_out)}, which classify no image of "
                    f"some categories ({lacking}) correctly."
                )
    return notes


def lacking_probes(probes: pd.DataFrame, *others: object) -> list[str]:
    """Say which runs diverged or are dead, and on which categories no probe is judged.

    Args:
        probes: probes.parquet tables.
        others: what else the table is made of.
    """
    notes = diverged_runs(probes)
    if "dead" in probes:
        layers = probes.dropna(subset="dead").assign(layer=lambda rows: rows["dead"].str.split("+"))
        notes += dead_runs(layers.explode("layer"))
    for dataset, categories in probes.groupby("dataset", sort=False)["category"]:
        if absent := _absent(str(dataset), set(categories.dropna())):
            notes.append(
                f"{DATASETS[str(dataset)]}: there is no test image of {absent}, so that nothing "
                "is measured on it."
            )
    return notes


# What a kind of model may lack, in words.
LACKS = {
    "incoming": "its units have no incoming weights",
    "prune": "it cannot be pruned",
    "assigned": "its units are assigned to no category",
}
# What a unit is, where the column `unit` says it.
UNITS = {
    "channel": "a unit is a channel, its activation the mean over all positions after ReLU",
    "position": "a unit is a channel at a position, its activation that after ReLU",
    "normalised": "a unit is a channel, its activation the mean of its normalised output",
}


def kinds_left_out(models: Iterable[tuple[str, str]]) -> list[str]:
    """Say which models are left out because they lack what is measured, by `selection.left_out`."""
    return [f"{MODELS[model]} is left out: {LACKS[lacking]}." for model, lacking in models]


def units_meant(units: Iterable[tuple[str, str]]) -> list[str]:
    """Say what a unit is of each of these models, by `selection.units_meant`."""
    return [f"{MODELS[model]}: {UNITS.get(unit, unit)}." for model, unit in units]


def stand_ins(copies: Mapping[str, str]) -> list[str]:
    """Say of each dataset that stands for one of the paper's beside whose numbers it is shown."""
    names = [[DATASETS.get(name, name) for name in pair] for pair in copies.items()]
    return [f"{copy} stands for {of}, whose reported numbers are beside it." for copy, of in names]


def departed(departures: Iterable[Departure]) -> list[str]:
    """Say that these experiments are not the paper's, and in what, if there are any."""
    rows = in_words(departures)
    return [f"Not trained with the paper's settings: {rows}."] if rows else []


def in_words(departures: Iterable[Departure]) -> str:
    """Say of each of these experiments in what it differs from the paper's."""
    return ". ".join(
        f"{DATASETS[data]}, {MODELS[model]}: {words}" for data, model, words in departures
    )


def _absent(dataset: str, measured: set[int]) -> str:
    """Name the categories of a dataset that are not among those measured."""
    known = range(len(CATEGORIES.get(dataset, [])))
    return _names(dataset, set(known) - measured)


def _names(dataset: str, categories: set[int]) -> str:
    names = CATEGORIES.get(dataset, [])
    return ", ".join(names[k] if k < len(names) else str(k) for k in sorted(categories))
