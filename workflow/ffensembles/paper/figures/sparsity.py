"""Sparsity of category-specific representations (Figure 2)."""

from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ffensembles.analysis.sparsity import SPARSE
from ffensembles.paper.figures.parts.run_shown import categories_of, dataset_of
from ffensembles.paper.figures.parts.style import (
    MODEL_COLOURS,
    MODEL_MARKERS,
    REFERENCE,
    label_categories,
    new_figure,
    styled,
)
from ffensembles.printing.names import DATASETS, MODELS

NO_VALUE = "no correct images, or all of them silent"
MANY = 20  # categories, whose points are drawn smaller
MARK: dict[str, Any] = {"marker": "_", "markersize": 2.5, "linestyle": "none"}


@styled
def category_sparsity(sparsity: pd.DataFrame) -> Figure:
    """Draw the sparsity of each category, a panel per layer: mean and deviation over the runs.

    A dash on the axis stands for a category of which no run has a value.

    Args:
        sparsity: rows of one dataset, all its models, runs, layers and categories.
    """
    runs = sparsity.dropna(subset="category").astype({"category": int})
    categories = categories_of(sparsity)
    layers = sorted(sparsity["layer"].unique())
    models = [model for model in MODELS if model in set(sparsity["model"])]

    figure = new_figure(height=2.5)
    panels = figure.subplots(1, len(layers), sharey=True, squeeze=False)[0]
    dashes = 0
    for axes, layer in zip(panels, layers, strict=True):
        axes.axhline(SPARSE, **REFERENCE)
        dashes += _draw_points(axes, runs[runs["layer"] == layer], models, len(categories))
        label_categories(axes, categories)
        axes.set_xlim(-0.6, len(categories) - 0.4)
        axes.set(xlabel="Category", title=f"{DATASETS[dataset_of(sparsity)]}, layer {layer}")
    panels[0].set(ylim=(0, 1), ylabel="Sparsity S")
    handles = _legend(models, dashes=dashes > 0)
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    return figure


def _draw_points(axes: Axes, rows: pd.DataFrame, models: list[str], categories: int) -> int:
    """Draw the points of one layer, models side by side; return how many are dashes."""
    dodge = 0.24 * (len(models) - 1)
    if len(rows):
        sns.pointplot(
            rows,
            x="category",
            y="sparsity",
            hue="model",
            order=range(categories),
            hue_order=models,
            palette={model: MODEL_COLOURS[model] for model in models},
            markers=[MODEL_MARKERS[model] for model in models],
            markersize=4 if categories <= MANY else 2.5,
            markeredgewidth=1,
            linestyle="none",
            dodge=dodge,
            errorbar="sd",
            err_kws={"linewidth": 0.8},
            legend=False,
            ax=axes,
        )
    dashes = 0
    for model, place in zip(models, np.linspace(-dodge, dodge, len(models)) / 2, strict=True):
        known = rows[(rows["model"] == model) & rows["sparsity"].notna()]["category"]
        absent = np.setdiff1d(range(categories), known)
        if absent.size:
            at = absent + place, np.full(len(absent), 0.03)
            axes.plot(*at, color=MODEL_COLOURS[model], **MARK)
        dashes += absent.size
    return dashes


def _legend(models: list[str], *, dashes: bool) -> list[Line2D]:
    handles = [Line2D([], [], **REFERENCE, label="not sparse below")]
    for model in models:
        marker, colour = MODEL_MARKERS[model], MODEL_COLOURS[model]
        handles.append(
            Line2D([], [], marker=marker, color=colour, linestyle="none", label=MODELS[model])
        )
    if dashes:
        handles.append(Line2D([], [], **MARK, color="0.4", label=NO_VALUE))
    return handles
