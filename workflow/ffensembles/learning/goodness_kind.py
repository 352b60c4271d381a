"""Kinds that learn by goodness: large for positive, small for negative data (sections 3.2, 3.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from ffensembles.learning.goodness import goodness
from ffensembles.learning.kinds import Kept
from ffensembles.learning.label_embedding import LabelEmbedding
from ffensembles.learning.perceptron_kind import PerceptronKind
from ffensembles.learning.perceptrons import NORMS, SMALLEST, Network

ROWS = 2000  # images, a label each, that pass the layers together when networks are pruned


class GoodnessKind(PerceptronKind):
    """Perceptrons that see an image with a label, and predict by trying every label."""

    score = "Goodness"
    columns: ClassVar[dict[str, Any]] = {
        "loss": "threshold",
        "goodness": "l2",
        "normalisation": ["l2", "l1"],
        "negatives": ["pooled", "paired", "fresh"],
        "black": ["zero", "minimum"],
        "maximum": ["split", "image"],
        "theta": 3.0,
    }

    def embedding(self, images: Tensor) -> LabelEmbedding:
        """Draw labels into the first pixels."""
        e = self.experiment
        return LabelEmbedding.of(images, self.shape, self.categories, e.black, e.maximum)

    def predict(self, network: Network, images: Tensor, embedding: LabelEmbedding) -> Tensor:
        """Return the most probable label of those tried (section 3.2).

        The goodness of a layer turns into probabilities by a softmax over the labels, and the
        layers' probabilities are summed.
        """
        return most_probable(self._goodness_by_label(network, images, embedding))

    def scores(
        self, network: Network, images: Tensor, embedding: LabelEmbedding
    ) -> dict[str, Tensor]:
        """Return the goodness of each layer under each label."""
        by_label = self._goodness_by_label(network, images, embedding)
        return {f"Layer {i}": layer.T for i, layer in enumerate(by_label.unbind(1), 1)}

    def _goodness_by_label(
        self, network: Network, images: Tensor, embedding: LabelEmbedding
    ) -> Tensor:
        """Return the goodness (labels, layers, rows) of each layer with each label drawn in."""
        deeper = Network(network.layers[1:], None, network.normalisation)
        per_label = []  # of each label: (layers, rows)
        for first in _first_activations(network, images.flatten(1), embedding):
            layers = [first, *deeper.activations(first)]
            per_label.append(torch.stack([self._goodness(h) for h in layers]))
        return torch.stack(per_label)

    def predict_pruned(
        self, network: Network, images: Tensor, embedding: LabelEmbedding, prunings: Sequence[Kept]
    ) -> Tensor:
        """Predict after each of some prunings.

        The layers below the first pruned one are the same for all prunings, so their activations
        and goodness are computed once.
        """
        rows = ROWS // embedding.categories
        parts = images.flatten(1).split(rows)
        return torch.cat(
            [self._predict_pruned(network, part, embedding, prunings) for part in parts], dim=1
        )

    def _predict_pruned(
        self, network: Network, images: Tensor, embedding: LabelEmbedding, prunings: Sequence[Kept]
    ) -> Tensor:
        whole = list(network.activations(_with_every_label(images, embedding)[None]))
        values = [self._goodness(h) for h in whole]
        found = []
        for kept in prunings:
            unchanged, changed = network.pruned(kept).continued(whole, kept)
            per_layer = [*values[:unchanged], *(self._goodness(h) for h in changed)]
            per_label = torch.stack(per_layer).unflatten(1, (embedding.categories, len(images)))
            found.append(most_probable(per_label.transpose(0, 1)))
        return torch.stack(found)

    def _goodness(self, h: Tensor) -> Tensor:
        return goodness(h[0], self.experiment.goodness)


def _first_activations(
    network: Network, images: Tensor, embedding: LabelEmbedding
) -> Iterator[Tensor]:
    """Yield the activations (1, rows, units) of layer 1 with each label drawn in.

    Images that differ only in their label have the same norm, since every label has the same number
    of equally bright pixels. So their activations differ only by the weights of the label's pixels.
    """
    layer, norm = network.layers[0], NORMS[network.normalisation]
    label = torch.zeros(len(images), dtype=torch.long, device=images.device)  # any of them
    value = torch.linalg.vector_norm(embedding.embed(images, label), norm, 1, keepdim=True)
    inverse = value.clamp_min(SMALLEST).reciprocal()
    shared = layer(embedding.erase(images).mul_(inverse)[None])
    brightness = embedding.contrast(images) * inverse
    for pixels in embedding.pixels:
        weight = layer.weight[:, None, :, pixels].sum(-1)
        yield torch.addcmul(shared, brightness, weight).relu_()


def _with_every_label(images: Tensor, embedding: LabelEmbedding) -> Tensor:
    """Return (K · rows, inputs): all images with label 0, then all with label 1, and so on."""
    every = torch.arange(embedding.categories, device=images.device)
    labels = every.repeat_interleave(len(images))
    return embedding.embed(images.repeat(embedding.categories, 1), labels)


def most_probable(goodnesses: Tensor) -> Tensor:
    """Return the predicted category (rows,) from the goodness (labels, layers, rows)."""
    return goodnesses.softmax(0).sum(1).argmax(0)
