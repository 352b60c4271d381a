"""Gradients of a step, written out, layer by layer."""

from __future__ import annotations

import torch
from torch import Tensor

from ffensembles.learning.goodness import slope as slope_of
from ffensembles.learning.perceptrons import Linear


def set_gradient(layer: Linear, x: Tensor, slope: Tensor, *, below: bool) -> Tensor | None:
    """Set the gradient of a layer from its inputs x and the derivatives by its outputs, `slope`.

    It lies in memory as the parameters do, which the fused Adam silently takes for granted.

    Returns:
        The derivatives by x where there is something `below` the layer that wants them.
    """
    layer.transposed.grad = layer.bias.grad = None  # makes room for the next
    layer.bias.grad = slope.sum(1)
    slope = slope.to(x.dtype)
    layer.transposed.grad = torch.bmm(x.mT, slope).float()
    return torch.bmm(slope, layer.weight).float() if below else None


def before_relu(slope: Tensor, h: Tensor) -> Tensor:
    """Turn derivatives by the activations h, in place, into those by the input of the ReLU."""
    return torch.ops.aten.threshold_backward.grad_input(slope, h, 0, grad_input=slope)


def before_normalisation(slope: Tensor, h: Tensor, norm: str, value: Tensor) -> Tensor:
    """Take derivatives by h / ‖h‖, in place, to those by what the ReLU was given.

    With s = ∂L/∂(h / ‖h‖), this is (s - (s·h / ‖h‖) ∂‖h‖/∂h) / ‖h‖ where a unit is active; `value`
    is ‖h‖, (S, B, 1).
    """
    before_relu(slope, h)
    if norm == "none":
        return slope
    direction, factor = slope_of(h, value[..., 0], norm)
    along = torch.linalg.vecdot(slope, h)[..., None] / value
    return slope.addcmul_(direction, along * factor[..., None], value=-1).div_(value)
