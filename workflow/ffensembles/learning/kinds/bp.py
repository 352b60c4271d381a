"""BP: Backpropagation through all layers and a linear head (section 3.4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from ffensembles.learning.devices import product_dtype
from ffensembles.learning.fast.gradients import before_relu, set_gradient
from ffensembles.learning.kinds import Draw, Kept
from ffensembles.learning.label_embedding import Embedding
from ffensembles.learning.objective import Objective
from ffensembles.learning.perceptron_kind import PerceptronKind
from ffensembles.learning.perceptrons import Linear, Network
from ffensembles.learning.split import Split


class BP(PerceptronKind):
    """The contrast of the paper: the same layers, trained by Backpropagation on plain images."""

    name = "BP"
    order = 3
    colour = "#009e73"
    marker = "^"
    line = ":"
    columns: ClassVar[dict[str, Any]] = {"loss": ["cross-entropy"], "activation_l1": 0.0}
    head = True
    score = "Output"

    def objectives(
        self, network: Network, split: Split, seeds: Sequence[int], draw: Draw, device: torch.device
    ) -> Iterator[Objective]:
        """Yield the one objective that all layers have together."""
        images = split.images.to(device, product_dtype(device))
        labels = split.labels.to(device)
        yield CrossEntropy(network, images, labels, self.experiment.activation_l1)

    def predict(self, network: Network, images: Tensor, embedding: Embedding) -> Tensor:
        """Return the category whose output is the largest."""
        return self.scores(network, images, embedding)["Head"].argmax(1)

    def scores(self, network: Network, images: Tensor, embedding: Embedding) -> dict[str, Tensor]:
        """Return the head's outputs."""
        *_, last = network.activations(images.flatten(1)[None])
        return {"Head": network.logits(last)[0]}

    def predict_pruned(
        self, network: Network, images: Tensor, embedding: Embedding, prunings: Sequence[Kept]
    ) -> Tensor:
        """Predict after each of some prunings; the layers below a pruning are computed once."""
        whole = list(network.activations(images.flatten(1)[None]))
        found = []
        for kept in prunings:
            pruned = network.pruned(kept)
            _, changed = pruned.continued(whole, kept)
            found.append(pruned.logits([*whole, *changed][-1])[0].argmax(1))
        return torch.stack(found)

    def memory(self, images: int) -> tuple[int, int]:
        """Add to what is shared what a seed needs for a step of all layers."""
        return self.memory_of_all_layers(images, rows=self.experiment.batch_size, kept=0)


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
    capturable: ClassVar[bool] = True

    def __len__(self) -> int:
        return len(self.images)

    @property
    def parameters(self) -> list[Tensor]:
        """The tensors that this objective trains."""
        return [x for layer in self.network.maps() for x in (layer.transposed, layer.bias)]

    def begin_epoch(self, phase: int, epoch: int, batch: int) -> None:
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
