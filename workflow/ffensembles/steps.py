"""One training step as a callable: eager, or replayed as a CUDA graph on a GPU.

A step is some dozens of small kernels; launched one by one they keep a fast GPU waiting for the
host. A CUDA graph launches them all at once.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

WARM_UP = 3  # eager steps before a capture, so that libraries and Adam have set themselves up


def make_step(
    objective: Callable[[Tensor], Tensor],
    optimiser: torch.optim.Optimizer,
    totals: Tensor,
    batch_size: int,
) -> Callable[[Tensor], None]:
    """Return a function of a batch's indices (S, B) that updates weights and adds to `totals`.

    `totals` (S, 3) sums what the objective returns, weighted by the size of the batch.
    """

    def eager(index: Tensor) -> None:
        totals.add_(objective(index), alpha=index.shape[1])
        optimiser.step()

    return Captured(eager, totals.shape[0], batch_size, totals.device) if totals.is_cuda else eager


class Captured:
    """Replays full batches from a CUDA graph; the first ones and the smaller last run eagerly."""

    def __init__(
        self, step: Callable[[Tensor], None], seeds: int, batch_size: int, device: torch.device
    ) -> None:
        """Nothing is captured until a few steps have run."""
        self.step = step
        self.index = torch.zeros(seeds, batch_size, dtype=torch.long, device=device)
        self.stream = torch.cuda.Stream(device)
        self.graph: torch.cuda.CUDAGraph | None = None
        self.eager_steps = 0

    def __call__(self, index: Tensor) -> None:
        """Do one step for the batch `index`."""
        if index.shape != self.index.shape:
            self.step(index)
        elif self.eager_steps < WARM_UP:
            # Warm-up must happen on the stream of the capture; these are steps like any other.
            self.eager_steps += 1
            self.stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(self.stream):
                self.step(index)
            torch.cuda.current_stream().wait_stream(self.stream)
        else:
            self.index.copy_(index)
            if self.graph is None:
                self.graph = torch.cuda.CUDAGraph()
                with torch.cuda.graph(self.graph, stream=self.stream):
                    self.step(self.index)
            self.graph.replay()
