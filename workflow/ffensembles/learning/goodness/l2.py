"""The ℓ2 norm, not squared: the paper's goodness."""

import torch
from torch import Tensor

SMALLEST = 1e-12  # lower bound of the norm used as a divisor


def value(activations: Tensor) -> Tensor:
    """Return the norm of each row."""
    return torch.linalg.vector_norm(activations, dim=-1)


def slope(activations: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
    """Return h, times 1 / ‖h‖."""
    return activations, value.clamp_min(SMALLEST).reciprocal()
