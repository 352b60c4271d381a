"""Ensembles during training."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ffensembles.paper.figures.parts.run_shown import in_main
from ffensembles.paper.figures.parts.style import ACTIVE, LAYER_COLOURS, new_figure, styled
from ffensembles.paper.figures.parts.words import names_in_figures
from ffensembles.printing.names import DATASETS, MODELS, OfModels

LAYERWISE = OfModels("layerwise")

PANELS = {
    "size": "Units in an ensemble",
    "sparsity": "Sparsity S",
    "to_end": "Jaccard with the end",
}


@styled
def courses(table: pd.DataFrame, *, dataset: str) -> Figure:
    """Draw size, sparsity and similarity to the end over the epochs, a column for each model.

    Dotted: the similarity of sets as large, drawn at random.

    Args:
        table: as `tables.beyond.dynamics` gives it.
        dataset: which to show.
    """
    shown, models = in_main(table, dataset)
    figure = new_figure(height=4.8)
    grid = figure.subplots(len(PANELS), len(models), sharex="col", sharey="row", squeeze=False)
    for column, model in enumerate(models):
        rows = shown[shown["model"] == model]
        for axes, value in zip(grid[:, column], PANELS, strict=True):
            for layer in sorted(rows["layer"].unique()):
                points = rows[rows["layer"] == layer]
                colour = LAYER_COLOURS[layer % len(LAYER_COLOURS)]
                axes.plot(
                    points["epoch"],
                    points[value],
                    marker="o",
                    markersize=3,
                    color=colour,
                    label=f"layer {layer}",
                )
                if value == "to_end":
                    axes.plot(points["epoch"], points["by_chance"], ":", color=colour)
        clock = "Epoch of each layer" if LAYERWISE[model] else "Epoch"
        grid[0, column].set_title(f"{MODELS[model]} on {DATASETS[dataset]}")
        grid[-1, column].set_xlabel(clock)
        _epochs(grid[-1, column], rows["epoch"])
    for axes, heading in zip(grid[:, 0], PANELS.values(), strict=True):
        axes.set(ylabel=heading, ylim=(0, None))
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    return figure


@styled
def raster(frame: pd.DataFrame, *, dataset: str, category: int) -> Figure:
    """Draw which units are in one category's ensemble at each snapshot of layer 1.

    Units that never are in it are left out; the others are in the order in which they came last.

    Args:
        frame: dynamics.parquet.
        dataset: which to show.
        category: whose ensemble.
    """
    shown, models = in_main(frame, dataset, layer=1, category=category)
    figure = new_figure(height=3)
    for axes, model in zip(figure.subplots(1, len(models), squeeze=False)[0], models, strict=True):
        rows = shown[shown["model"] == model].sort_values("epoch")
        active = np.zeros((int(rows["units"].max()), len(rows)), dtype=bool)
        for place, members in enumerate(rows["members"]):
            active[np.asarray(members, dtype=int), place] = True
        _draw_raster(axes, active[active.any(axis=1)], rows["epoch"].tolist())
        axes.set_title(f"{MODELS[model]}, layer 1")
    name = names_in_figures(dataset)[category]
    figure.suptitle(f"{DATASETS[dataset]}, {name}", x=0.01, ha="left", fontsize="medium")
    return figure


def _draw_raster(axes: Axes, active: np.ndarray, epochs: list[int]) -> None:
    """Draw (units, snapshots): those of the end first, each by when it last joined for good."""
    stays = np.cumprod(active[:, ::-1], axis=1).sum(axis=1)  # snapshots up to the end, unbroken
    first = active.argmax(axis=1)
    order = np.lexsort([first, -stays])
    unit, place = np.nonzero(active[order])
    axes.barh(unit, 0.9, height=1, left=place - 0.45, color=ACTIVE, linewidth=0)
    axes.set(xlim=(-0.5, len(epochs) - 0.5), ylim=(max(len(active), 1) - 0.5, -0.5))
    every = 1 if len(epochs) < 10 else 2  # counted from the end, which is always named
    places = range(len(epochs))[::-every]
    axes.set_xticks(places, [str(epochs[place]) for place in places], fontsize="x-small")
    axes.set(xlabel="Epoch", ylabel="Unit (ever in the ensemble)")


def _epochs(axes: Axes, epochs: pd.Series) -> None:
    """Let the axis begin with epoch 0 and then go by powers of two, as the snapshots do."""
    axes.set_xscale("symlog", base=2, linthresh=1, linscale=0.6)
    last = int(epochs.max())
    ticks = [0, *(4**k for k in range(8) if 4**k < 0.5 * last), last]
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.set_xlim(-0.3, 1.15 * last)
    axes.minorticks_off()
