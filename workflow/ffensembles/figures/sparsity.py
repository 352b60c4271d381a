"""Sparsity of category-specific representations (Figure 2)."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ffensembles.figures.run_shown import categories_of, dataset_of
from ffensembles.figures.style import (
    DASH,
    MODEL_COLOURS,
    MODEL_MARKERS,
    REFERENCE,
    label_categories,
    new_figure,
    styled,
)
from ffensembles.printing.names import DATASETS, MODELS

NO_VALUE = "no correct images, or all of them silent"
SPARSE = 0.5  # below it, section 3.5 calls a representation non-sparse


@styled
def category_sparsity(sparsity: pd.DataFrame) -> Figure:
    """Draw the sparsity of each category, a panel per layer: mean and deviation over the runs.

    A dash on the axis stands for a category of which no run has a value.

    Args:
        sparsity: rows of one dataset, all its models, runs, layers and categories.
    """
    runs = sparsity.dropna(subset="category")
    categories = categories_of(runs)
    summary = runs.groupby(["layer", "model", "category"])["sparsity"].agg(["mean", "std"])
    layers = sorted(runs["layer"].unique())
    models = [model for model in MODELS if model in set(runs["model"])]

    figure = new_figure(height=2.5)
    panels = figure.subplots(1, len(layers), sharey=True, squeeze=False)[0]
    for axes, layer in zip(panels, layers, strict=True):
        axes.axhline(SPARSE, **REFERENCE, label="not sparse below")
        for place, model in enumerate(models):
            points = summary.loc[(layer, model)].reindex(range(len(categories)))
            places = points.index.to_numpy(int) + 0.24 * (place - (len(models) - 1) / 2)
            for x in places[points["mean"].isna()]:
                axes.text(x, 0.01, DASH, color=MODEL_COLOURS[model], ha="center", va="bottom")
            axes.errorbar(
                places,
                points["mean"].to_numpy(),
                points["std"].to_numpy(),
                fmt=MODEL_MARKERS[model],
                color=MODEL_COLOURS[model],
                elinewidth=0.8,
                label=MODELS[model],
            )
        label_categories(axes, categories)
        axes.set_xlabel("Category")
        axes.set_title(f"{DATASETS[dataset_of(runs)]}, layer {layer}")
    panels[0].set(ylim=(0, 1), ylabel="Sparsity $S$")
    handles, _ = panels[0].get_legend_handles_labels()
    if any(axes.texts for axes in panels):
        handles.append(
            Line2D([], [], color="0.4", marker=f"${DASH}$", linestyle="", label=NO_VALUE)
        )
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    return figure
