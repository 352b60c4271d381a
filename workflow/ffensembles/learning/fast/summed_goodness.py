"""What FF and BP/FF minimise, with the gradient written out (sections 3.2 and 3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from ffensembles.learning.devices import product_dtype
from ffensembles.learning.fast.gradients import before_normalisation, set_gradient
from ffensembles.learning.goodness import goodness
from ffensembles.learning.goodness import slope as slope_of
from ffensembles.learning.losses import Loss
from ffensembles.learning.paired_data import PairedData
from ffensembles.learning.perceptrons import SMALLEST, Linear


@dataclass
class SummedGoodness:
    """The goodness of some layers together: of a single one in FF, of all in BP/FF (section 3.3).

    The gradient is written out. With δ the derivative of the loss by a row's summed goodness and
    ∂L/∂h that by the activations of a layer with inputs x, the weights' is Σ ∂L/∂h xᵀ over the
    rows. In the last layer, FF's only one, ∂L/∂h = δ ∂‖h‖/∂h: learning is Hebbian, postsynaptic
    times presynaptic activity. Lower layers add the derivative that comes from the layer above.
    """

    layers: Sequence[Linear]
    data: PairedData
    norm: str
    normalisation: str
    loss: Loss
    capturable: ClassVar[bool] = True

    def __len__(self) -> int:
        return self.data.shape[1]

    @property
    def parameters(self) -> list[Tensor]:
        """The tensors that this objective trains."""
        return [tensor for layer in self.layers for tensor in (layer.transposed, layer.bias)]

    def begin_epoch(self, phase: int, epoch: int, batch: int) -> None:
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
