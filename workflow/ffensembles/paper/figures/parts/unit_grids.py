"""The units of a layer arranged as a matrix, and the image they respond to (Figures 1A and 3A)."""

from collections.abc import Iterable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection
from matplotlib.image import AxesImage

from ffensembles.paper.figures.parts.style import BLUES, HIGHLIGHT

SCALE_HEIGHT = 0.08  # of a colour bar below matrices, relative to theirs


def as_grid(activations: np.ndarray) -> np.ndarray:
    """Arrange activations (n,) row by row in the smallest square; NaN fills its end."""
    side = int(np.ceil(np.sqrt(len(activations))))
    grid = np.full(side * side, np.nan)
    grid[: len(activations)] = activations
    return grid.reshape(side, side)


def draw_responses(
    panels: Iterable[Axes],
    responses: list[np.ndarray],
    *,
    scale: Axes,
    circled: Iterable[int] = (),
) -> None:
    """Draw what several inputs elicit in a layer, as matrices with a common colour scale.

    Args:
        panels: where to draw, one per input.
        responses: (n,) activations of the layer's units for each input.
        scale: where to draw the colour bar.
        circled: the units to circle in red.
    """
    circled = list(circled)
    darkest = max(response.max() for response in responses) or 1
    for axes, response in zip(panels, responses, strict=True):
        image = _draw_units(axes, response, darkest, circled)
    bar = axes.figure.colorbar(image, cax=scale, orientation="horizontal", label="Activation")
    bar.ax.locator_params(nbins=3)
    scale.set_box_aspect(SCALE_HEIGHT)


def _draw_units(
    axes: Axes, activations: np.ndarray, darkest: float, circled: list[int]
) -> AxesImage:
    grid = as_grid(activations)
    image = axes.imshow(grid, cmap=BLUES, vmin=0, vmax=darkest, interpolation="nearest")
    rows, columns = np.divmod(np.array(circled, int), grid.shape[1])
    circles = EllipseCollection(
        np.full(len(rows), 1.7),
        np.full(len(rows), 1.7),
        np.zeros(len(rows)),
        units="xy",
        offsets=np.column_stack([columns, rows]),
        offset_transform=axes.transData,
        facecolors="none",
        edgecolors=HIGHLIGHT,
        linewidths=0.8,
        clip_on=False,
    )
    axes.add_collection(circles, autolim=False)
    _frame(axes)
    return image


def draw_input(axes: Axes, image: np.ndarray) -> None:
    """Draw an image (C, H, W) uint8 of one or three channels."""
    pixels = np.moveaxis(image, 0, -1)
    axes.imshow(pixels, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    _frame(axes)


def _frame(axes: Axes) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(True)
