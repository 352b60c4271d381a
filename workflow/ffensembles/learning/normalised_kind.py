"""Kinds whose convolutions are normalised over the batch, with a linear head on the last."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from ffensembles.errors import UserError
from ffensembles.learning.convolutional_kind import Convolution, ConvolutionalKind
from ffensembles.learning.fast.moments import ReluMoments

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


class NormalisedKind(ConvolutionalKind):
    """Convolutions of which every second is cut into K groups and pooled (`kinds/cwc.py`)."""

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
        network["head"] = self.head(output.numel())
        return network

    def head(self, inputs: int) -> nn.Module:
        """Return a new linear head."""
        return nn.Linear(inputs, self.categories)

    def read_out(self, network: Any, output: Tensor) -> Tensor:
        """Return what the head says of the last layer's output, (M, K).

        The head sees the outputs divided by the square root of their number. Otherwise a step of
        Adam, which changes a weight for each output, would overshoot by far: on MNIST the head of
        CwC was then no better than the goodness.
        """
        head: nn.Module = network["head"]
        inputs = output.flatten(1)
        return head(inputs / inputs.shape[1] ** 0.5).float()

    def output(self, network: Any, images: Tensor) -> Tensor:
        """Return the last layer's output."""
        x = images.contiguous(memory_format=torch.channels_last)
        for layer in self.layers(network):
            x = layer(x)
        return x

    def predict(self, network: Any, images: Tensor, embedding: Any) -> Tensor:
        """Return the category with the largest score."""
        (found,) = self.scores(network, images, embedding).values()
        return found.argmax(1)

    def scores(self, network: Any, images: Tensor, embedding: Any) -> dict[str, Tensor]:
        """Return the head's outputs."""
        return {"Head": self.read_out(network, self.output(network, images))}
