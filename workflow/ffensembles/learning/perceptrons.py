"""The multi-layer perceptrons of the paper, one per seed, stacked along a leading seed axis.

Linear layers with ReLU (section 3.2). The input of every layer, the image included, may be divided
by its own norm, so that no layer can read the goodness of the one before. There may be a linear
head (section 3.4).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

NORMS = {"l1": 1, "l2": 2}
SMALLEST = 1e-12  # lower bound of a norm used as a divisor


@dataclass
class Linear:
    """S linear maps, whose weights lie transposed in memory: CPUs multiply them faster so.

    Attributes:
        transposed: (S, inputs, outputs).
        bias: (S, outputs).
    """

    transposed: Tensor
    bias: Tensor

    @classmethod
    def of(cls, weight: Tensor, bias: Tensor) -> Linear:
        """Return the maps with weight (S, outputs, inputs)."""
        return cls(weight.mT.contiguous(), bias)

    @property
    def weight(self) -> Tensor:
        """(S, outputs, inputs); shares its memory with `transposed`."""
        return self.transposed.mT

    def __call__(self, x: Tensor) -> Tensor:
        """Map x (S, B, inputs) to (S, B, outputs), float32 whatever the product's precision."""
        # Not by baddbmm, which fills the product with the bias first: a twelfth slower on a CPU.
        return torch.bmm(x, self.transposed).float().add_(self.bias[:, None])

    def part(self, after: Tensor | None, before: Tensor | None) -> Linear:
        """Return the maps from some inputs to some outputs, which are given by their places."""
        if after is None and before is None:
            return self
        weight, bias = self.weight, self.bias
        if after is not None:
            weight, bias = weight[:, after], bias[:, after]
        return Linear.of(weight if before is None else weight[:, :, before], bias)

    @classmethod
    def initialise(cls, inputs: int, outputs: int, generators: Sequence[torch.Generator]) -> Linear:
        """Draw PyTorch's default initialisation of a linear layer, one generator per seed."""
        bound = 1 / math.sqrt(inputs)

        def draw(*shape: int) -> Tensor:
            return torch.stack(
                [torch.empty(shape).uniform_(-bound, bound, generator=g) for g in generators]
            )

        return cls.of(draw(outputs, inputs), draw(outputs))


@dataclass
class Network:
    """S networks with their layers in order, and how they normalise between layers.

    Attributes:
        layers: the hidden layers.
        head: the linear head, or None.
        normalisation: the norm by which inputs are divided: `l1`, `l2`, or `none`.
    """

    layers: list[Linear]
    head: Linear | None
    normalisation: str

    @classmethod
    def initialise(
        cls,
        sizes: Sequence[int],
        head: int | None,
        normalisation: str,
        generators: Sequence[torch.Generator],
    ) -> Network:
        """Build networks of the given layer sizes (inputs first), one generator per seed."""
        layers = [
            Linear.initialise(inputs, outputs, generators) for inputs, outputs in pairwise(sizes)
        ]
        last = None if head is None else Linear.initialise(sizes[-1], head, generators)
        return cls(layers, last, normalisation)

    def activations(self, x: Tensor) -> Iterator[Tensor]:
        """Yield the activations (S, B, units) of each layer, after ReLU, for x (S, B, inputs)."""
        for layer in self.layers:
            x = layer(normalise(x, self.normalisation)).relu()
            yield x

    def logits(self, x: Tensor) -> Tensor:
        """Return the head's outputs (S, B, categories) for the last layer's activations x."""
        assert self.head is not None, "there is no head"
        return self.head(x)

    def maps(self) -> list[Linear]:
        """Return the layers and, where there is one, the head."""
        return self.layers if self.head is None else [*self.layers, self.head]

    def state(self) -> dict[str, Tensor]:
        """Name every tensor, layers counted from 1."""
        named = {f"layer{i}": layer for i, layer in enumerate(self.layers, 1)}
        if self.head is not None:
            named["head"] = self.head
        return {
            f"{name}.{part}": getattr(linear, part)
            for name, linear in named.items()
            for part in ("weight", "bias")
        }

    @classmethod
    def from_state(cls, state: dict[str, Tensor], normalisation: str) -> Network:
        """Rebuild networks from what `state` named."""
        depth = sum(name.startswith("layer") for name in state) // 2
        layers = [
            Linear.of(state[f"layer{i}.weight"], state[f"layer{i}.bias"])
            for i in range(1, depth + 1)
        ]
        has_head = "head.weight" in state
        head = Linear.of(state["head.weight"], state["head.bias"]) if has_head else None
        return cls(layers, head, normalisation)

    def to(self, device: torch.device | str) -> Network:
        """Return the networks on another device."""
        moved = {name: tensor.to(device) for name, tensor in self.state().items()}
        return self.from_state(moved, self.normalisation)

    def pruned(self, kept: Sequence[Tensor | None]) -> Network:
        """Return the networks with these units of each layer, and all where it says None."""
        every = [*kept, None] if self.head is not None else kept
        parts = [
            linear.part(after, before)
            for linear, after, before in zip(self.maps(), every, [None, *kept], strict=False)
        ]
        head = None if self.head is None else parts.pop()
        return Network(parts, head, self.normalisation)

    def continued(
        self, whole: Sequence[Tensor], kept: Sequence[Tensor | None]
    ) -> tuple[int, list[Tensor]]:
        """Return how many layers lie below the first pruned one, and the activations from that on.

        Args:
            whole: the activations (S, B, units) of every unpruned layer, for the same inputs.
            kept: what this network was pruned to.
        """
        first = next((i for i, units in enumerate(kept) if units is not None), len(kept))
        layers = [h[..., k] for h, k in zip(whole[first:], kept[first : first + 1], strict=False)]
        for layer in self.layers[first + 1 :]:
            layers.append(layer(normalise(layers[-1], self.normalisation)).relu_())
        return first, layers


def normalise(x: Tensor, norm: str, out: Tensor | None = None) -> Tensor:
    """Divide each row of x by its ℓ1 or ℓ2 norm, into `out` if given; rows of zeros stay."""
    if norm == "none":
        return x if out is None else out.copy_(x)
    return torch.nn.functional.normalize(x, p=NORMS[norm], dim=-1, eps=SMALLEST, out=out)
