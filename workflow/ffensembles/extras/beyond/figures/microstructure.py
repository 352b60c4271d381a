"""Images of a category by activation pattern."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure, SubFigure

from ffensembles.paper.figures.parts.run_shown import in_main
from ffensembles.paper.figures.parts.style import new_figure, styled
from ffensembles.paper.figures.parts.unit_grids import draw_input
from ffensembles.paper.figures.parts.words import names_in_figures
from ffensembles.printing.names import DATASETS, MODELS

SHOWN = 3  # categories of each model
IMAGES = 6  # of each pattern


@styled
def nearest_images(frame: pd.DataFrame, images: np.ndarray, *, dataset: str, seed: int) -> Figure:
    """Draw the images nearest to each pattern's centre, a block for each model.

    Of each model the categories with the highest silhouette, one for each layer.

    Args:
        frame: microstructure.parquet.
        images: of the test set, (M, C, H, W) uint8.
        dataset: which to show.
        seed: of the run.
    """
    shown, models = in_main(frame, dataset, seed=seed)
    figure = new_figure(height=1.35 * SHOWN + 0.3)
    figure.suptitle(DATASETS[dataset], x=0.01, ha="left", fontsize="medium")
    for block, model in zip(
        figure.subfigures(1, len(models), squeeze=False)[0], models, strict=True
    ):
        rows = shown[shown["model"] == model]
        best = rows.loc[rows.groupby("layer")["silhouette"].idxmax()].head(SHOWN)
        block.suptitle(MODELS[model], fontsize="medium")
        panels = block.subfigures(SHOWN, 1, squeeze=False)[:, 0]
        for panel, row in zip(panels, best.to_dict("records"), strict=False):
            _draw(panel, row, images, names_in_figures(dataset)[row["category"]])
    return figure


def _draw(panel: SubFigure, row: dict, images: np.ndarray, category: str) -> None:
    patterns = list(zip(row["shares"], row["nearest"], strict=True))
    panel.suptitle(
        f"layer {row['layer']}, {category}: silhouette {row['silhouette']:.2f}", fontsize="x-small"
    )
    grid = panel.subplots(len(patterns), IMAGES, squeeze=False, gridspec_kw={"wspace": 0.05})
    for line, (share, nearest) in zip(grid, patterns, strict=True):
        for axes in line:
            axes.set_axis_off()
        for axes, place in zip(line, nearest, strict=False):
            axes.set_axis_on()
            draw_input(axes, images[place])
        line[0].set_ylabel(f"{share:.0%}", rotation=0, ha="right", va="center", fontsize="x-small")
