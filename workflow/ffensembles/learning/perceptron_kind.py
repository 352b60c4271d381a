"""Kinds whose networks are the multi-layer perceptrons of the paper, all seeds at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import prod

import torch
from torch import Tensor

from ffensembles.learning.kinds import FLOAT, Kept, Kind
from ffensembles.learning.perceptrons import Network

# From this layer width on, a CPU trains seeds one by one as fast as together, in less memory;
# in narrower layers, steps are so short that the overhead of starting them matters.
WIDE = 512


class PerceptronKind(Kind):
    """Linear layers with ReLU, whose units have weights, biases and can be pruned.

    Attributes:
        head: is there a linear head, with an output for each category?
    """

    incoming = ("layer{}.weight", "layer{}.bias")
    head = False

    @property
    def sizes(self) -> list[int]:
        """How many inputs there are, then how many units each layer has."""
        return [prod(self.shape), *self.experiment.widths]

    def initialise(self, generators: Sequence[torch.Generator]) -> Network:
        """Draw the networks of all seeds."""
        outputs = self.categories if self.head else None
        return Network.initialise(self.sizes, outputs, self.experiment.normalisation, generators)

    def state(self, network: Network) -> dict[str, Tensor]:
        """Name every tensor, such as layer1.weight (S, units, inputs), layer1.bias (S, units)."""
        return network.state()

    def from_state(self, state: dict[str, Tensor]) -> Network:
        """Return networks of as many layers as the state has."""
        return Network.from_state(state, self.experiment.normalisation)

    def together(self, device: torch.device) -> bool:
        """Train seeds at once wherever that is faster."""
        return device.type != "cpu" or max(self.experiment.widths) < WIDE

    def activations(self, network: Network, images: Tensor) -> Iterator[Tensor]:
        """Yield the activations of every layer, after ReLU."""
        return (h[0] for h in network.activations(images.flatten(1)[None]))

    def prune(self, network: Network, kept: Kept) -> Network:
        """Leave out units with their weights, and those that read them."""
        return network.pruned(kept)

    def memory_of_all_layers(self, images: int, *, rows: int, kept: int) -> tuple[int, int]:
        """Estimate what training takes where a step is one of all layers.

        Args:
            images: how many there are.
            rows: how many a step of one seed passes through the layers.
            kept: how many numbers of each row are kept beside inputs and activations.
        """
        shared, _ = super().memory(images)
        inputs, *units = self.sizes
        weights = sum(before * after for before, after in pairwise(self.sizes))
        # On the way down: slopes of two layers and a product; one more for all that is small.
        step = rows * (inputs + sum(units) + kept + 4 * max(units))
        # Gradient and Adam's two moments of every weight, beside itself.
        return shared, FLOAT * (4 * weights + places(images) + step)


def places(images: int) -> int:
    """Count the negatives and an epoch's order, in whole numbers of 8 bytes, as numbers of 4."""
    return 8 * images
