"""BPconv: the convolutions of CwC and their head, by Backpropagation."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor
from torch.nn.functional import cross_entropy

from ffensembles.learning.module_kind import Batch
from ffensembles.learning.normalised_kind import NormalisedKind


class BPConv(NormalisedKind):
    """The contrast that BP is in the paper: the same network, of which no channel is assigned."""

    name = "BP conv"
    order = 6
    colour = "#56b4e9"
    marker = "<"
    line = ":"
    columns: ClassVar[dict[str, Any]] = {
        "layers": 4,
        "loss": ["cross-entropy"],
        "unit": ["channel", "position", "normalised"],
    }
    score = "Output"

    def loss(self, network: Any, batch: Batch) -> Tensor:
        """Return the cross-entropy of the head."""
        x = batch.images
        for layer in self.layers(network):
            x, _ = layer.learn(x)
        return cross_entropy(self.read_out(network, x), batch.labels)
