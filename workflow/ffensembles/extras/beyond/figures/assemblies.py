"""Ensembles beside the assemblies that are found without labels."""

import pandas as pd
from matplotlib.figure import Figure

from ffensembles.paper.figures.parts.run_shown import in_main
from ffensembles.paper.figures.parts.style import (
    MODEL_COLOURS,
    MODEL_MARKERS,
    label_categories,
    new_figure,
    styled,
)
from ffensembles.paper.figures.parts.words import names_in_figures
from ffensembles.printing.names import DATASETS, MODELS


@styled
def best_matches(frame: pd.DataFrame, *, dataset: str) -> Figure:
    """Draw how well each category's ensemble is matched, a panel for each layer.

    The grey bars reach from the higher of the nulls' means to what a match has to exceed.

    Args:
        frame: assemblies.parquet.
        dataset: which to show.
    """
    shown, models = in_main(frame, dataset)
    layers = sorted(shown["layer"].unique())
    figure = new_figure(height=2.9)
    panels = figure.subplots(1, len(layers), sharey=True, squeeze=False)[0]
    for axes, layer in zip(panels, layers, strict=True):
        rows = shown[shown["layer"] == layer].groupby(["model", "category"])
        values = rows[["jaccard", "permuted", "random", "null_high"]].mean()
        spread = rows["jaccard"].std().fillna(0)
        for place, model in enumerate(models):
            points = values.loc[model]
            x = points.index.to_numpy(float) + 0.24 * (place - (len(models) - 1) / 2)
            null = points[["permuted", "random"]].max(axis=1)
            axes.vlines(x, null, points["null_high"], color="0.75", linewidth=3, zorder=0)
            axes.errorbar(
                x,
                points["jaccard"],
                spread.loc[model],
                fmt=MODEL_MARKERS[model],
                color=MODEL_COLOURS[model],
                markersize=4,
                elinewidth=0.8,
                label=MODELS[model],
            )
        label_categories(axes, names_in_figures(dataset))
        axes.set_title(f"{DATASETS[dataset]}, layer {layer}")
        axes.set_xlabel("Category")
    panels[0].set(ylim=(0, 1.03), ylabel="Jaccard with the best assembly")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    return figure
