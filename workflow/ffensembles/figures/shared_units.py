"""Units shared between the ensembles of two categories (Figures 3, 4C, 11, 12 and 14)."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ffensembles.analysis.ensembles import jaccard
from ffensembles.analysis.ensembles import shared_units as count_shared
from ffensembles.data.datasets import load
from ffensembles.figures.parts.heat_maps import draw_matrix
from ffensembles.figures.parts.run_shown import (
    by_category,
    by_experiment,
    categories_of,
    choose_examples,
    have_images,
    select,
    title,
)
from ffensembles.figures.parts.style import (
    HIGHLIGHT,
    WIDTH,
    label_categories,
    new_figure,
    panel_letter,
    styled,
)
from ffensembles.figures.parts.unit_grids import SCALE_HEIGHT, draw_input, draw_responses
from ffensembles.files import Paths
from ffensembles.printing.names import DASH
from ffensembles.representations import stored
from ffensembles.representations.extraction import images_seen
from ffensembles.representations.stored import Representation


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
    if cell <= 4.3 * max(map(len, numbers.flat)):
        numbers[numbers != DASH] = ""
    grey = np.eye(len(matrix), dtype=bool) | np.isnan(matrix)
    mesh = draw_matrix(axes, np.ma.masked_array(matrix, grey), numbers, vmax=vmax)
    label_categories(axes, categories, start=0.5)
    axes.set_yticks(np.arange(len(categories)) + 0.5, categories)
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


def examples_sharing(
    representation: Representation, active: np.ndarray, categories: list[int]
) -> list[int]:
    """Choose an image of each category: the one that activates most units they all share.

    Args:
        representation: of one layer.
        active: (categories, units) the ensembles of the same layer.
        categories: the categories of which to choose; each has images.

    Returns:
        rows of the representation; the first of several as good.

    """
    shared = active[categories].all(axis=0)
    chosen = []
    for category in categories:
        rows = np.flatnonzero(representation.labels == category)
        activated = (representation.activations[np.ix_(rows, shared)] > 0).sum(axis=1)
        chosen.append(int(rows[activated.argmax()]))
    return chosen


def of_run(
    representations: Paths,
    ensembles: pd.DataFrame,
    dataset: Paths,
    *,
    seed: int,
    layer: int,
    examples: list[int],
) -> Figure:
    """Draw the units shared between ensembles of a run (Figure 3).

    Args:
        representations: the file of that run.
        ensembles: of its experiment.
        dataset: the file of its dataset.
        seed: the run.
        layer: the layer shown, counted from 1.
        examples: the categories of panel A, where images of them are classified correctly.
    """
    rows = select(ensembles, seed=seed, layer=layer)
    read = stored.read(representations[0], layer)
    chosen = choose_examples(read, examples)
    shown = examples_sharing(read, by_category(rows, "active"), chosen)
    return shared_units(
        list(images_seen(representations[0], load(dataset[0]), read.index[shown])),
        [read.activations[k] for k in shown],
        chosen,
        rows,
        layer=layer,
    )


@styled
def shared_units(
    images: list[np.ndarray],
    activations: list[np.ndarray],
    examples: list[int],
    ensembles: pd.DataFrame,
    *,
    layer: int,
) -> Figure:
    """Draw inputs with the units they activate (A), and all Jaccard indices (B; Figure 3).

    Args:
        images: two or a few inputs (C, H, W) uint8.
        activations: (n,) activations that each elicits.
        examples: the category of each.
        ensembles: rows of the same run and layer.
        layer: number of that layer, counted from 1.
    """
    active = by_category(ensembles, "active")
    categories = categories_of(ensembles)
    shared = np.flatnonzero(active[examples].all(axis=0))
    similarity = overlaps(ensembles, jaccard)

    figure = new_figure(height=3.7)
    left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=[1, 1.35])[0]
    panels = left.subplots(
        len(images) + 1,
        2,
        width_ratios=[1, 2.6],
        height_ratios=[1] * len(images) + [SCALE_HEIGHT],
    )
    for axes, image, category in zip(panels[:-1, 0], images, examples, strict=True):
        draw_input(axes, image)
        axes.set_title(categories[category])
    panels[-1, 0].remove()
    draw_responses(panels[:-1, 1], activations, scale=panels[-1, 1], circled=shared)
    panels[0, 1].set_title(f"Layer {layer}, shared units: {len(shared)}")
    panel_letter(left, "A")

    axes = right.subplots()
    vmax = largest_overlap([similarity])
    matrix = draw_overlaps(axes, similarity, categories, vmax=vmax)
    axes.set_anchor("N")
    add_overlap_scale(matrix, axes, "Jaccard index")
    panel_letter(right, "B")
    return figure


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
    runs = [select(frame, seed=seed, layer=layer) for frame in by_experiment(ensembles)]
    matrices = [overlaps(run, count_shared) for run in runs]
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
