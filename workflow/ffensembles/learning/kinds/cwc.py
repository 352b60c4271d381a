"""CwC: channel-wise competition, convolutions of which each channel speaks for a category.

Papachristodoulou et al., Convolutional channel-wise competitive learning for the Forward-Forward
algorithm, AAAI 2024. There are no negative data, and no label is drawn into an image.
"""

from __future__ import annotations

from math import ceil
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from ffensembles.errors import UserError
from ffensembles.learning.convolutional_kind import Convolution, ConvolutionalKind
from ffensembles.learning.fast.moments import ReluMoments
from ffensembles.learning.module_kind import Batch

MOMENTUM = 0.1  # the share of a new batch in the mean and variance that are measured with


class NormalisedConvolution(Convolution):
    """A convolution whose output is normalised over the batch, after ReLU and pooling."""

    def __init__(self, before: int, channels: int, *, groups: int, pooled: bool) -> None:
        """Start at mean 0 and variance 1."""
        super().__init__(before, channels, groups=groups, pooled=pooled)
        self.norm = nn.BatchNorm2d(channels, eps=1e-4)

    def output(self, h: Tensor) -> Tensor:
        """Return pooled and normalised activations; what is pruned is 0 there."""
        x = self.norm(self.pool(h))
        return x if self.kept is None else x * self.pool(self.kept)

    def learn(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the output in training, and the mean square (B, C) of it in each channel."""
        h, mean, square = ReluMoments.apply(self.pool(self.conv(x)))  # pooled first, which is less
        scale, shift = self._normalisation(mean.mean(0), square.mean(0))
        goodness = scale.square() * square + 2 * scale * shift * mean + shift.square()
        wide = (part.to(h.dtype)[:, None, None] for part in (shift, scale))
        return torch.addcmul(next(wide), h, next(wide)), goodness

    def _normalisation(self, mean: Tensor, square: Tensor) -> tuple[Tensor, Tensor]:
        """Return scale and shift (C,) for a batch of this mean and mean square, and note these."""
        norm, variance = self.norm, square - mean.square()
        assert norm.running_mean is not None and norm.running_var is not None
        with torch.no_grad():
            norm.running_mean.lerp_(mean, MOMENTUM)
            norm.running_var.lerp_(variance, MOMENTUM)
        scale = norm.weight * (variance.clamp_min(0) + norm.eps).rsqrt()
        return scale, norm.bias - scale * mean


class CwC(ConvolutionalKind):
    """Each layer makes the channels of the right category's group large, and tells none below.

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

    def layer(self, number: int, before: int, channels: int) -> NormalisedConvolution:
        """Cut every second layer into groups that do not see each other, and pool it."""
        if channels % self.categories:
            raise UserError(
                f"{' / '.join(self.experiment.key)}: units is {channels} in layer {number}, which "
                f"cannot be cut into {self.categories} equal groups; take a multiple"
            )
        second = number % 2 == 0
        groups = self.categories if second and before % self.categories == 0 else 1
        return NormalisedConvolution(before, channels, groups=groups, pooled=second)

    def build(self) -> nn.ModuleDict:
        """Return the layers, and a linear head on the output of the last."""
        network = super().build()
        *_, last = self._silent(network)
        output = self.layers(network)[-1].pool(last)
        network["head"] = nn.Linear(output.numel(), self.categories)
        return network

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

    def read_out(self, network: Any, output: Tensor) -> Tensor:
        """Return what the head says of the last layer's output, (M, K)."""
        head: nn.Module = network["head"]
        return head(output.flatten(1)).float()

    def predict(self, network: Any, images: Tensor, embedding: Any) -> Tensor:
        """Return the category whose goodness in the last layer, or output, is the largest."""
        (found,) = self.scores(network, images, embedding).values()
        return found.argmax(1)

    def scores(self, network: Any, images: Tensor, embedding: Any) -> dict[str, Tensor]:
        """Return the goodness of every category in the last layer, or the head's outputs."""
        output = images.contiguous(memory_format=torch.channels_last)
        for layer in self.layers(network):
            output = layer(output)
        if self.experiment.extra.get("predictor") == "goodness":
            return {"Last layer": self.of_categories(output.square().mean((2, 3)))}
        return {"Head": self.read_out(network, output)}
