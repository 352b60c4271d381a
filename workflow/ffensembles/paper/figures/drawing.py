"""A figure from the files and settings that its row of the catalogue names."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from matplotlib.figure import Figure

from ffensembles.errors import UserError
from ffensembles.files import Paths, read_metadata
from ffensembles.lookup import named
from ffensembles.paper.figures.parts.run_shown import NothingToShow
from ffensembles.paper.figures.parts.style import new_figure, styled, write_across

log = logging.getLogger(__name__)


def draw(
    name: str,
    files: Mapping[str, Paths],
    readers: Mapping[str, str],
    settings: Mapping[str, Any],
) -> Figure:
    """Draw a figure.

    Args:
        name: of the function that draws it, as `module.function` of this package; it takes what the
            files hold, or their paths, by the names that they have here, then the settings.
        files: by name.
        readers: the functions of the library that read files whole; of others the figure reads the
            part that it shows.
        settings: such as the seed and the layer shown.
    """
    for path in files.get("representations", ()):
        about = read_metadata(path)
        seed = about.get("seed")
        if "seed" in settings and seed not in (None, settings["seed"]):
            raise UserError(
                f"{path}: is of seed {seed}, not {settings['seed']}; remove it, run again"
            )
        if place := about.get("diverged"):
            return _why_not(
                f"seed {seed} diverged in training ({place}); figures.seed names the run shown"
            )
    read = {
        kind: named(readers[kind])(paths) if kind in readers else paths
        for kind, paths in files.items()
    }
    return or_why_not(named(f"paper.figures.{name}"), **read, **settings)


@styled
def or_why_not(function: Callable[..., Figure], *arguments: Any, **named: Any) -> Figure:
    """Call a function that draws; where it has nothing to show, the figure says why."""
    try:
        return function(*arguments, **named)
    except NothingToShow as why:
        return _why_not(str(why))


@styled
def _why_not(why: str) -> Figure:
    """Return a figure that holds nothing but the reason."""
    log.warning("figures: %s", why)
    figure = new_figure(height=1)
    axes = figure.subplots()
    axes.set_axis_off()
    write_across(axes, why)
    return figure
