"""A figure from the files and settings that its row of the catalogue names."""

import logging
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from matplotlib.figure import Figure

from ffensembles.analysis.measurements import read_all
from ffensembles.files import Paths
from ffensembles.paper.figures.parts.run_shown import NothingToShow
from ffensembles.paper.figures.parts.style import new_figure, styled, write_across

# Of these a figure reads the part that it shows; measurements are read whole.
READ_IN_PART = ("representations", "dataset", "logs")

log = logging.getLogger(__name__)


def draw(function: str, files: Mapping[str, Paths], settings: Mapping[str, Any]) -> Figure:
    """Draw a figure.

    Args:
        function: of this package, as `module.function`; it takes the measurements as tidy tables
            and other files by their paths, by the names that they have here, then the settings.
        files: by kind.
        settings: such as the seed and the layer shown.
    """
    module, _, name = function.partition(".")
    read = {
        kind: paths if kind in READ_IN_PART else read_all(paths) for kind, paths in files.items()
    }
    return or_why_not(
        getattr(import_module(f"ffensembles.paper.figures.{module}"), name), **read, **settings
    )


@styled
def or_why_not(function: Callable[..., Figure], *arguments: Any, **named: Any) -> Figure:
    """Call a function that draws; where it has nothing to show, the figure says why."""
    try:
        return function(*arguments, **named)
    except NothingToShow as why:
        log.warning("figures: %s", why)
        figure = new_figure(height=1)
        axes = figure.subplots()
        axes.set_axis_off()
        write_across(axes, str(why))
        return figure
