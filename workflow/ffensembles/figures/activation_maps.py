"""Activation maps: every unit's activation by every image (Figures 1C, 4A, 6, 7, 8 and 9)."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from ffensembles.figures.style import BLUES, HIGHLIGHT, new_figure, styled
from ffensembles.representations import Representation

PIXELS = (500, 1200)  # about what a map has at the style's resolution: rows, columns


def draw_activation_map(
    axes: Axes,
    representation: Representation,
    categories: list[str],
    *,
    unseen: int | None = None,
) -> AxesImage:
    """Draw images as rows, grouped by category, and units as columns.

    Where there are more rows or columns than pixels, a pixel averages those it covers.
    The colour scale ends at the 99th percentile of the activations above zero.

    Args:
        axes: where to draw.
        representation: of one layer; (M, n) activations.
        categories: the names of the categories, by label.
        unseen: the category to put between red lines.
    """
    order = np.argsort(representation.labels, kind="stable")
    activations = representation.activations[order]
    above_zero = activations[activations > 0]
    fits = activations.shape[0] <= PIXELS[0] and activations.shape[1] <= PIXELS[1]
    image = axes.imshow(
        activations,
        cmap=BLUES,
        vmin=0,
        vmax=np.percentile(above_zero, 99) if above_zero.size else 1,
        aspect="auto",
        interpolation="nearest" if fits else "antialiased",
        # Averaging colours instead would need four floats for each activation.
        interpolation_stage="data",
        extent=(-0.5, activations.shape[1] - 0.5, len(activations), 0),
        rasterized=True,
    )
    images = np.bincount(representation.labels, minlength=len(categories))
    ends = np.cumsum(images)
    axes.set_yticks(ends - images / 2, categories)
    axes.tick_params(axis="y", length=0)
    for end in ends[:-1]:
        axes.axhline(end, color="0.6", linewidth=0.4)
    if unseen is not None:
        for border in (ends[unseen] - images[unseen], ends[unseen]):
            axes.axhline(border, color=HIGHLIGHT, linewidth=1.2, clip_on=False)
    axes.spines[:].set_visible(True)
    axes.set_xlabel("Unit")
    axes.set_ylabel(f"Test images by category (M = {len(activations):,})")
    return image


def add_activation_scale(image: AxesImage, axes: Axes) -> None:
    """Put the colour bar of an activation map beside it."""
    bar = axes.figure.colorbar(image, ax=axes, extend="max", pad=0.01, aspect=30, fraction=0.05)
    bar.set_label("Activation")


@styled
def activation_map(
    representation: Representation, categories: list[str], *, title: str, sparsity: float
) -> Figure:
    """Draw the activation map of one layer, its sparsity S in the title."""
    figure = new_figure(height=4.2)
    axes = figure.subplots()
    add_activation_scale(draw_activation_map(axes, representation, categories), axes)
    axes.set_title(f"{title}: $S$ = {sparsity:.2f}")
    return figure
