"""Mean activation of each unit, its ensemble in blue (Figures 1B, 4B and 10)."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ffensembles.paper.figures.parts.run_shown import (
    by_category,
    by_experiment,
    categories_of,
    select,
)
from ffensembles.paper.figures.parts.style import (
    ACTIVE,
    INACTIVE,
    NO_IMAGES,
    new_figure,
    styled,
    write_across,
)
from ffensembles.printing.names import DASH


def draw_mean_activations(
    axes: Axes,
    mean: np.ndarray,
    active: np.ndarray,
    *,
    top: float | None = None,
    size: float = 3,
) -> None:
    """Draw a dot per unit, its mean activation over its index; active units are blue.

    Args:
        axes: where to draw.
        mean: (n,) mean activations; NaN where the category has no images, which is said then.
        active: (n,) whether a unit belongs to the ensemble.
        top: the largest mean activation the panel must hold; by default that of these.
        size: diameter of a blue dot in points.
    """
    if np.isnan(mean).all():
        write_across(axes, NO_IMAGES)
    elif top is None:
        top = mean.max()
    unit = np.arange(len(mean))
    for which, colour, scale, label in (
        (~active, INACTIVE, 0.6, "other units"),
        (active, ACTIVE, 1, "the ensemble"),
    ):
        axes.plot(
            unit[which],
            mean[which],
            "o",
            color=colour,
            label=label,
            markersize=size * scale,
            markeredgewidth=0,
            clip_on=False,
            in_layout=False,
            rasterized=True,
        )
    axes.set_xlim(-0.5, len(mean) - 0.5)
    axes.set_ylim(0, 1.05 * (top or 0) or 1)


def count_active(mean: np.ndarray, active: np.ndarray) -> str:
    """Return the number of active units in print: a dash where the means (n,) are not there."""
    return DASH if np.isnan(mean).all() else str(active.sum())


def unseen_title(category: str, mean: np.ndarray, active: np.ndarray) -> str:
    """Say which category was unseen and how many units it makes active."""
    return f"{category} (unseen): {count_active(mean, active)} of {len(active)} units active"


@styled
def unseen_means(ensembles: pd.DataFrame, *, held_out: list[int], seed: int, layer: int) -> Figure:
    """Draw the response to the unseen category of each study, one below the other (Figure 10).

    Args:
        ensembles: of each study, one below the other.
        held_out: the category that each study holds out, in the same order.
        seed: the run shown.
        layer: the layer shown, counted from 1.
    """
    frames = by_experiment(ensembles, len(held_out))
    figure = new_figure(height=0.3 + 1.2 * len(held_out))
    panels = figure.subplots(len(held_out), sharex=True, squeeze=False)[:, 0]
    for axes, frame, category in zip(panels, frames, held_out, strict=True):
        run = select(frame, seed=seed, layer=layer)
        mean, active = (by_category(run, column)[category] for column in ("mean", "active"))
        draw_mean_activations(axes, mean, active)
        axes.set_title(unseen_title(categories_of(frame)[category], mean, active))
    panels[-1].set_xlabel("Unit")
    figure.supylabel("Mean activation", fontsize=8)
    return figure
