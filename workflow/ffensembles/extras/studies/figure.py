"""The figure of a published study: do its layers form ensembles, and do these follow groups?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ffensembles.analysis.sparsity import SPARSE
from ffensembles.extras.studies.measurements import CONTROLS, TRAINED
from ffensembles.paper.figures.parts.means import draw_means
from ffensembles.paper.figures.parts.style import (
    MODEL_LINES,
    REFERENCE,
    new_figure,
    styled,
    write_across,
)
from ffensembles.printing.names import DATASETS, MODELS

LOOKS: dict[str, dict[str, Any]] = {
    name: {"color": "0.5", "linewidth": 0.9, "linestyle": line, "marker": "_"}
    for name, line in zip(CONTROLS, ("--", ":", "-"), strict=True)
}


@styled
def by_layer(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw a row of panels for each dataset: sparsity, ensembles and own groups over the layers.

    Args:
        tables: `sparsity`, `ensembles` and `groups`, as the tables of a study have them.
    """
    groups = tables["groups"]
    datasets = list(dict.fromkeys(tables["sparsity"]["dataset"]))
    figure = new_figure(height=1.9 * len(datasets) + 0.9)
    grid = figure.subplots(len(datasets), 3, squeeze=False, sharex=True)
    for (sparsity, sizes, own), dataset in zip(grid, datasets, strict=True):
        of_dataset = {name: table[table["dataset"] == dataset] for name, table in tables.items()}
        sparsity.axhline(SPARSE, **REFERENCE)
        sparsity.set(ylim=(0, 1), ylabel=DATASETS.get(dataset, dataset))
        _models(sparsity, of_dataset["sparsity"])
        ensembles = of_dataset["ensembles"]  # of sparse layers, as in the paper and the table
        _models(sizes, ensembles.assign(mean=ensembles["mean"].where(ensembles["sparse"])))
        sizes.set_ylim(bottom=0)
        shares = of_dataset["groups"]
        if shares.empty:
            write_across(own, "no units are assigned")
        for name, look in LOOKS.items():
            for _, rows in shares[shares["of"] == name].groupby("model"):
                own.plot(rows["layer"], rows["mean"], **look)
        _models(own, shares[shares["of"] == TRAINED])
        own.set_ylim(0, max(50, 1.1 * groups["mean"].max()))
    for axes in grid[-1]:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("Layer")
    titles = ("Sparsity S", "Units in an ensemble (%)", "Ensemble in its own group (%)")
    for axes, title in zip(grid[0], titles, strict=True):
        axes.set_title(title)
    _legend(figure, grid)
    return figure


def _models(axes: Axes, table: pd.DataFrame) -> None:
    """Draw the mean ± std of every model over the layers."""
    for model in (name for name in MODELS if name in set(table["model"])):
        rows = table[table["model"] == model]
        look = {"linestyle": MODEL_LINES[model], "linewidth": 1, "label": MODELS[model]}
        draw_means(axes, rows["layer"], rows["mean"], rows["std"], model, **look)


def _legend(figure: Figure, grid: Any) -> None:
    """Name every model once, and the controls."""
    named: dict[str, Any] = {}
    for axes in grid[:, 0]:
        named |= dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    for name, look in LOOKS.items():
        named[CONTROLS[name]] = Line2D([], [], **look)
    figure.legend(list(named.values()), list(named), loc="outside upper center", ncols=len(named))
