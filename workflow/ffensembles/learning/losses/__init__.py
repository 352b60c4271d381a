"""Losses of FF and BP/FF, from the goodness of positive and negative data (section 3.2).

A file here is a loss, or one of your own that the config's key `variants` names; its name is that
in the table of experiments. Its function `loss` takes the goodness of positive and of negative
data, each (S, B), and θ. It returns the loss (S,) and its derivatives by the one and the other,
(S, B); or the loss alone, and autograd finds them, which is slower. Only experiments that name a
loss depend on its file.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor

from ffensembles import variants
from ffensembles.errors import trying
from ffensembles.learning.goodness import check

log = logging.getLogger(__name__)

Loss = Callable[[Tensor, Tensor], tuple[Tensor, Tensor, Tensor]]


def find_loss(name: str, theta: float) -> Loss:
    """Return a loss by its name, with its threshold θ.

    Raises:
        UserError: it fails on a trial, or returns other shapes than it should, or no numbers.
    """
    return partial(_with_slopes, _tried(name), theta)


@cache
def _tried(name: str) -> Callable[..., Any]:
    """Return the function of a loss after a trial."""
    with trying(variants.file_of("loss", name)):
        loss = variants.load("loss", name).loss
        goodness = torch.ones(2, 3)
        value, *slopes = _with_slopes(loss, 3.0, goodness, goodness)
        check("the loss", value, goodness[:, 0])
        for slope in slopes:
            check("a derivative", slope, goodness)
    return loss


def _with_slopes(
    loss: Callable[..., Tensor | tuple[Tensor, Tensor, Tensor]],
    theta: float,
    positive: Tensor,
    negative: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    found = loss(positive, negative, theta)
    if isinstance(found, tuple):
        return found
    with torch.enable_grad():
        leaves = [x.detach().requires_grad_() for x in (positive, negative)]
        value = loss(*leaves, theta)
        assert isinstance(value, Tensor)
        by_positive, by_negative = torch.autograd.grad(value.sum(), leaves)
    return value.detach(), by_positive, by_negative
