"""Ensembles under other factors than the paper's 2."""

import pandas as pd
from matplotlib.figure import Figure

from ffensembles.analysis.ensembles import FACTOR
from ffensembles.paper.figures.parts.means import draw_means
from ffensembles.paper.figures.parts.run_shown import in_main
from ffensembles.paper.figures.parts.style import (
    LAYER_COLOURS,
    REFERENCE,
    new_figure,
    styled,
)
from ffensembles.printing.names import DATASETS, MODELS

PANELS = {
    "size": "Units in an ensemble",
    "overlap": "Jaccard of two categories",
    "in_one": "Units in exactly one",
}


@styled
def factors(table: pd.DataFrame, *, dataset: str) -> Figure:
    """Draw size, overlap and exclusiveness of ensembles over the factor: a row for each model.

    Args:
        table: as `tables.beyond.definition` gives it.
        dataset: which to show.
    """
    shown, models = in_main(table.dropna(subset="mean"), dataset)
    figure = new_figure(height=1.5 * len(models) + 0.8)
    grid = figure.subplots(len(models), len(PANELS), sharex=True, sharey="col", squeeze=False)
    for row, model in zip(grid, models, strict=True):
        for axes, measure in zip(row, PANELS, strict=True):
            rows = shown[(shown["model"] == model) & (shown["measure"] == measure)]
            for layer in sorted(rows["layer"].unique()):
                points = rows[rows["layer"] == layer]
                draw_means(
                    axes,
                    points["factor"],
                    points["mean"],
                    points["std"],
                    model,
                    color=LAYER_COLOURS[layer % len(LAYER_COLOURS)],
                    label=f"layer {layer}",
                )
            axes.axvline(FACTOR, **REFERENCE)
        row[0].set_ylabel(MODELS[model])
    for top, bottom, heading in zip(grid[0], grid[-1], PANELS.values(), strict=True):
        top.set_title(heading)
        bottom.set(xlabel="Factor f in x̄ > f·LOO", ylim=(0, None))
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))
    figure.suptitle(DATASETS[dataset], x=0.01, ha="left", fontsize="medium")
    return figure
