"""Activation patterns of one network: examples, means and map of a layer (Figure 1)."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure, SubFigure

from ffensembles.data.datasets import load
from ffensembles.files import Paths
from ffensembles.paper.figures.activation_maps import add_activation_scale, draw_activation_map
from ffensembles.paper.figures.mean_activations import count_active, draw_mean_activations
from ffensembles.paper.figures.parts.run_shown import (
    by_category,
    categories_of,
    choose_examples,
    select,
)
from ffensembles.paper.figures.parts.style import new_figure, panel_letter, styled
from ffensembles.paper.figures.parts.unit_grids import SCALE_HEIGHT, draw_input, draw_responses
from ffensembles.representations import stored
from ffensembles.representations.extraction import images_seen
from ffensembles.representations.stored import Representation

MEANS = 10  # categories in panel B at most


@dataclass(frozen=True)
class Example:
    """One input as the network sees it, and the activations it elicits."""

    category: int
    image: np.ndarray  # (C, H, W) uint8
    layers: list[np.ndarray]  # (n,) activations of each layer


def of_run(
    representations: Paths,
    ensembles: pd.DataFrame,
    dataset: Paths,
    *,
    seed: int,
    layer: int,
    examples: list[int],
) -> Figure:
    """Draw the activation patterns of a run (Figure 1).

    Args:
        representations: the file of that run.
        ensembles: of its experiment.
        dataset: the file of its dataset.
        seed: the run.
        layer: the layer of panels B and C, counted from 1.
        examples: the categories of panel A, where images of them are classified correctly.
    """
    rows = select(ensembles, seed=seed, layer=layer)
    layers = sorted(ensembles["layer"].unique())
    read = {k: stored.read(representations[0], k) for k in layers}
    shown = read[layer]
    chosen = choose_examples(shown, examples)
    first = [int(np.argmax(shown.labels == category)) for category in chosen]
    images = images_seen(representations[0], load(dataset[0]), shown.index[first])
    drawn = [
        Example(category, image, [read[k].activations[row] for k in layers])
        for category, image, row in zip(chosen, images, first, strict=True)
    ]
    return activation_patterns(drawn, rows, shown, layer=layer)


@styled
def activation_patterns(
    examples: list[Example],
    ensembles: pd.DataFrame,
    representation: Representation,
    *,
    layer: int,
) -> Figure:
    """Draw examples (A), mean activations (B) and the activation map (C) of one network.

    Args:
        examples: inputs for panel A, one per row.
        ensembles: rows of one run and layer, for panel B.
        representation: the same layer of the same run, for panel C.
        layer: number of that layer, counted from 1.
    """
    figure = new_figure(height=7.4)
    above, below = figure.subfigures(2, squeeze=False, height_ratios=[1.5, 1])[:, 0]
    left, right = above.subfigures(1, 2, squeeze=False, width_ratios=[1.25, 1])[0]
    categories = categories_of(ensembles)
    _draw_examples(left, examples, categories)
    _draw_means(right, ensembles, categories, layer)

    axes = below.subplots()
    add_activation_scale(draw_activation_map(axes, representation, categories), axes)
    panel_letter(below, "C")
    return figure


def _draw_examples(figure: SubFigure, examples: list[Example], categories: list[str]) -> None:
    panels = figure.subplots(
        len(examples) + 1,
        len(examples[0].layers) + 1,
        squeeze=False,
        height_ratios=[1] * len(examples) + [SCALE_HEIGHT],
    )
    for row, example in zip(panels[:-1], examples, strict=True):
        draw_input(row[0], example.image)
        row[0].set_ylabel(categories[example.category])
    panels[-1, 0].remove()
    for k, column in enumerate(panels.T[1:]):
        responses = [example.layers[k] for example in examples]
        draw_responses(column[:-1], responses, scale=column[-1])
        column[0].set_title(f"Layer {k + 1}")
    panels[0, 0].set_title("Input")
    panel_letter(figure, "A")


def _draw_means(
    figure: SubFigure, ensembles: pd.DataFrame, categories: list[str], layer: int
) -> None:
    shown = categories[:MEANS]
    panels = figure.subplots(-(-len(shown) // 2), 2, sharex=True, sharey=True, squeeze=False)
    means, active = by_category(ensembles, "mean"), by_category(ensembles, "active")
    for category, name in enumerate(shown):
        axes = panels.flat[category]
        draw_mean_activations(
            axes, means[category], active[category], top=np.nanmax(means), size=2.5
        )
        between = " " if len(name) < 12 else "\n"  # a longer one would reach its neighbour's
        axes.set_title(f"{name}{between}({count_active(means[category], active[category])} active)")
    if len(shown) % 2:
        panels[-1, 1].remove()
        panels[-2, 1].tick_params(labelbottom=True)
    panel_letter(figure, "B")
    some = f" (first {MEANS} of {len(categories)} categories)" if shown != categories else ""
    figure.supxlabel(f"Unit of layer {layer}{some}", fontsize=8)
    figure.supylabel("Mean activation", fontsize=8)
