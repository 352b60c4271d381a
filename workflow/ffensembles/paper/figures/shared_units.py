"""Units shared between the ensembles of some categories (Figure 3)."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ffensembles.analysis.ensembles import jaccard
from ffensembles.data.datasets import load
from ffensembles.files import Paths
from ffensembles.paper.figures.overlaps import (
    add_overlap_scale,
    draw_overlaps,
    largest_overlap,
    overlaps,
)
from ffensembles.paper.figures.parts.run_shown import (
    by_category,
    categories_of,
    choose_examples,
    select,
)
from ffensembles.paper.figures.parts.style import new_figure, panel_letter, styled
from ffensembles.paper.figures.parts.unit_grids import SCALE_HEIGHT, draw_input, draw_responses
from ffensembles.printing.names import DASH
from ffensembles.representations import stored
from ffensembles.representations.extraction import images_seen
from ffensembles.representations.stored import Representation


def examples_sharing(
    representation: Representation, active: np.ndarray, categories: list[int]
) -> list[int]:
    """Choose an image of each category: the one that activates most units they all share.

    Args:
        representation: of one layer.
        active: (categories, units) the ensembles of the same layer.
        categories: the categories of which to choose; each has images.

    Returns:
        rows of the representation; the first of several as good.

    """
    shared = active[categories].all(axis=0)
    chosen = []
    for category in categories:
        rows = np.flatnonzero(representation.labels == category)
        activated = (representation.activations[np.ix_(rows, shared)] > 0).sum(axis=1)
        chosen.append(int(rows[activated.argmax()]))
    return chosen


def of_run(
    representations: Paths,
    ensembles: pd.DataFrame,
    dataset: Paths,
    *,
    seed: int,
    layer: int,
    examples: list[int],
) -> Figure:
    """Draw the units shared between ensembles of a run (Figure 3).

    Args:
        representations: the file of that run.
        ensembles: of its experiment.
        dataset: the file of its dataset.
        seed: the run.
        layer: the layer shown, counted from 1.
        examples: the categories of panel A, where images of them are classified correctly.
    """
    rows = select(ensembles, seed=seed, layer=layer)
    read = stored.read(representations[0], layer)
    chosen = choose_examples(read, examples)
    shown = examples_sharing(read, by_category(rows, "active"), chosen)
    return shared_units(
        list(images_seen(representations[0], load(dataset[0]), read.index[shown])),
        [read.activations[k] for k in shown],
        chosen,
        rows,
        layer=layer,
    )


@styled
def shared_units(
    images: list[np.ndarray],
    activations: list[np.ndarray],
    examples: list[int],
    ensembles: pd.DataFrame,
    *,
    layer: int,
) -> Figure:
    """Draw inputs with the units they activate (A), and all Jaccard indices (B; Figure 3).

    Args:
        images: two or a few inputs (C, H, W) uint8.
        activations: (n,) activations that each elicits.
        examples: the category of each.
        ensembles: rows of the same run and layer.
        layer: number of that layer, counted from 1.
    """
    active = by_category(ensembles, "active")
    categories = categories_of(ensembles)
    # A single example, where no image of another category is classified correctly, shares nothing.
    several = len(examples) > 1
    shared = np.flatnonzero(active[examples].all(axis=0)) if several else np.zeros(0, int)
    similarity = overlaps(ensembles, jaccard)

    figure = new_figure(height=3.7)
    left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=[1, 1.35])[0]
    panels = left.subplots(
        len(images) + 1,
        2,
        width_ratios=[1, 2.6],
        height_ratios=[1] * len(images) + [SCALE_HEIGHT],
    )
    for axes, image, category in zip(panels[:-1, 0], images, examples, strict=True):
        draw_input(axes, image)
        axes.set_title(categories[category])
    panels[-1, 0].remove()
    draw_responses(panels[:-1, 1], activations, scale=panels[-1, 1], circled=shared)
    panels[0, 1].set_title(f"Layer {layer}, shared units: {len(shared) if several else DASH}")
    panel_letter(left, "A")

    axes = right.subplots()
    vmax = largest_overlap([similarity])
    matrix = draw_overlaps(axes, similarity, categories, vmax=vmax)
    axes.set_anchor("N")
    add_overlap_scale(matrix, axes, "Jaccard index")
    panel_letter(right, "B")
    return figure
