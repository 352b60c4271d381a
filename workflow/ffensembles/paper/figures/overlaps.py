"""Overlaps between the ensembles of two categories, all pairs (Figures 3B, 4C, 11, 12 and 14)."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ffensembles.analysis.ensembles import jaccard, shared_units
from ffensembles.paper.figures.parts.heat_maps import draw_matrix
from ffensembles.paper.figures.parts.run_shown import (
    by_category,
    by_experiment,
    categories_of,
    have_images,
    select,
    title,
)
from ffensembles.paper.figures.parts.style import (
    HIGHLIGHT,
    WIDTH,
    label_categories,
    new_figure,
    styled,
)
from ffensembles.printing.names import DASH


def overlaps(ensembles: pd.DataFrame, compare: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Compare the ensembles of one run and layer, all pairs: (categories, categories).

    NaN where one of the pair has no correctly classified images, hence no ensemble.

    Args:
        ensembles: rows of one run and layer.
        compare: what makes a matrix of active units (categories, units), such as `jaccard`.
    """
    there = have_images(ensembles)
    matrix = compare(by_category(ensembles, "active"))
    return np.where(there[:, None] & there, matrix, np.nan)


def largest_overlap(matrices: list[np.ndarray]) -> float:
    """Return the largest value off the diagonals: the end of a common colour scale."""
    off_diagonal = [matrix[~np.eye(len(matrix), dtype=bool)] for matrix in matrices]
    return float(np.nanmax(np.append(off_diagonal, 0))) or 1.0


def draw_overlaps(
    axes: Axes,
    matrix: np.ndarray,
    categories: list[str],
    *,
    vmax: float,
    panels: int = 1,
    unseen: int | None = None,
) -> QuadMesh:
    """Draw a matrix (categories, categories) with its numbers, its diagonal in grey.

    The diagonal compares an ensemble with itself, so it takes no part in the colour scale. A pair
    without a value is grey too, with a dash.

    Args:
        axes: where to draw.
        matrix: one value per pair of categories, or NaN.
        categories: their names.
        vmax: the value drawn darkest.
        panels: how many matrices stand side by side; numbers that would not fit are left out.
        unseen: the category whose row and column to put between red lines.

    Returns:
        what a colour bar is made of.
    """
    numbers = np.array([[_in_print(value) for value in row] for row in matrix])
    cell = 72 * 0.8 * WIDTH / max(panels, 2) / len(matrix)  # points
    if cell <= 4.1 * max(map(len, numbers.flat)):
        numbers[numbers != DASH] = ""
    grey = np.eye(len(matrix), dtype=bool) | np.isnan(matrix)
    mesh = draw_matrix(axes, np.ma.masked_array(matrix, grey), numbers, vmax=vmax)
    label_categories(axes, categories, start=0.5, both=True)
    axes.set_xlabel("Category")
    if unseen is not None:
        for border in (unseen, unseen + 1):
            axes.axhline(border, color=HIGHLIGHT, linewidth=1.2, clip_on=False)
            axes.axvline(border, color=HIGHLIGHT, linewidth=1.2, clip_on=False)
    return mesh


def _in_print(value: float) -> str:
    if np.isnan(value):
        return DASH
    return f"{value:.0f}" if value == int(value) else f"{value:.2f}"


def add_overlap_scale(
    matrix: QuadMesh, axes: Axes | list[Axes], label: str, *, whole: bool = False
) -> None:
    """Put the colour bar of matrices beside them; whole numbers of units get whole ticks."""
    bar = matrix.figure.colorbar(matrix, ax=axes, label=label, shrink=0.8, aspect=25)
    bar.ax.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10], integer=whole))


@styled
def jaccard_matrices(ensembles: pd.DataFrame, *, seed: int, layer: int) -> Figure:
    """Draw the Jaccard indices of one layer, a matrix per experiment, on one scale.

    Figures 12 and 14.
    """
    runs = [select(frame, seed=seed, layer=layer) for frame in by_experiment(ensembles)]
    matrices = [overlaps(run, jaccard) for run in runs]
    return _side_by_side(matrices, runs, list(map(title, runs)), "Jaccard index")


@styled
def unseen_overlaps(
    ensembles: pd.DataFrame, *, held_out: list[int], seed: int, layer: int
) -> Figure:
    """Draw the numbers of shared units, a matrix per study with its unseen category (Figure 11)."""
    frames = by_experiment(ensembles, len(held_out))
    runs = [select(frame, seed=seed, layer=layer) for frame in frames]
    matrices = [overlaps(run, shared_units) for run in runs]
    titles = [f"Unseen: {categories_of(run)[k]}" for run, k in zip(runs, held_out, strict=True)]
    return _side_by_side(matrices, runs, titles, "Shared units", held_out)


def _side_by_side(
    matrices: list[np.ndarray],
    runs: list[pd.DataFrame],
    titles: list[str],
    label: str,
    unseen: list[int] | None = None,
) -> Figure:
    count = len(matrices)
    figure = new_figure(height=1 + 5.2 / max(count, 2), width=WIDTH if count > 1 else 4)
    panels = figure.subplots(1, count, sharey=True, squeeze=False)[0]
    for k, axes in enumerate(panels):
        image = draw_overlaps(
            axes,
            matrices[k],
            categories_of(runs[k]),
            vmax=largest_overlap(matrices),
            panels=count,
            unseen=unseen[k] if unseen else None,
        )
        axes.set_title(titles[k])
    add_overlap_scale(image, list(panels), label, whole=unseen is not None)
    return figure
