"""The ℓ3 norm: between the largest activation and the paper's ℓ2."""

import torch
from torch import Tensor

SMALLEST = 1e-12  # lower bound of the norm used as a divisor


def value(activations: Tensor) -> Tensor:
    """Return the cube root of the sum of cubes of each row."""
    return torch.linalg.vector_norm(activations, 3, dim=-1)


def slope(activations: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
    """Return h², times 1 / ‖h‖₃²."""
    return activations.square(), value.clamp_min(SMALLEST).square().reciprocal()
