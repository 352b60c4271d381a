"""Matrices as heat maps with their numbers (Figures 3, 4, 11, 12, 13 and 14)."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh

from ffensembles.paper.figures.parts.style import BLUES


def draw_matrix(
    axes: Axes, matrix: np.ma.MaskedArray, numbers: np.ndarray, *, vmax: float
) -> QuadMesh:
    """Draw a matrix, 0 in white; what is masked in it is grey.

    Args:
        axes: where to draw; the centres of cells are at 0.5, 1.5, …
        matrix: (rows, columns).
        numbers: (rows, columns) what to write into each cell, if anything.
        vmax: the value drawn darkest.

    Returns:
        what a colour bar is made of.
    """
    mesh = axes.pcolormesh(matrix, cmap=BLUES, vmin=0, vmax=vmax, rasterized=True)
    rows, columns = matrix.shape
    axes.set(xlim=(0, columns), ylim=(rows, 0), xticks=[], yticks=[], aspect="equal")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(True)
    dark = (matrix > 0.55 * vmax).filled(False)
    for row, column in np.argwhere(numbers != ""):
        colour = "white" if dark[row, column] else "black"
        place = column + 0.5, row + 0.5
        axes.text(*place, numbers[row, column], color=colour, fontsize=7, ha="center", va="center")
    return mesh
