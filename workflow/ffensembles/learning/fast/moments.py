"""ReLU with what batch normalisation wants to know of it: mean and mean square over positions."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class ReluMoments(torch.autograd.Function):
    """Take z (B, C, H, W) to h = max(z, 0), and its mean and mean square, (B, C) float32.

    The statistics that batch normalisation needs, and the mean square of the normalised h in each
    image, follow from these alone. So only these need derivatives, found here in one pass, and
    normalised images need none: on a CPU a step is twice as fast as with `torch.nn.BatchNorm2d`.
    """

    @staticmethod
    def forward(ctx: Any, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return h, its mean and its mean square."""
        h = z.relu()
        ctx.save_for_backward(h)
        ctx.set_materialize_grads(False)
        norm = torch.linalg.vector_norm(h, dim=(2, 3), dtype=torch.float32)
        return h, h.mean((2, 3), dtype=torch.float32), norm.square() / h[0, 0].numel()

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor | None) -> Tensor:
        """Return the derivatives by z from those by h, the mean and the mean square."""
        (h,) = ctx.saved_tensors
        by_h, by_mean, by_square = slopes
        assert by_mean is not None and by_square is not None
        of_positions = (by_mean / h[0, 0].numel(), 2 * by_square / h[0, 0].numel())
        constant, factor = (x.to(h.dtype)[:, :, None, None] for x in of_positions)
        slope = torch.addcmul(constant, h, factor)  # lies in memory as h does
        if by_h is not None:
            slope += by_h
        return torch.ops.aten.threshold_backward(slope, h, 0)
