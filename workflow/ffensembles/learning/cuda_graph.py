"""One training step as a callable: eager, or replayed as a CUDA graph on a GPU.

A step is some dozens of small kernels; launched one by one they keep a fast GPU waiting for the
host. A CUDA graph launches them all at once.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ffensembles.learning.adam import Adam
from ffensembles.learning.objective import Objective

WARM_UP = 3  # eager steps before a capture, so that libraries and Adam have set themselves up


def make_step(
    objective: Objective,
    optimiser: Adam,
    totals: Tensor,
    batch_size: int,
) -> Callable[[Tensor], None]:
    """Return a function of a batch's indices (S, B) that updates weights and adds to `totals`.

    `totals` (S, 3) sums what the objective returns, weighted by the size of the batch.
    """

    def eager(index: Tensor) -> None:
        totals.add_(objective(index), alpha=index.shape[1])
        optimiser.step()

    if not (objective.capturable and has_graphs(totals.device)):
        return eager
    return Captured(eager, totals.shape[0], batch_size, totals.device)


def has_graphs(device: torch.device) -> bool:
    """Say whether steps on a device can be captured."""
    return device.type == "cuda"


class Captured:
    """Replays full batches from a CUDA graph; the first few and the smaller last run eagerly.

    A replay reads and writes the very memory of the capture. So the batch is copied into
    `index`; weights, optimiser state and totals are only ever changed in place; and gradients
    and activations live in the graph's own pool. The step must draw nothing at random and read
    nothing back to the host. All steps run on one stream of their own, as a capture and the
    warm-up before it have to.
    """

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
        """Do one step for the batch `index`, after all work before it and before all after."""
        outside = torch.cuda.current_stream()
        self.stream.wait_stream(outside)
        with torch.cuda.stream(self.stream):
            if index.shape == self.index.shape and self.eager_steps >= WARM_UP:
                self._replay(index)
            else:
                self.step(index)
                self.eager_steps += 1
        outside.wait_stream(self.stream)

    def _replay(self, index: Tensor) -> None:
        self.index.copy_(index)
        if self.graph is None:
            self.graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self.graph, stream=self.stream):  # records, runs nothing
                self.step(self.index)
        self.graph.replay()
