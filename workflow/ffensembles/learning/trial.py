"""A trial of a kind of model, before anything is trained: a step of each phase, and a measurement.

A mistake in a file of one's own is told in one line that names it, not by a traceback after hours.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from math import prod
from typing import Any

import torch
from torch import Tensor

from ffensembles import variants
from ffensembles.errors import trying
from ffensembles.experiments import Experiment
from ffensembles.learning.goodness import check
from ffensembles.learning.kinds import Kind, find_kind
from ffensembles.learning.split import Split
from ffensembles.randomness import generator

SHAPE = (1, 28, 28)
CATEGORIES = 10
IMAGES = 20


def try_own(experiments: Iterable[Experiment]) -> None:
    """Try what experiments name of one's own, on images of no meaning.

    Raises:
        UserError: something fails, is not finite, or has another shape than it should have.
    """
    tried = set()
    for e in experiments:
        own = tuple(file for file in e.variants() if file.startswith("/"))
        if own and (e.model, own) not in tried:
            tried.add((e.model, own))
            try_kind(e, SHAPE, CATEGORIES)


@torch.no_grad()
def try_kind(experiment: Experiment, shape: tuple[int, int, int], categories: int) -> None:
    """Train and measure an experiment's model for a step, on a few images of no meaning.

    Raises:
        UserError: something fails, is not finite, or has another shape than it should have.
    """
    few = replace(experiment, batch_size=IMAGES, held_out=None)
    draw = partial(generator, "trial")
    images = torch.randn(IMAGES, prod(shape), generator=draw())
    split = Split(images, torch.arange(IMAGES) % categories, shape, categories)
    with trying(variants.file_of("model", experiment.model)):
        kind = find_kind(few, shape, categories)
        network = kind.initialise([draw("weights")])
        objectives = kind.objectives(network, split, [0], draw, torch.device("cpu"))
        for phase, objective in enumerate(objectives, 1):
            objective.begin_epoch(phase, 0, 0)
            found = objective(torch.arange(IMAGES)[None])
            if found.shape != (1, 3):
                raise ValueError(f"an objective returns shape {tuple(found.shape)}, not (seeds, 3)")
            check("the loss", found[:, 0], torch.zeros(1))
            gradients = [p.grad for p in objective.parameters if p.grad is not None]
            if not gradients:
                raise ValueError(f"phase {phase}: the loss does not depend on any parameter")
            for gradient in gradients:
                check("a gradient", gradient, gradient)
        state = kind.state(network)
        for name, tensor in state.items():
            if not len(tensor) == 1:
                raise ValueError(f"{name} in the state has no seed axis of length 1")
        _measure(kind, kind.from_state(state), images.unflatten(1, shape), split)


def _measure(kind: Kind, network: Any, images: Tensor, split: Split) -> None:
    embedding = kind.embedding(images)
    seen = embedding.embed(images, split.labels)
    check("images with labels", seen, images)
    layers = list(kind.activations(network, seen))
    if len(layers) != kind.experiment.layers:
        raise ValueError(
            f"activations are those of {len(layers)} layers, and the table of experiments says "
            f"{kind.experiment.layers}"
        )
    for number, h in enumerate(layers, 1):
        check(f"activations of layer {number}", h, images.new_empty(len(images), h.shape[-1]))
    predicted = kind.predict(network, images, embedding)
    check("what predict returns", predicted.float(), torch.ones(len(images)))
    if not ((predicted >= 0) & (predicted < split.categories)).all():
        raise ValueError(f"predict returns other categories than 0 to {split.categories - 1}")
