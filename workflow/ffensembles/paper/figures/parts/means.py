"""How figures draw means over runs."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from ffensembles.paper.figures.parts.style import MODEL_COLOURS, MODEL_MARKERS


def draw_means(
    axes: Axes, x: pd.Series, mean: pd.Series, std: pd.Series, model: str, **look: Any
) -> None:
    """Draw the mean ± std of a model, with its marker and colour where `look` says no other.

    Args:
        axes: the panel.
        x: the place of each mean.
        mean: over runs.
        std: over runs; NaN of a single one, which has no bar.
        model: by its name in the table of experiments.
        look: further arguments of `Axes.errorbar`.
    """
    own = {"color": MODEL_COLOURS[model], "marker": MODEL_MARKERS[model], "markersize": 3}
    axes.errorbar(x, mean, std.fillna(0), **own | look)
