"""What each model minimises, with the gradient it leaves for the optimiser (sections 3.2-3.4).

An objective takes a batch as indices (S, B) into its data, one row per seed, writes the gradient
of every parameter into `.grad`, and returns (S, 3): loss, positive and negative goodness. Seeds
never mix: a seed whose numbers overflow leaves the others alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, softplus

from ffensembles.networks import Linear, Network, goodness, normalise

THRESHOLD = 3.0  # θ, the goodness that separates positive from negative data

Loss = Callable[[Tensor, Tensor], Tensor]


def threshold_loss(positive: Tensor, negative: Tensor) -> Tensor:
    """Mean of softplus(θ - G_pos) and softplus(G_neg - θ) over the batch, (S, B) to (S,)."""
    return (softplus(THRESHOLD - positive) + softplus(negative - THRESHOLD)).mean(-1) / 2


def difference_loss(positive: Tensor, negative: Tensor) -> Tensor:
    """Mean of log(1 + exp(G_neg - G_pos)), the formula printed in section 3.2."""
    return softplus(negative - positive).mean(-1)


LOSSES: dict[str, Loss] = {"threshold": threshold_loss, "difference": difference_loss}


@dataclass
class PairedData:
    """Positive and negative inputs (S, 2, N, inputs); index i names a positive and a negative.

    The inputs are divided by their norm already, and stored as products read them.
    """

    inputs: Tensor

    def __len__(self) -> int:
        return self.inputs.shape[2]

    def batch(self, index: Tensor) -> Tensor:
        """Return (S, 2 B, inputs): the positives of `index` (S, B), then its negatives."""
        seeds, _, n, width = self.inputs.shape
        start = torch.arange(0, 2 * seeds * n, n, device=index.device).view(seeds, 2, 1)
        rows = (start + index[:, None]).flatten()
        return self.inputs.view(-1, width).index_select(0, rows).view(seeds, -1, width)


@dataclass
class LayerGoodness:
    """FF: one layer learns from its own goodness; no gradient passes between layers.

    With δ the derivative of the loss by a row's goodness G = ‖h‖, the gradient is Hebbian,
    Σ δ ∂G/∂h xᵀ: activity after times activity before the connection, scaled by δ. The ReLU needs
    no derivative of its own, for ∂G/∂h vanishes where h does.
    """

    layer: Linear
    data: PairedData
    norm: str
    loss: Loss

    def __len__(self) -> int:
        return len(self.data)

    @property
    def parameters(self) -> list[Tensor]:
        """The tensors that this objective trains."""
        return [self.layer.weight, self.layer.bias]

    def __call__(self, index: Tensor) -> Tensor:
        """Set the gradients for a batch."""
        x = self.data.batch(index)
        h = self.layer(x).relu_()
        g = goodness(h, self.norm).unflatten(1, (2, -1))
        with torch.enable_grad():
            g.requires_grad_()
            loss = self.loss(g[:, 0], g[:, 1])
            (delta,) = torch.autograd.grad(loss.sum(), g)
        g = g.detach()
        if self.norm == "l2":
            h.mul_((delta / g.clamp_min(1e-12)).flatten(1)[..., None])
        else:
            h.sign_().mul_(delta.flatten(1)[..., None])
        self.layer.weight.grad = torch.bmm(h.mT, x).float()
        self.layer.bias.grad = h.sum(1)
        return torch.stack([loss.detach(), *g.mean(-1).unbind(1)], dim=1)

    def outputs(self, normalisation: str, rows: int = 8192) -> PairedData:
        """Return the next layer's data: the normalised outputs for all of this layer's inputs."""
        seeds, _, n, _ = self.data.inputs.shape
        out = self.data.inputs.new_empty(seeds, 2, n, self.layer.bias.shape[1])
        for half in range(2):
            for start in range(0, n, rows):
                part = slice(start, start + rows)
                h = self.layer(self.data.inputs[:, half, part]).relu_()
                out[:, half, part] = normalise(h, normalisation)
        return PairedData(out)


@dataclass
class NetworkGoodness:
    """BP/FF: the goodness of all layers together, trained end to end (section 3.3)."""

    network: Network
    data: PairedData
    norm: str
    loss: Loss

    def __len__(self) -> int:
        return len(self.data)

    @property
    def parameters(self) -> list[Tensor]:
        """The tensors that this objective trains."""
        return list(self.network.state().values())

    def __call__(self, index: Tensor) -> Tensor:
        """Set the gradients for a batch."""
        with torch.enable_grad():
            layers = self.network.activations(self.data.batch(index), normalised=True)
            g = torch.stack([goodness(h, self.norm) for h in layers]).sum(0)
            positive, negative = g.unflatten(1, (2, -1)).unbind(1)
            loss = self.loss(positive, negative)
            backward(loss, self.parameters)
        return torch.stack([loss, positive.mean(-1), negative.mean(-1)], dim=1).detach()


@dataclass
class CrossEntropy:
    """BP: categorical cross-entropy, optionally with ℓ1 on the activations (App. I)."""

    network: Network
    images: Tensor  # (N, inputs)
    labels: Tensor  # (N,)
    activation_l1: float

    def __len__(self) -> int:
        return len(self.images)

    @property
    def parameters(self) -> list[Tensor]:
        """The tensors that this objective trains."""
        return list(self.network.state().values())

    def __call__(self, index: Tensor) -> Tensor:
        """Set the gradients for a batch."""
        with torch.enable_grad():
            layers = list(self.network.activations(self.images[index]))
            logits = self.network.logits(layers[-1])
            loss = cross_entropy(
                logits.flatten(0, 1), self.labels[index].flatten(), reduction="none"
            )
            loss = loss.view_as(index).mean(1)
            if self.activation_l1:
                # Summed, not averaged, over the batch: this is how 2.5e-6 was meant.
                loss = loss + self.activation_l1 * sum(h.sum((1, 2)) for h in layers)
            backward(loss, self.parameters)
        missing = torch.full_like(loss, torch.nan)
        return torch.stack([loss, missing, missing], dim=1).detach()


def backward(loss: Tensor, parameters: Sequence[Tensor]) -> None:
    """Set `.grad` from the losses (S,) of all seeds."""
    for parameter in parameters:
        parameter.grad = None
    # Not autograd.grad: only `backward` lays gradients out as their parameters are, and the
    # fused Adam silently takes them to be so.
    loss.sum().backward()
