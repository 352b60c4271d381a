"""The ensemble that a category never seen in training elicits (Figure 4)."""

import pandas as pd
from matplotlib.figure import Figure

from ffensembles.analysis.ensembles import shared_units
from ffensembles.files import Paths
from ffensembles.paper.figures.activation_maps import add_activation_scale, draw_activation_map
from ffensembles.paper.figures.mean_activations import draw_mean_activations, unseen_title
from ffensembles.paper.figures.overlaps import (
    add_overlap_scale,
    draw_overlaps,
    largest_overlap,
    overlaps,
)
from ffensembles.paper.figures.parts.run_shown import by_category, categories_of, select
from ffensembles.paper.figures.parts.style import new_figure, panel_letter, styled
from ffensembles.representations import stored
from ffensembles.representations.stored import Representation


def of_run(
    representations: Paths, ensembles: pd.DataFrame, *, seed: int, layer: int, held_out: int
) -> Figure:
    """Draw the unseen category of a run (Figure 4).

    Args:
        representations: the file of that run.
        ensembles: of its experiment.
        seed: the run.
        layer: the layer shown, counted from 1.
        held_out: the category left out of training.
    """
    read = stored.read(representations[0], layer, held_out=held_out)
    rows = select(ensembles, seed=seed, layer=layer)
    return unseen_category(read, rows, unseen=held_out)


@styled
def unseen_category(
    representation: Representation, ensembles: pd.DataFrame, *, unseen: int
) -> Figure:
    """Draw map (A), mean activations (B) and shared units (C) around the unseen category.

    Args:
        representation: of one layer of one run.
        ensembles: rows of the same run and layer.
        unseen: the category left out of training.
    """
    categories = categories_of(ensembles)
    means, active = by_category(ensembles, "mean"), by_category(ensembles, "active")
    shared = overlaps(ensembles, shared_units)

    figure = new_figure(height=6)
    above, below = figure.subfigures(2, squeeze=False, height_ratios=[1, 1.05])[:, 0]
    axes = above.subplots()
    image = draw_activation_map(axes, representation, categories, unseen=unseen)
    add_activation_scale(image, axes)
    panel_letter(above, "A")

    left, right = below.subfigures(1, 2, squeeze=False)[0]
    axes = left.subplots()
    draw_mean_activations(axes, means[unseen], active[unseen])
    axes.set_title(unseen_title(categories[unseen], means[unseen], active[unseen]))
    axes.set(xlabel="Unit", ylabel="Mean activation")
    panel_letter(left, "B")

    axes = right.subplots()
    vmax = largest_overlap([shared])
    matrix = draw_overlaps(axes, shared, categories, vmax=vmax, unseen=unseen)
    add_overlap_scale(matrix, axes, "Shared units", whole=True)
    panel_letter(right, "C")
    return figure
