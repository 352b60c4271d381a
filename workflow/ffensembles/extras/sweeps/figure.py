"""The figure of a sweep: what follows from a setting, and how accuracy goes with sparsity."""

from __future__ import annotations

from math import ceil

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ffensembles.analysis.sparsity import SPARSE
from ffensembles.extras.sweeps.table import EXPERIMENT, headline, is_defined, over_datasets
from ffensembles.paper.figures.parts.means import draw_means
from ffensembles.paper.figures.parts.style import (
    LAYER_COLOURS,
    MODEL_COLOURS,
    MODEL_LINES,
    REFERENCE,
    new_figure,
    styled,
    write_across,
)
from ffensembles.printing.names import DATASETS, MODELS

WIDE = 20  # values that span more than this factor lie on a logarithmic axis
ACROSS = 5  # entries in a row of the legend, at most
AXES = {
    "accuracy": "Accuracy",
    "sparsity": "Sparsity S",
    "ensembles": "Units in an ensemble (%)",
}


@styled
def sweep(table: pd.DataFrame) -> Figure:
    """Draw a row of panels for each dataset, or one where the dataset is what varies.

    Args:
        table: as `table.summarise` gives it.
    """
    table = table[is_defined(table)]
    varied = table["varied"].iloc[0]
    one = over_datasets(table)
    rows = [table] if one else [part for _, part in table.groupby("dataset", sort=False)]
    figure = new_figure(height=1.9 * len(rows) + 0.9)
    grid = figure.subplots(len(rows), len(AXES) + 1, squeeze=False)
    for panels, shown in zip(grid, rows, strict=True):
        for axes in panels[1:-1]:
            axes.sharex(panels[0])
        places = _places(shown, panels[:-1])
        for axes, (quantity, name) in zip(panels, AXES.items(), strict=False):
            _over_values(axes, shown[shown["quantity"] == quantity], places)
            axes.set(title=name, xlabel=headline(varied))
        panels[1].axhline(SPARSE, **REFERENCE)
        _accuracy_over_sparsity(panels[-1], shown)
        if not one:
            dataset = shown["dataset"].iloc[0]
            panels[0].set_ylabel(DATASETS.get(dataset, dataset))
    handles, labels = grid[0, 1].get_legend_handles_labels()
    columns = ceil(len(labels) / ceil(len(labels) / ACROSS))
    figure.legend(handles, labels, loc="outside upper center", ncols=columns)
    return figure


def _places(table: pd.DataFrame, panels: np.ndarray) -> dict[str, float]:
    """Return where each value lies on the x axis, and name the places where it is no number."""
    names = list(dict.fromkeys(table["value"]))
    try:
        places = {name: float(name) for name in names}
    except ValueError:
        for axes in panels:
            axes.set_xticks(range(len(names)), names, rotation=90)
        return {name: float(place) for place, name in enumerate(names)}
    low, high = min(places.values()), max(places.values())
    if low > 0 and high / low > WIDE:
        for axes in panels:
            axes.set_xscale("log")
            axes.set_xticks(list(places.values()), names, rotation=90)
            axes.minorticks_off()
    return places


def _over_values(axes: Axes, rows: pd.DataFrame, places: dict[str, float]) -> None:
    """Draw the mean ± std of every model and layer."""
    rows = rows.dropna(subset="mean")
    if rows.empty:
        write_across(axes, "not defined")
    for model in (name for name in MODELS if name in set(rows["model"])):
        of_model = rows[rows["model"] == model].fillna({"layer": 0}).astype({"layer": int})
        for number in sorted(set(of_model["layer"])):
            line = of_model[of_model["layer"] == number]
            draw_means(
                axes,
                line["value"].map(places),
                line["mean"],
                line["std"],
                model,
                color=LAYER_COLOURS[number % len(LAYER_COLOURS)]
                if number
                else MODEL_COLOURS[model],
                linestyle=MODEL_LINES[model],
                linewidth=1,
                label=f"{MODELS[model]}, layer {number}" if number else MODELS[model],
            )


def _accuracy_over_sparsity(axes: Axes, table: pd.DataFrame) -> None:
    """Draw every value: its accuracy, mean ± std, over its sparsity, averaged over layers."""
    means = table.pivot_table(["mean", "std"], EXPERIMENT, "quantity", "mean", dropna=False)
    for model, rows in means.groupby("model", sort=False):
        mean, std = rows["mean"], rows["std"]
        look = {"linestyle": "none", "linewidth": 1}
        draw_means(axes, mean["sparsity"], mean["accuracy"], std["accuracy"], str(model), **look)
    axes.set(title="Accuracy over sparsity", xlabel="S, mean of all layers")
