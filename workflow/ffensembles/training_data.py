"""What a training trains on: embedded, normalised, and on the device once and for all."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ffensembles.devices import product_dtype
from ffensembles.experiments import Experiment
from ffensembles.label_embedding import LabelEmbedding, draw_negatives
from ffensembles.networks import normalise
from ffensembles.objectives import PairedData
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


def memory_needed(experiment: Experiment, images: int, inputs: int) -> tuple[int, int]:
    """Estimate the device memory of a training at its peak: (shared, for each seed), in bytes.

    Shared are the images, and for FF and BP/FF what embedding makes on its way. Of a seed, FF's
    data count most: a layer's inputs lie beside the outputs being made.
    """
    units, batch = experiment.units, 2 * experiment.batch_size
    weights = 4 * units * (inputs + units * (experiment.layers - 1))  # with gradient and moments
    passing = 4 * batch * (inputs + units * experiment.layers)
    data = {
        "ff": 2 * images * (max(inputs, units) + units),
        "bpff": 2 * images * inputs,
        "bp": 0,
    }
    copies = 1 if experiment.model == "bp" else 4
    return 4 * copies * images * inputs, 4 * (weights + passing + data[experiment.model])
