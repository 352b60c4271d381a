"""What each model minimises, with the gradient it leaves for the optimiser (sections 3.2-3.4).

An objective takes a batch as indices (S, B) into its data, one row per seed, writes the gradient
of every parameter into `.grad`, and returns (S, 3): loss, positive and negative goodness. Seeds
never mix: a seed whose numbers overflow leaves the others alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ffensembles.learning.devices import product_dtype
from ffensembles.learning.goodness import goodness
from ffensembles.learning.goodness import slope as slope_of
from ffensembles.learning.losses import Loss
from ffensembles.learning.networks import SMALLEST, Linear, Network
from ffensembles.learning.paired_data import PairedData


@dataclass
class SummedGoodness:
    """The goodness of some layers together: of a single one in FF, of all in BP/FF (section 3.3).

    The gradient is written out. With δ the derivative of the loss by a row's summed goodness and
    ∂L/∂h that by the activations of a layer with inputs x, the weights' is Σ ∂L/∂h xᵀ over the
    rows. In the last layer, FF's only one, ∂L/∂h = δ ∂‖h‖/∂h: learning is Hebbian, activity after
    times activity before the connection. Below, the layer above adds what it wants of h.
    """

    layers: Sequence[Linear]
    data: PairedData
    norm: str
    normalisation: str
    loss: Loss

    def __len__(self) -> int:
        return self.data.shape[1]

    @property
    def parameters(self) -> list[Tensor]:
        """The tensors that this objective trains."""
        return [tensor for layer in self.layers for tensor in (layer.transposed, layer.bias)]

    def begin_epoch(self, phase: int, epoch: int) -> None:
        """Draw what is drawn anew in every epoch."""
        self.data.begin_epoch(phase, epoch)

    def __call__(self, index: Tensor) -> Tensor:
        """Set the gradients for a batch."""
        inputs: list[Tensor] = [self.data.batch(index)]
        activations: list[Tensor] = []
        goodnesses: list[Tensor] = []
        norms: list[Tensor] = []
        for layer in self.layers:
            if activations:
                norms.append(self._norm(activations[-1], goodnesses[-1]))
                x = activations[-1] / norms[-1]
                inputs.append(x.to(product_dtype(x.device)))
            activations.append(layer(inputs[-1]).relu_())
            goodnesses.append(goodness(activations[-1], self.norm))
        positive, negative = torch.stack(goodnesses).sum(0).unflatten(1, (2, -1)).unbind(1)
        loss, *slopes = self.loss(positive, negative)
        self._descend(inputs, activations, goodnesses, norms, torch.cat(slopes, dim=1))
        return torch.stack([loss, positive.mean(-1), negative.mean(-1)], dim=1)

    def _norm(self, h: Tensor, value: Tensor) -> Tensor:
        """Return by what h, of goodness `value`, is divided: (S, B, 1), never zero."""
        if self.normalisation == "none":
            return torch.ones_like(value)[..., None]
        # Where the goodness is that norm, as in the paper, it need not be computed again.
        norm = value if self.normalisation == self.norm else goodness(h, self.normalisation)
        return norm.clamp_min(SMALLEST)[..., None]

    def _descend(
        self,
        inputs: Sequence[Tensor],
        activations: Sequence[Tensor],
        goodnesses: Sequence[Tensor],
        norms: Sequence[Tensor],
        delta: Tensor,
    ) -> None:
        """Set the gradients from the last layer down; overwrites the activations."""
        above = None
        for i in reversed(range(len(self.layers))):
            h, g = activations[i], goodnesses[i]
            direction, factor = slope_of(h, g, self.norm)
            scale = (delta * factor)[..., None]
            if above is None:
                slope = direction.mul_(scale)
            else:
                slope = before_normalisation(above, h, self.normalisation, norms[i])
                slope.addcmul_(direction, scale)
            above = set_gradient(self.layers[i], inputs[i], slope, below=i > 0)


def set_gradient(layer: Linear, x: Tensor, slope: Tensor, *, below: bool) -> Tensor | None:
    """Set the gradient of a layer from its inputs x and the derivatives by its outputs, `slope`.

    It lies in memory as the parameters do, which the fused Adam silently takes for granted.

    Returns:
        The derivatives by x where there is something `below` the layer that wants them.
    """
    layer.transposed.grad = layer.bias.grad = None  # makes room for the next
    layer.bias.grad = slope.sum(1)
    slope = slope.to(x.dtype)
    layer.transposed.grad = torch.bmm(x.mT, slope).float()
    return torch.bmm(slope, layer.weight).float() if below else None


def before_relu(slope: Tensor, h: Tensor) -> Tensor:
    """Take derivatives by the activations h, in place, to those by what the ReLU was given."""
    return torch.ops.aten.threshold_backward.grad_input(slope, h, 0, grad_input=slope)


def before_normalisation(slope: Tensor, h: Tensor, norm: str, value: Tensor) -> Tensor:
    """Take derivatives by h / ‖h‖, in place, to those by what the ReLU was given.

    With s = ∂L/∂(h / ‖h‖), this is (s - (s·h / ‖h‖) ∂‖h‖/∂h) / ‖h‖ where a unit is active; `value`
    is ‖h‖, (S, B, 1).
    """
    before_relu(slope, h)
    if norm == "none":
        return slope
    direction, factor = slope_of(h, value[..., 0], norm)
    along = torch.linalg.vecdot(slope, h)[..., None] / value
    return slope.addcmul_(direction, along * factor[..., None], value=-1).div_(value)


@dataclass
class CrossEntropy:
    """BP: categorical cross-entropy, optionally with ℓ1 on the activations (App. I).

    The gradient is written out here, too: the derivatives by the head's outputs are the predicted
    probabilities less the true ones; each layer passes them down through its weights.
    """

    network: Network
    images: Tensor  # (N, inputs), stored as products read them
    labels: Tensor  # (N,)
    activation_l1: float

    def __len__(self) -> int:
        return len(self.images)

    @property
    def parameters(self) -> list[Tensor]:
        """The tensors that this objective trains."""
        return [x for layer in self.network.maps() for x in (layer.transposed, layer.bias)]

    def begin_epoch(self, phase: int, epoch: int) -> None:
        """Do nothing: nothing is drawn anew."""

    def __call__(self, index: Tensor) -> Tensor:
        """Set the gradients for a batch."""
        *hidden, head = self.network.maps()
        inputs = [self.images.index_select(0, index.flatten()).unflatten(0, index.shape)]
        penalty = torch.zeros((), device=index.device)
        for layer in hidden:
            h = layer(inputs[-1]).relu_()
            if self.activation_l1:
                # Summed, not averaged, over the batch: this is how 2.5e-6 was meant.
                penalty = penalty + self.activation_l1 * h.sum((1, 2))
            inputs.append(h.to(product_dtype(h.device)))
        answer = self.labels[index][..., None]
        logarithms = head(inputs[-1]).log_softmax(-1)
        loss = penalty - logarithms.gather(-1, answer).mean((1, 2))
        slope = logarithms.exp_()
        slope.scatter_add_(-1, answer, torch.full_like(answer, -1, dtype=slope.dtype))
        self._descend([*hidden, head], inputs, slope.div_(index.shape[1]))
        missing = torch.full_like(loss, torch.nan)
        return torch.stack([loss, missing, missing], dim=1)

    def _descend(self, maps: Sequence[Linear], inputs: Sequence[Tensor], slope: Tensor) -> None:
        """Set the gradients from the head, with derivatives `slope` by its outputs, down."""
        above = set_gradient(maps[-1], inputs[-1], slope, below=True)
        for i in reversed(range(len(maps) - 1)):
            assert above is not None
            if self.activation_l1:
                above.add_(self.activation_l1)
            slope = before_relu(above, inputs[i + 1])
            above = set_gradient(maps[i], inputs[i], slope, below=i > 0)
