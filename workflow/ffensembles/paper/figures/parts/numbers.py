"""The numbers that a figure shows, as a table to download beside it."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import FillBetweenPolyCollection, QuadMesh
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

COLUMNS = ("panel", "title", "series", "x", "y", "value")


def numbers_of(figure: Figure) -> pd.DataFrame:
    """Return what a figure draws: a row for each point of a line and each cell of a matrix.

    Panels are counted from 1 in the order in which they were made. x and y are in units of the
    axes, or names where it has names, such as those of categories; `value` is a cell's. A series
    has the name that the legend gives its colour and its kind of line.
    Left out are images and maps, of activations or pixels, and the ranges around curves.
    """
    named = _legend_of(figure)
    rows = [
        {"panel": number, "title": axes.get_title(), **row}
        for number, axes in enumerate(_panels(figure), start=1)
        for row in (*_lines(axes, named), *_outlines(axes), *_cells(axes))
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _panels(figure: Figure) -> list[Axes]:
    bars = {a.colorbar.ax for axes in figure.axes for a in (*axes.images, *axes.collections)
            if a.colorbar}  # fmt: skip
    return [axes for axes in figure.axes if axes not in bars]


def _legend_of(figure: Figure) -> dict[str, str]:
    """Return names by colour; grey ones, which stand for all colours, by their kind of line."""
    names: dict[str, str] = {}
    for legend in figure.findobj(Legend):
        for handle, text in zip(legend.legend_handles, legend.get_texts(), strict=True):
            if isinstance(handle, Line2D):
                red, green, blue = to_rgb(handle.get_color())
                grey = red == green == blue
                key = str(handle.get_linestyle()) if grey else to_hex(handle.get_color())
                names[key] = text.get_text()
    return names


def _lines(axes: Axes, named: dict[str, str]) -> Iterator[dict[str, Any]]:
    for line in axes.lines:
        if line.get_transform() != axes.transData:
            continue  # a line across the panel
        label = str(line.get_label())
        keys = to_hex(line.get_color()), str(line.get_linestyle())
        if label.startswith("_"):
            label = ", ".join(named[key] for key in keys if key in named)
        points = np.column_stack([line.get_xdata(), line.get_ydata()])
        if len(points) == 2 and points[0, 0] == points[1, 0]:
            label += " (ends of the error bar)"
        for x, y in points:
            if not np.isnan(y):
                yield {"series": label, "x": _place(axes.xaxis, x), "y": _place(axes.yaxis, y)}


def _outlines(axes: Axes) -> Iterator[dict[str, Any]]:
    """Yield the steps of histograms; ranges around curves have no name."""
    for steps in axes.collections:
        label = str(steps.get_label())
        if isinstance(steps, FillBetweenPolyCollection) and not label.startswith("_"):
            for x, y in np.asarray(steps.get_paths()[0].vertices):
                yield {"series": label, "x": x, "y": y}


def _cells(axes: Axes) -> Iterator[dict[str, Any]]:
    for matrix in axes.collections:
        if isinstance(matrix, QuadMesh):
            values: np.ma.MaskedArray = np.ma.asarray(matrix.get_array(), dtype=float)
            for (row, column), value in np.ndenumerate(values.filled(np.nan)):
                place = _place(axes.xaxis, column + 0.5), _place(axes.yaxis, row + 0.5)
                yield {"x": place[0], "y": place[1], "value": value}


def _place(axis: Axis, at: float) -> float | str:
    """Return the name of a place on an axis that has names, of what stands beside it as well."""
    formatter = axis.get_major_formatter()
    if isinstance(formatter, FuncFormatter):
        return formatter(at) or formatter(round(at)) or at
    return at
