"""Goodness with its own slope as the gradient, which takes half the time that autograd does."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ffensembles.learning.goodness import goodness, slope


class WithSlope(torch.autograd.Function):
    """The goodness (B,) of activations (B, units) ≥ 0, by the name of a goodness."""

    @staticmethod
    def forward(ctx: Any, h: Tensor, name: str) -> Tensor:
        """Return the goodness."""
        value = goodness(h, name)
        ctx.save_for_backward(h, value)
        ctx.name = name
        return value

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor | None) -> Any:
        """Return the gradient of the activations, and none of the name."""
        h, value = ctx.saved_tensors
        (of_value,) = slopes
        assert of_value is not None
        direction, factor = slope(h, value, ctx.name)
        return direction * (factor * of_value)[:, None], None
