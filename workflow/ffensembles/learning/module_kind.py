"""Kinds whose networks are torch modules, trained one seed after another by autograd.

The base for a kind of one's own: `build`, `loss`, `predict` and `activations` are all it takes.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import nan
from typing import ClassVar

import torch
from torch import Tensor, nn

from ffensembles.learning.kinds import Draw, Kind
from ffensembles.learning.objective import Objective
from ffensembles.learning.split import Split


@dataclass(frozen=True)
class Batch:
    """What a step learns from.

    Attributes:
        images: (B, C, H, W), standardised.
        labels: (B,).
        phase: from 1; the layer that is trained, where they are trained one after the other.
        epoch: how many of the phase are done.
    """

    images: Tensor
    labels: Tensor
    phase: int
    epoch: int


class ModuleKind(Kind):
    """A kind of which a network is a `torch.nn.Module` of one seed.

    What is drawn from torch's own generator, in `build` and in `loss`, depends on the seed and on
    the place in training alone; so a killed training ends as an unbroken one.
    """

    @abstractmethod
    def build(self) -> nn.Module:
        """Return a new network."""

    @abstractmethod
    def loss(self, network: nn.Module, batch: Batch) -> Tensor | tuple[Tensor, Tensor, Tensor]:
        """Return the loss to minimise, or a tuple of loss, positive and negative goodness.

        Parameters that the loss does not depend on stay as they are.
        """

    def parameters(self, network: nn.Module, phase: int) -> list[Tensor]:
        """Return what a phase trains."""
        start = f"layer{phase}." if self.layerwise else ""
        return [x for name, x in network.named_parameters() if name.startswith(start)]

    def initialise(self, generators: Sequence[torch.Generator]) -> nn.Module:
        """Return a new network for the one seed that there is."""
        (generator,) = generators
        with drawing_from(generator.initial_seed()):
            return self.build()

    def state(self, network: nn.Module) -> dict[str, Tensor]:
        """Name parameters and buffers as the module does, with a seed axis of length 1."""
        return {name: tensor[None] for name, tensor in network.state_dict().items()}

    def from_state(self, state: dict[str, Tensor]) -> nn.Module:
        """Return a network with these tensors, ready to be measured.

        A `ModuleDict` of layers that are trained one after the other is without those that the
        state lacks.
        """
        with drawing_from(0):
            network = self.build()
        if self.layerwise and isinstance(network, nn.ModuleDict):
            there = {name.partition(".")[0] for name in state}
            for name in [n for n in network if n.startswith("layer") and n not in there]:
                del network[name]
        network.load_state_dict(
            {name: x[0] for name, x in state.items()}, strict=not self.layerwise
        )
        return network.to(next(iter(state.values())).device).eval()

    def objectives(
        self,
        network: nn.Module,
        split: Split,
        seeds: Sequence[int],
        draw: Draw,
        device: torch.device,
    ) -> Iterator[Objective]:
        """Yield `loss` with its gradient by autograd, for every phase."""
        images = split.images.to(device).unflatten(1, split.shape)
        labels = split.labels.to(device)
        (seed,) = seeds
        network.train()
        for phase in range(1, self.phases + 1):
            yield ByAutograd(self, network, images, labels, seed, draw, phase)


class ByAutograd:
    """The loss of a `ModuleKind` in one phase."""

    capturable: ClassVar[bool] = False

    def __init__(
        self,
        kind: ModuleKind,
        network: nn.Module,
        images: Tensor,
        labels: Tensor,
        seed: int,
        draw: Draw,
        phase: int,
    ) -> None:
        """Start before the first epoch."""
        self.kind, self.network, self.images, self.labels = kind, network, images, labels
        self.seed, self.draw, self.phase = seed, draw, phase
        self.epoch = self.batch = 0
        self.parameters = kind.parameters(network, phase)

    def __len__(self) -> int:
        return len(self.images)

    def begin_epoch(self, phase: int, epoch: int, batch: int) -> None:
        """Note where training stands, which every draw depends on."""
        self.epoch, self.batch = epoch, batch

    def __call__(self, index: Tensor) -> Tensor:
        """Set the gradients for a batch."""
        rows = index[0]
        batch = Batch(self.images[rows], self.labels[rows], self.phase, self.epoch)
        place = self.seed, "step", self.phase, self.epoch, self.batch
        for parameter in self.parameters:
            parameter.grad = None
        with torch.enable_grad(), drawing_from(self.draw(*place).initial_seed()):
            loss, *goodness = _as_tuple(self.kind.loss(self.network, batch))
            if loss.ndim:
                raise ValueError(f"the loss is of shape {tuple(loss.shape)}, not one number")
            loss.backward(inputs=self.parameters)
        self.batch += 1
        goodness = goodness or [loss.new_tensor(nan)] * 2
        return torch.stack([x.detach().float() for x in (loss, *goodness)])[None]


def _as_tuple(loss: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return loss if isinstance(loss, tuple) else (loss,)


@contextmanager
def drawing_from(seed: int) -> Iterator[None]:
    """Let torch's own generators start from a seed, and put them back in the end."""
    devices = [torch.cuda.current_device()] if torch.cuda.is_initialized() else []
    with torch.random.fork_rng(devices):
        torch.manual_seed(seed)
        yield
