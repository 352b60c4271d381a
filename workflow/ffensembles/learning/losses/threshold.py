"""Goodness above a threshold θ for positive data, and below it for negative data."""

from torch import Tensor
from torch.nn.functional import softplus


def loss(positive: Tensor, negative: Tensor, theta: float) -> tuple[Tensor, Tensor, Tensor]:
    """Mean of softplus(θ - G_pos) and softplus(G_neg - θ) over the batch."""
    short, excess = theta - positive, negative - theta
    value = (softplus(short) + softplus(excess)).mean(-1) / 2
    share = 0.5 / positive.shape[-1]
    return value, short.sigmoid() * -share, excess.sigmoid() * share
