"""Goodness: what FF makes large for positive and small for negative data (section 3.2).

A file here is a goodness, or one of your own that the config's key `variants` names; its name is
that in the table of experiments. It has a function `value`, from activations (…, units) ≥ 0 to
goodness (…,), and may have a function `slope`, from both of these to ∂goodness/∂activations as a
direction (…, units) times a factor (…,). Without one, autograd finds it, which is slower. Only
experiments that name a goodness depend on its file.
"""

from __future__ import annotations

import logging
from functools import cache
from typing import Any

import torch
from torch import Tensor

from ffensembles import variants
from ffensembles.errors import trying

log = logging.getLogger(__name__)


def goodness(activations: Tensor, name: str) -> Tensor:
    """Return the goodness (…,) of activations (…, units) ≥ 0."""
    return _module(name).value(activations)


def slope(activations: Tensor, value: Tensor, name: str) -> tuple[Tensor, Tensor]:
    """Return ∂goodness/∂activations as a direction (…, units), times a factor (…,).

    The direction may be the activations themselves. It is zero where they are, so the ReLU before
    them needs no derivative of its own.
    """
    return _slope(_module(name), activations, value)


def _slope(module: Any, activations: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
    if hasattr(module, "slope"):
        return module.slope(activations, value)
    with torch.enable_grad():
        leaf = activations.detach().requires_grad_()
        (direction,) = torch.autograd.grad(module.value(leaf).sum(), leaf)
    return direction * (activations > 0), torch.ones_like(value)


@cache
def _module(name: str) -> Any:
    """Import a goodness, and try it: a mistake in it is told before anything is trained.

    Raises:
        UserError: it fails, or returns other shapes than it should or what is not finite.
    """
    with trying(variants.file_of("goodness", name)):
        module = variants.load("goodness", name)
        activations = torch.ones(2, 3, 4)
        activations[0, 0] = 0  # units may all be silent
        value = module.value(activations)
        check("value", value, activations[..., 0])
        direction, factor = _slope(module, activations, value)
        check("slope's direction", direction, activations)
        check("slope's factor", factor, value)
    if not hasattr(module, "slope"):
        log.info("goodness %s has no slope of its own: autograd finds it, more slowly", name)
    return module


def check(what: str, found: Tensor, like: Tensor) -> None:
    """Raise a ValueError if a tensor is not finite, or has another shape than it should have."""
    if found.shape != like.shape:
        raise ValueError(f"{what} is of shape {tuple(found.shape)}, not {tuple(like.shape)}")
    if not found.isfinite().all():
        raise ValueError(f"{what} is not finite")
