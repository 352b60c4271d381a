"""Goodness of positive data above that of negative data: the formula printed in section 3.2."""

from torch import Tensor
from torch.nn.functional import softplus


def loss(positive: Tensor, negative: Tensor, theta: float) -> tuple[Tensor, Tensor, Tensor]:
    """Mean of log(1 + exp(G_neg - G_pos)); there is no θ."""
    excess = negative - positive
    slope = excess.sigmoid() / excess.shape[-1]
    return softplus(excess).mean(-1), -slope, slope
