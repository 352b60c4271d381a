"""What a training trains on: embedded, normalised, and on the device once and for all."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ffensembles.experiments import Experiment
from ffensembles.models.devices import product_dtype
from ffensembles.models.label_embedding import LabelEmbedding, draw_negatives
from ffensembles.models.networks import Linear, normalise
from ffensembles.randomness import generator


@dataclass
class Split:
    """The training images: standardised, flattened (N, C*H*W), with labels and (C, H, W)."""

    images: Tensor
    labels: Tensor
    shape: tuple[int, int, int]

    def without(self, category: int | None) -> Split:
        """Leave out a held-out category's images; its label stays among the wrong ones."""
        if category is None:
            return self
        keep = self.labels != category
        return Split(self.images[keep], self.labels[keep], self.shape)


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

    def after(self, layer: Linear, normalisation: str, rows: int = 8192) -> PairedData:
        """Return the next layer's data: the normalised outputs of a layer for all of these."""
        seeds, _, n, _ = self.inputs.shape
        out = self.inputs.new_empty(seeds, 2, n, layer.bias.shape[1])
        for half in range(2):
            for start in range(0, n, rows):
                part = slice(start, start + rows)
                h = layer(self.inputs[:, half, part]).relu_()
                out[:, half, part] = normalise(h, normalisation)
        return PairedData(out)


def paired_data(
    experiment: Experiment,
    name: tuple[object, ...],
    seeds: list[int],
    split: Split,
    device: torch.device,
) -> PairedData:
    """Embed the labels of each seed's positive and negative data (section 3.2)."""
    images, labels = split.images.to(device), split.labels.cpu()
    embedding = LabelEmbedding.of(images, split.shape, experiment.black, experiment.maximum)
    inputs = torch.empty(len(seeds), 2, *images.shape, device=device, dtype=product_dtype(device))

    def fill(inputs: Tensor, images: Tensor, labels: Tensor) -> None:
        embedded = embedding.embed(images, labels.to(device))
        inputs.copy_(normalise(embedded, experiment.normalisation))

    for (positives, negatives), seed in zip(inputs, seeds, strict=True):
        draws = generator(*name, seed, "negatives")
        index, wrong = draw_negatives(labels, experiment.negatives, draws)
        fill(positives, images, labels)
        fill(negatives, images[index.to(device)], wrong)
    return PairedData(inputs)
