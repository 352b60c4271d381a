"""Accuracy of pruned networks."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from ffensembles.paper.figures.parts.run_shown import in_main
from ffensembles.paper.figures.parts.style import REFERENCE, new_figure, styled
from ffensembles.printing.names import DATASETS, MODELS

RANKINGS = {
    "ensembles": ("#0b60a6", "o"),
    "weight norm": ("#e69f00", "s"),
    "mean activation": ("#cc79a7", "^"),
    "random": ("#777777", "x"),
}
NAMES = {"random": "in random order"}
SETS = {
    "in ensembles": ("#0b60a6", "only the units in ensembles"),
    "in none": ("#d7191c", "only the units in none"),
    "as many live": ("#777777", "as many live units"),
}


@styled
def accuracies(table: pd.DataFrame, *, dataset: str) -> Figure:
    """Draw accuracy over the share of units kept: a row for each model, a column for each layer.

    Args:
        table: as `tables.beyond.pruning` gives it.
        dataset: which to show.
    """
    shown, models = in_main(table, dataset)
    layers = sorted(shown["layer"].unique())
    figure = new_figure(height=1.5 * len(models) + 0.9)
    grid = figure.subplots(len(models), len(layers), sharex=True, sharey=True, squeeze=False)
    for row, model in zip(grid, models, strict=True):
        rows = shown[shown["model"] == model]
        whole = rows.loc[rows["ranking"] == "whole", "mean"].item()
        for axes, layer in zip(row, layers, strict=True):
            axes.axhline(whole, **REFERENCE)
            _draw(axes, rows[rows["layer"] == layer])
        row[0].set_ylabel(f"{MODELS[model]}\nAccuracy")
    for top, bottom, layer in zip(grid[0], grid[-1], layers, strict=True):
        top.set_title(f"layer {layer}" if layer else "all layers")
        bottom.set_xlabel("Units kept")
    grid[0, 0].set(xscale="log", ylim=(0, 1))
    grid[0, 0].xaxis.set_major_locator(FixedLocator([1 / 64, 1 / 16, 1 / 4, 1]))
    grid[0, 0].xaxis.set_minor_locator(NullLocator())
    grid[0, 0].xaxis.set_major_formatter(FuncFormatter(_fraction))
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=3)
    figure.suptitle(DATASETS[dataset], x=0.01, ha="left", fontsize="medium")
    return figure


def _draw(axes: Axes, rows: pd.DataFrame) -> None:
    for ranking, (colour, marker) in RANKINGS.items():
        points = rows[rows["ranking"] == ranking].sort_values("share")
        x, y = points["share"].to_numpy(), points["mean"].to_numpy()
        deviation = points["std"].fillna(0).to_numpy()
        axes.plot(
            x,
            y,
            marker=marker,
            markersize=3,
            color=colour,
            label=NAMES.get(ranking, f"ranked by {ranking}"),
        )
        axes.fill_between(x, y - deviation, y + deviation, color=colour, alpha=0.2, linewidth=0)
    for name, (colour, label) in SETS.items():
        points = rows[rows["ranking"] == name]
        axes.plot(
            points["share"], points["mean"], "*", markersize=7, color=colour,
            markeredgecolor="white", markeredgewidth=0.5, label=label,
        )  # fmt: skip


def _fraction(share: float, _: object) -> str:
    return f"1/{round(1 / share)}" if share < 1 else "1"
