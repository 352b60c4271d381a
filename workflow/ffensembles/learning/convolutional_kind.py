"""Kinds whose layers are convolutions; a unit is a channel, or a channel at a position."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, max_pool2d

from ffensembles.learning.kinds import FLOAT, Kept
from ffensembles.learning.module_kind import ModuleKind


class Convolution(nn.Module):
    """A convolution and ReLU, then 2 x 2 max-pooling where it is wanted.

    Attributes:
        kept: which activations are not pruned, (C, 1, 1) or (C, H, W) of ones and zeros.
    """

    def __init__(
        self, before: int, channels: int, *, kernel: int = 3, groups: int = 1, pooled: bool
    ) -> None:
        """Draw the weights from torch's generator."""
        super().__init__()
        self.conv = nn.Conv2d(before, channels, kernel, padding=kernel // 2, groups=groups)
        self.pooled = pooled
        self.kept: Tensor | None = None

    def pool(self, h: Tensor) -> Tensor:
        """Max-pool over 2 x 2, if this layer pools and its maps are large enough."""
        return max_pool2d(h, 2) if self.pooled and min(h.shape[-2:]) > 1 else h

    def active(self, x: Tensor) -> Tensor:
        """Return the activations (B, C, H, W) after ReLU."""
        h = self.conv(x).relu_()
        return h if self.kept is None else h * self.kept

    def output(self, h: Tensor) -> Tensor:
        """Return what the next layer sees of activations."""
        return self.pool(h)

    def forward(self, x: Tensor) -> Tensor:
        """Return what the next layer sees."""
        return self.output(self.active(x))


class ConvolutionalKind(ModuleKind):
    """A network `layer1`, `layer2`, … of convolutions, with channels as `units` has them.

    Its row says in the column `unit` what a unit is: a `channel`, whose activation is its mean over
    all positions after ReLU, or a channel at a `position`, with its activation there. Where outputs
    are normalised it may be `normalised`: a channel, with the mean of its output.
    """

    incoming = ("layer{}.conv.weight", "layer{}.conv.bias")

    @abstractmethod
    def layer(self, number: int, before: int, channels: int) -> Convolution:
        """Return a new layer, counted from 1, that sees so many channels."""

    def build(self) -> nn.ModuleDict:
        """Return the layers, channels last in memory, which is several times as fast on a CPU."""
        network, before = nn.ModuleDict(), self.shape[0]
        for number, channels in enumerate(self.experiment.widths, 1):
            network[f"layer{number}"] = self.layer(number, before, channels)
            before = channels
        return network.to(memory_format=torch.channels_last)

    def layers(self, network: Any) -> list[Any]:
        """Return those layers that the network has, from the first."""
        names = (f"layer{number}" for number in range(1, self.experiment.layers + 1))
        return [network[name] for name in names if name in network]

    def activations(self, network: Any, images: Tensor) -> Iterator[Tensor]:
        """Yield the activations (M, units) of every layer."""
        x = images.contiguous(memory_format=torch.channels_last)
        for layer in self.layers(network):
            h = layer.active(x)
            x = layer.output(h)
            measured = x if self.experiment.extra["unit"] == "normalised" else h
            yield measured.flatten(1) if self.by_position else measured.mean((2, 3))

    @property
    def by_position(self) -> bool:
        """Is a unit a channel at a position?"""
        return self.experiment.extra["unit"] == "position"

    def weights(self, network: Any) -> list[Tensor]:
        """Return the incoming weights (units, inputs); those of a channel are alike everywhere."""
        found = [layer.conv.weight.detach().flatten(1) for layer in self.layers(network)]
        if not self.by_position:
            return found
        sizes = [h[0, 0].numel() for h in self._silent(network)]
        return [w.repeat_interleave(n, 0) for w, n in zip(found, sizes, strict=True)]

    def prune(self, network: Any, kept: Kept) -> nn.ModuleDict:
        """Return the network with all other units silent, and their outputs zero."""
        pruned = deepcopy(network)
        for layer, units, h in zip(self.layers(pruned), kept, self._silent(network), strict=True):
            if units is not None:
                shape = h[0] if self.by_position else h[0, :, :1, :1]
                mask = torch.zeros_like(shape, memory_format=torch.contiguous_format)
                mask.view(-1)[units.to(h.device)] = 1
                layer.kept = mask
        return pruned

    def operations(self, network: Any) -> int:
        """Count the multiplications of what is kept, by convolutions of ones with ones."""
        total, seen = 0.0, torch.ones(1, *self.shape)
        for layer, h in zip(self.layers(network), self._silent(network), strict=True):
            kept = torch.ones(h.shape) if layer.kept is None else layer.kept.cpu().expand(h.shape)
            ones = torch.ones_like(layer.conv.weight, device="cpu")
            inputs = conv2d(seen, ones, padding=layer.conv.padding, groups=layer.conv.groups)
            total += (inputs * kept).double().sum().item()
            seen = layer.pool(kept)
        return round(total)

    def _silent(self, network: Any) -> Iterator[Tensor]:
        """Yield something of the shape (1, C, H, W) of every layer's activations."""
        layers = self.layers(network)
        x = layers[0].conv.weight.new_zeros(1, *self.shape)
        for layer in layers:
            h = x.new_zeros(1, layer.conv.out_channels, *x.shape[2:])
            yield h
            x = layer.pool(h)

    def memory(self, images: int) -> tuple[int, int]:
        """Count the weights four times over, and what a step keeps of every layer."""
        shared, _ = super().memory(images)
        with torch.random.fork_rng([]):
            network = self.build()
        weights = sum(x.numel() for x in network.parameters())
        step = sum(3 * h.numel() for h in self._silent(network))
        return shared, FLOAT * (4 * weights + self.rows * step)

    @property
    def rows(self) -> int:
        """How many images a step has."""
        return self.experiment.batch_size
