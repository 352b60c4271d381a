"""What a phase of training minimises, as the loop sees it."""

from __future__ import annotations

from typing import ClassVar, Protocol

from torch import Tensor


class Objective(Protocol):
    """Takes a batch as indices (S, B) into its data, one row per seed, and leaves gradients.

    It writes the gradient of every parameter into `.grad`, laid out in memory as the parameter, or
    None where the parameter is to stay as it is. It returns (S, 3): loss, positive and negative
    goodness, NaN where there is no such thing. Seeds never mix: a seed whose numbers overflow
    leaves the others alone.
    """

    capturable: ClassVar[
        bool
    ]  # can a CUDA graph record it? It then draws nothing and reads nothing back

    @property
    def parameters(self) -> list[Tensor]:
        """The tensors that it trains; with a leading seed axis where there are several seeds."""

    def __len__(self) -> int:
        """Return how many images, or pairs of them, an epoch has."""

    def begin_epoch(self, phase: int, epoch: int, batch: int) -> None:
        """Draw what is drawn anew in every epoch; `batch` of its batches are done already."""

    def __call__(self, index: Tensor) -> Tensor:
        """Set the gradients for a batch."""
