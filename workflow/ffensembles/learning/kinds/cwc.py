"""CwC: channel-wise competition, convolutions of which each channel speaks for a category.

Papachristodoulou et al., Convolutional channel-wise competitive learning for the Forward-Forward
algorithm, AAAI 2024. There are no negative data, and no label is drawn into an image.
"""

from __future__ import annotations

from math import ceil
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, linear

from ffensembles.learning.module_kind import Batch
from ffensembles.learning.normalised_kind import NormalisedKind

SHARE = 0.002  # of a new step's weights in the average that the head predicts with


class AveragedLinear(nn.Linear):
    """A linear layer that answers with the mean of its weights over the last 500 steps or so.

    Adam at a constant rate never settles, and CwC's rate is large: on MNIST's fixed features the
    test error of the last weights lay between 0.7 and 0.9 % from step to step, that of the mean at
    0.65 %. Polyak & Juditsky, Acceleration of stochastic approximation by averaging, 1992.
    """

    mean_weight: Tensor
    mean_bias: Tensor
    steps: Tensor

    def __init__(self, inputs: int, outputs: int) -> None:
        """Start with the mean of no steps."""
        super().__init__(inputs, outputs)
        self.register_buffer("mean_weight", self.weight.detach().clone())
        self.register_buffer("mean_bias", self.bias.detach().clone())
        self.register_buffer("steps", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs (M, K): in training those of the weights, else those of the mean."""
        if not self.training:
            return linear(x, self.mean_weight, self.mean_bias)
        with torch.no_grad():
            self.steps += 1
            share = self.steps.reciprocal().clamp_min(SHARE)
            self.mean_weight.lerp_(self.weight, share)
            self.mean_bias.lerp_(self.bias, share)
        return super().forward(x)


class CwC(NormalisedKind):
    """Each layer makes the right category's channels large; no gradient reaches those below.

    The channels of a layer are cut into K equal groups. Goodness of a category is the mean square
    of its group's output, and the loss the cross-entropy of the K goodnesses. The column
    `layer_epochs` holds those of the last layer, 0 for all; layer i of L stops after a share of
    (i + 1) / (L + 1) of them, and the head goes on to the end.
    """

    name = "CwC"
    order = 5
    colour = "#e69f00"
    marker = "v"
    line = "-"
    columns: ClassVar[dict[str, Any]] = {
        "layers": 4,
        "unit": ["channel", "position", "normalised"],
        "layer_epochs": 0,
        "predictor": ["goodness", "head"],
    }

    def head(self, inputs: int) -> nn.Module:
        """Return a head whose predictions settle although its learning rate stays constant."""
        return AveragedLinear(inputs, self.categories)

    def learns(self, number: int, epoch: int) -> bool:
        """Say whether a layer, counted from 1, still learns after so many epochs."""
        e = self.experiment
        epochs = int(e.extra["layer_epochs"]) or e.epochs
        return epoch < ceil(epochs * (number + 1) / (e.layers + 1))

    def loss(self, network: Any, batch: Batch) -> Tensor:
        """Return the cross-entropy of every layer that still learns, and of the head."""
        x, total = batch.images, batch.images.new_zeros(())
        for number, layer in enumerate(self.layers(network), 1):
            learns = self.learns(number, batch.epoch)
            with torch.set_grad_enabled(learns):
                x, goodness = layer.learn(x.detach())
            if learns:
                total = total + cross_entropy(self.of_categories(goodness), batch.labels)
        return total + cross_entropy(self.read_out(network, x.detach()), batch.labels)

    def of_categories(self, goodness: Tensor) -> Tensor:
        """Return the goodness (M, K) of each category from that of each channel."""
        return goodness.unflatten(1, (self.categories, -1)).mean(2)

    def assigned(self) -> list[Tensor]:
        """Return the category of each unit's group."""
        with torch.random.fork_rng([]):
            network = self.build()
        found = []
        for layer, h in zip(self.layers(network), self._silent(network), strict=True):
            groups = torch.arange(self.categories)
            channels = groups.repeat_interleave(layer.conv.out_channels // self.categories)
            found.append(channels.repeat_interleave(h[0, 0].numel() if self.by_position else 1))
        return found

    def scores(self, network: Any, images: Tensor, embedding: Any) -> dict[str, Tensor]:
        """Return the goodness of every category in the last layer, or the head's outputs."""
        if self.experiment.extra["predictor"] == "head":
            return super().scores(network, images, embedding)
        last = self.output(network, images).square().mean((2, 3))
        return {"Last layer": self.of_categories(last)}
