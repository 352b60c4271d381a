"""Adam (Kingma & Ba, 2015), the optimiser of all models (App. C)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.optim.adam import adam


class Adam:
    """Adam at its usual settings, with decoupled weight decay (Loshchilov & Hutter, 2019).

    It steps by the function behind `torch.optim.Adam`. The class itself loads the compiler of
    torch.compile before its first step, which takes as long as a small training.
    """

    def __init__(
        self, parameters: Sequence[Tensor], learning_rate: float, weight_decay: float
    ) -> None:
        """Start before the first step for parameters, whose gradients lie in their `grad`."""
        self.parameters = list(parameters)
        self.learning_rate, self.weight_decay = learning_rate, weight_decay
        self.state = {
            "steps": [torch.zeros((), device=p.device) for p in self.parameters],
            "means": [torch.zeros_like(p) for p in self.parameters],
            "squares": [torch.zeros_like(p) for p in self.parameters],
        }

    def step(self) -> None:
        """Change the parameters that have a gradient, in place; a CUDA graph can record it."""
        moved = [i for i, p in enumerate(self.parameters) if p.grad is not None]
        parameters, *state = (
            [tensors[i] for i in moved] for tensors in (self.parameters, *self.state.values())
        )
        steps, means, squares = state
        if not moved:
            return
        adam(
            parameters,
            [p.grad for p in parameters if p.grad is not None],
            means,
            squares,
            [],
            steps,
            fused=True,
            capturable=True,
            decoupled_weight_decay=True,
            amsgrad=False,
            maximize=False,
            beta1=0.9,
            beta2=0.999,
            eps=1e-8,
            lr=self.learning_rate,
            weight_decay=self.weight_decay,
        )

    def restore(self, state: dict[str, list[Tensor]]) -> None:
        """Go back to a saved `state`."""
        for name, tensors in self.state.items():
            for tensor, saved in zip(tensors, state[name], strict=True):
                tensor.copy_(saved)
