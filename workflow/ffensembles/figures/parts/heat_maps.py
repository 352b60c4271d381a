"""Matrices as heat maps with their numbers (Figures 3, 4, 11, 12, 13 and 14)."""

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh

from ffensembles.figures.parts.style import BLUES


def draw_matrix(
    axes: Axes, matrix: np.ma.MaskedArray, numbers: np.ndarray, *, vmax: float
) -> QuadMesh:
    """Draw a matrix, 0 in white; what is masked in it is grey.

    Args:
        axes: where to draw; the centres of cells are at 0.5, 1.5, …
        matrix: (rows, columns).
        numbers: (rows, columns) what to write into each cell.
        vmax: the value drawn darkest.

    Returns:
        what a colour bar is made of.
    """
    sns.heatmap(
        matrix.data,
        mask=matrix.mask,
        cmap=BLUES,
        vmin=0,
        vmax=vmax,
        annot=numbers,
        fmt="",
        annot_kws={"fontsize": 7},
        square=True,
        cbar=False,
        xticklabels=False,
        yticklabels=False,
        rasterized=True,
        ax=axes,
    )
    # Seaborn turns to white where black still reads better, and writes into coloured cells only.
    for text, value in zip(axes.texts, matrix.compressed(), strict=True):
        text.set_color("white" if value > 0.55 * vmax else "black")
    for row, column in np.argwhere(np.ma.getmaskarray(matrix)):
        axes.text(
            *(column + 0.5, row + 0.5, numbers[row, column]), fontsize=7, ha="center", va="center"
        )
    axes.tick_params(length=0)
    axes.spines[:].set_visible(True)
    (mesh,) = axes.findobj(QuadMesh)
    return mesh
