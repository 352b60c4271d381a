"""The images that are trained on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import Tensor


@dataclass
class Split:
    """The training images: standardised, flattened (N, C*H*W), with labels, (C, H, W) and K."""

    images: Tensor
    labels: Tensor
    shape: tuple[int, int, int]
    categories: int

    def without(self, category: int | None) -> Split:
        """Leave out a held-out category's images; its label stays among the wrong ones."""
        if category is None:
            return self
        keep = self.labels != category
        return replace(self, images=self.images[keep], labels=self.labels[keep])
