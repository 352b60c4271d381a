"""Activation maps: every unit's activation by every image (Figures 1C, 4A, 6, 7, 8 and 9)."""

from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from ffensembles.files import Paths
from ffensembles.paper.figures.parts.run_shown import (
    NONE_CORRECT,
    NothingToShow,
    categories_of,
    select,
    title,
)
from ffensembles.paper.figures.parts.style import (
    BLUES,
    HIGHLIGHT,
    NO_IMAGES,
    label_lines,
    new_figure,
    styled,
)
from ffensembles.representations import stored
from ffensembles.representations.stored import Representation

# About what a map has at the style's resolution.
ROWS = 400
COLUMNS = 1100


def average_neighbours(representation: Representation, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Average neighbouring images of the same category, where there are more images than rows.

    Returns:
        activations (R, n) and labels (R,), sorted by label; R is about `rows` at most.
    """
    order = np.argsort(representation.labels, kind="stable")
    labels = representation.labels[order]
    together = -(-len(labels) // rows)
    borders = [0, *np.flatnonzero(np.diff(labels)) + 1, len(labels)]
    starts = np.concatenate([np.arange(a, b, together) for a, b in pairwise(borders)])
    sums = np.add.reduceat(representation.activations[order], starts)
    images = np.diff(starts, append=len(labels))
    return sums / images[:, None].astype(sums.dtype), labels[starts]


def end_of_scale(activations: np.ndarray) -> float:
    """Return the activation that is drawn darkest: twice Σh² / Σh over activations h (…).

    Units weigh by their strength, not their number: where three of a thousand answer, as in layer 3
    of FF on MNIST, a percentile would lie in the noise of the others, and show nothing else.
    """
    total = activations.sum(dtype=np.float64)
    return float(2 * np.square(activations).sum(dtype=np.float64) / total) if total else 1.0


def draw_activation_map(
    axes: Axes,
    representation: Representation,
    categories: list[str],
    *,
    unseen: int | None = None,
) -> AxesImage:
    """Draw images as rows, grouped by category, and units as columns.

    With more images than pixels, a row is the mean of neighbouring images of a category. See
    `end_of_scale` for the colours.

    Args:
        axes: where to draw.
        representation: of one layer; (M, n) activations.
        categories: the names of the categories, by label.
        unseen: the category to put between red lines.
    """
    activations, labels = average_neighbours(representation, ROWS)
    rows, units = activations.shape
    image = axes.imshow(
        activations,
        cmap=BLUES,
        vmin=0,
        vmax=end_of_scale(activations),
        aspect="auto",
        interpolation="nearest" if units <= COLUMNS else "antialiased",
        interpolation_stage="data",
        extent=(-0.5, units - 0.5, rows, 0),
        rasterized=True,
    )
    heights = np.bincount(labels, minlength=len(categories))
    ends = np.cumsum(heights)
    there = np.flatnonzero(heights)
    label_lines(axes, (ends - heights / 2)[there], [categories[label] for label in there])
    axes.tick_params(axis="y", length=0)
    for end in ends[:-1]:
        axes.axhline(end, color="0.6", linewidth=0.4)
    if unseen is not None:
        for border in (ends[unseen] - heights[unseen], ends[unseen]):
            axes.axhline(border, color=HIGHLIGHT, linewidth=1.2, clip_on=False)
    axes.spines[:].set_visible(True)
    absent = ", ".join(np.array(categories)[heights == 0])
    axes.set_xlabel(f"Unit ({NO_IMAGES}: {absent})" if absent else "Unit")
    axes.set_ylabel(f"Test images by category (M = {len(representation.labels):,})")
    return image


def add_activation_scale(image: AxesImage, axes: Axes) -> None:
    """Put the colour bar of an activation map beside it."""
    bar = axes.figure.colorbar(image, ax=axes, extend="max", pad=0.01, aspect=30, fraction=0.05)
    bar.set_label("Activation")


def of_run(representations: Paths, sparsity: pd.DataFrame, *, seed: int, layer: int) -> Figure:
    """Draw the activation map of one layer of a run (Figures 6, 7, 8 and 9).

    Args:
        representations: the file of that run.
        sparsity: of its experiment.
        seed: the run.
        layer: the layer shown, counted from 1.
    """
    rows = select(sparsity, seed=seed, layer=layer)
    read = stored.read(representations[0], layer)
    if not len(read.labels):
        raise NothingToShow(f"{title(rows)}: {NONE_CORRECT}")
    return activation_map(
        read,
        categories_of(rows),
        title=f"{title(rows)}, layer {layer}",
        sparsity=rows.loc[rows["category"].isna(), "sparsity"].item(),
    )


@styled
def activation_map(
    representation: Representation, categories: list[str], *, title: str, sparsity: float
) -> Figure:
    """Draw the activation map of one layer, its sparsity S in the title."""
    figure = new_figure(height=4.2)
    axes = figure.subplots()
    add_activation_scale(draw_activation_map(axes, representation, categories), axes)
    axes.set_title(f"{title}: S = {sparsity:.2f}")
    return figure
