"""Do ensembles form, and do they follow the groups to which a model assigns its units?"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from ffensembles.analysis.sparsity import SPARSE
from ffensembles.extras.beyond.answers import NO_ENSEMBLES, of_layers, runs_in_words
from ffensembles.extras.beyond.thresholds import IMPOSED, MARGIN, exceeds
from ffensembles.extras.studies.measurements import CONTROLS
from ffensembles.printing.names import dataset_and_model


def formation(sparsity: pd.DataFrame, ensembles: pd.DataFrame) -> Iterator[tuple[str, str, str]]:
    """Answer for each dataset and model whether its layers are sparse, and so have ensembles.

    Args:
        sparsity: the table of that name of a study; so is `ensembles`.

    Yields:
        Of what; `yes`, `in part` or `no`, for all, some or none of the layers; and the numbers.
    """
    keys = ["dataset", "model"]
    sizes = ensembles[[*keys, "layer", "mean"]].rename(columns={"mean": "size"})
    both = sparsity.merge(sizes, how="left", on=[*keys, "layer"])
    for (dataset, model), rows in both.groupby(keys, sort=False):
        sparse = rows["mean"] >= SPARSE
        word = "yes" if sparse.all() else "in part" if sparse.any() else "no"
        parts = [
            f"layer {layer}: S {s:.2f}" + (f", ensembles of {size:.0f} %" if s >= SPARSE else "")
            for layer, s, size in zip(rows["layer"], rows["mean"], rows["size"], strict=True)
        ]
        numbers = f"{runs_in_words(rows['n'].max())}: {'; '.join(parts)}"
        yield dataset_and_model(dataset, model), word, numbers


def answers(table: pd.DataFrame) -> Iterator[tuple[str, str, str]]:
    """Answer for each dataset and model.

    Args:
        table: as `measurements.own_shares` gives it.

    Yields:
        Of what, the word, and the numbers.
    """
    for (dataset, model), rows in table.groupby(["dataset", "model"], sort=False):
        yield dataset_and_model(dataset, model), *answer(rows)


def answer(rows: pd.DataFrame) -> tuple[str, str]:
    """Say of each layer whether its ensembles are imposed, emergent, or both in part.

    Imposed, where half of an ensemble lies in its category's own group, or more; emergent, where
    that share does not exceed the controls (the untrained network, shuffled labels, chance) by 10
    percentage points and by three standard deviations between runs.

    Args:
        rows: those of one dataset and model.
    """
    wide, deviations = (
        rows.pivot(index="layer", columns="of", values=of) for of in ("mean", "std")
    )
    words, parts = [], []
    for (layer, row), spread in zip(wide.iterrows(), deviations["trained"].fillna(0), strict=True):
        if pd.isna(row["trained"]):
            parts.append(f"layer {layer}: {NO_ENSEMBLES}")
            continue
        controls = row[list(CONTROLS)].max()
        above = exceeds(row["trained"], controls, spread, MARGIN)
        words.append("imposed" if row["trained"] >= IMPOSED else "in part" if above else "emergent")
        parts.append(
            f"layer {layer}, {words[-1]}: {row['trained']:.0f} % of an ensemble in its own group "
            f"(untrained {row['untrained']:.0f} %, labels shuffled {row['shuffled']:.0f} %, by "
            f"chance {row['chance']:.0f} %)"
        )
    numbers = f"{runs_in_words(rows['n'].max())}: {'; '.join(parts)}"
    return of_layers(words) if words else NO_ENSEMBLES, numbers
