"""What all figures share: size, fonts, colours, panel letters, and how they are saved."""

import logging
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import FixedLocator

from ffensembles.files import atomic
from ffensembles.paper.figures.parts.words import lend_fonts
from ffensembles.printing.names import OfModels

STYLE = Path(__file__).with_name("ffensembles.mplstyle")
WIDTH = 6.5  # inches, the paper's text width
MARGIN = 0.03  # inches, around what is drawn

MODEL_COLOURS = OfModels("colour")
MODEL_MARKERS = OfModels("marker")
MODEL_LINES = OfModels("line")
LAYER_COLOURS = ("#444444", "#0b60a6", "#cc79a7", "#e69f00", "#009e73")  # from layer 0: all

DIGITS = 9  # of places, as shares of a figure's width and height

NO_IMAGES = "no correct images"  # none of a category was classified correctly

ACTIVE = "#0b60a6"
INACTIVE = "#a0a0a0"
HIGHLIGHT = "#d7191c"
NEUTRAL = "#e3e3e3"
REFERENCE: dict[str, Any] = {
    "color": "0.5",
    "linewidth": 0.8,
    "linestyle": (0, (4, 3)),
    "zorder": 0,
}

# White to navy in equal steps of CIELAB lightness (100, 90 … 20), hence perceptually uniform.
BLUES = LinearSegmentedColormap.from_list(
    "ffensembles.blues",
    [
        "#ffffff",
        "#d7e4f5",
        "#aec9eb",
        "#87aedf",
        "#6293d0",
        "#3c7abc",
        "#0b60a6",
        "#00488b",
        "#003168",
    ],
).with_extremes(bad=NEUTRAL)

# It reports each step of embedding a font, at a level that belongs in a job's log.
logging.getLogger("fontTools.subset").setLevel(logging.WARNING)

# Used as a decorator: whatever style the caller has set neither leaks in nor is disturbed.
styled = matplotlib.rc_context(fname=STYLE)


def new_figure(height: float, width: float = WIDTH) -> Figure:
    """Return an empty figure of the given size in inches, outside pyplot's global list."""
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


def panel_letter(panel: SubFigure, letter: str) -> None:
    """Write a bold letter in the top left corner of a panel."""
    panel.suptitle(letter, x=0.005, ha="left", fontweight="bold", fontsize=10)


class Apart(FixedLocator):
    """Ticks at given places, but for those too near to the one before for a label of its own."""

    def __init__(self, axes: Axes, side: int, places: np.ndarray, points: float) -> None:
        """Keep those places that are so many points apart on the x (0) or y axis (1)."""
        super().__init__(places.tolist())
        self.axes, self.side, self.places, self.points = axes, side, places, points

    def __call__(self) -> list[float]:
        """Return the places that there is room for, on the axes as they are drawn."""
        both = np.column_stack([self.places, self.places])
        along = self.axes.transData.transform(both)[:, self.side] * 72 / self.axes.figure.dpi
        kept: list[int] = []
        for k, place in enumerate(along):
            if not kept or abs(place - along[kept[-1]]) >= self.points:
                kept.append(k)
        return self.places[kept].tolist()


LINE = 8.5  # points between labels that stand below each other


def label_categories(
    axes: Axes, categories: Sequence[str], *, start: float = 0, both: bool = False
) -> None:
    """Name ticks of the x axis, from `start` in steps of 1, or of both axes.

    Long names stand upright. Where there is no room for all, some are left out.
    """
    longest = max(map(len, categories))
    places = start + np.arange(len(categories))
    axes.set_xticks(places, categories, rotation=90 if longest > 2 else 0)
    axes.xaxis.set_major_locator(Apart(axes, 0, places, LINE if longest > 2 else 3 + 5 * longest))
    if both:
        label_lines(axes, places, categories)


def label_lines(axes: Axes, places: np.ndarray, names: Sequence[str]) -> None:
    """Name places of the y axis; where there is no room for all, some names are left out."""
    axes.set_yticks(places, names)
    axes.yaxis.set_major_locator(Apart(axes, 1, places, LINE))


def write_across(axes: Axes, text: str) -> None:
    """Write into the middle of a panel why it is empty."""
    axes.text(*(0.5, 0.5, text), transform=axes.transAxes, ha="center", va="center", color="0.4")


@styled
def save(figure: Figure, *paths: str | os.PathLike[str]) -> None:
    """Write a figure to files, their formats named by their suffixes.

    The bytes depend on the figure alone: no date, no version.

    Raises:
        UserError: a file cannot be written.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # `lend_fonts` has said it
        # Layout and extent are found once for all files: it takes a while, and they agree.
        lay_out(figure)
        extent = figure.get_tightbbox().padded(MARGIN)
        for path in paths:
            undated = {"CreationDate": None} if Path(path).suffix == ".pdf" else {"Software": None}
            with atomic(path) as temporary:
                figure.savefig(temporary, bbox_inches=extent, metadata=undated)


def lay_out(figure: Figure) -> None:
    """Put everything in a figure where it stays."""
    lend_fonts(figure)
    if layout := figure.get_layout_engine():
        layout.execute(figure)
    figure.set_layout_engine("none")
    _round_places(figure)


def _round_places(figure: Figure | SubFigure) -> None:
    """Round where the layout has put everything, to what nobody can see.

    Its solver adds up in the order of memory addresses. So the last bits differ from run to run,
    and a PDF rounds a place that is halfway between two numbers up or down.
    """
    for panel in figure.subfigs:
        panel.bbox_relative.set_points(panel.bbox_relative.get_points().round(DIGITS))
        _round_places(panel)
    for text in figure.texts:
        x, y = text.get_position()
        text.set_position((round(x, DIGITS), round(y, DIGITS)))
    if isinstance(figure, Figure):
        for axes in figure.axes:  # of all panels
            axes.set_position(np.round(axes.get_position(original=True).bounds, DIGITS))
            axes.set_in_layout(True)
