"""What FF and BP/FF train on: a positive and a negative image for each place (section 3.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ffensembles.experiments import Experiment
from ffensembles.learning.devices import product_dtype
from ffensembles.learning.kinds import Draw
from ffensembles.learning.label_embedding import LabelEmbedding, draw_negatives
from ffensembles.learning.perceptrons import Linear, normalise
from ffensembles.learning.split import Split

ROWS = 1024  # pairs of each seed that pass a layer together


@dataclass
class EmbeddedImages:
    """The inputs of layer 1: images, and which label is drawn into which of them.

    All seeds share the images. The labels are drawn in when a batch is asked for, and the batch is
    divided by its norm then.

    Attributes:
        images: (N, inputs), plain.
        labels: (N,), which the positive data show.
        negatives: (2, S, N): each seed's negative data, as places among the images and the wrong
            labels that they show.
        embedding: how a label is drawn.
        normalisation: the norm by which the images are divided.
        draw: makes the negatives of a phase and epoch, where they are not drawn once and for all.
    """

    images: Tensor
    labels: Tensor
    negatives: Tensor
    embedding: LabelEmbedding
    normalisation: str
    draw: Callable[[int, int], Tensor] | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """(S, N): seeds and pairs."""
        return self.negatives.shape[1], self.negatives.shape[2]

    def begin_epoch(self, phase: int, epoch: int) -> None:
        """Draw the negative data of this epoch, where they are drawn anew in each."""
        if self.draw is not None:
            self.negatives.copy_(self.draw(phase, epoch))

    def batch(self, index: Tensor) -> Tensor:
        """Return (S, 2 B, inputs): the positives of `index` (S, B), then its negatives."""
        image, wrong = (part.gather(1, index) for part in self.negatives)
        place = torch.cat([index, image], dim=1)
        label = torch.cat([self.labels[index], wrong], dim=1)
        x = self.images.index_select(0, place.flatten())
        self.embedding.embed_(x, label.flatten())
        x = normalise(x, self.normalisation, out=x).to(product_dtype(x.device))
        return x.unflatten(0, place.shape)


@dataclass
class LayerOutputs:
    """The inputs of a deeper layer: what the one before makes of each pair, divided by its norm.

    Attributes:
        outputs: (S, 2, N, units), positive and negative, stored as products read them.
    """

    outputs: Tensor

    @property
    def shape(self) -> tuple[int, int]:
        """(S, N): seeds and pairs."""
        return self.outputs.shape[0], self.outputs.shape[2]

    def begin_epoch(self, phase: int, epoch: int) -> None:
        """Do nothing: the outputs are those of pairs drawn once and for all."""

    def batch(self, index: Tensor) -> Tensor:
        """Return (S, 2 B, units): the positives of `index` (S, B), then its negatives."""
        seeds, _, n, units = self.outputs.shape
        start = torch.arange(0, 2 * seeds * n, n, device=index.device).view(seeds, 2, 1)
        rows = (start + index[:, None]).flatten()
        return self.outputs.view(-1, units).index_select(0, rows).view(seeds, -1, units)


@dataclass
class ThroughLayers:
    """The inputs of a deeper layer where negative data are drawn anew, and nothing can be kept."""

    images: EmbeddedImages
    layers: Sequence[Linear]
    normalisation: str

    @classmethod
    def after(cls, data: PairedData, layer: Linear, normalisation: str) -> ThroughLayers:
        """Return the inputs of the next layer, from those of a trained one."""
        if isinstance(data, ThroughLayers):
            return cls(data.images, [*data.layers, layer], normalisation)
        assert isinstance(data, EmbeddedImages)
        return cls(data, [layer], normalisation)

    @property
    def shape(self) -> tuple[int, int]:
        """(S, N): seeds and pairs."""
        return self.images.shape

    def begin_epoch(self, phase: int, epoch: int) -> None:
        """Draw the negative data of this epoch."""
        self.images.begin_epoch(phase, epoch)

    def batch(self, index: Tensor) -> Tensor:
        """Return (S, 2 B, units): the positives of `index` (S, B), then its negatives."""
        x = self.images.batch(index)
        for layer in self.layers:
            h = layer(x).relu_()
            x = normalise(h, self.normalisation, out=h).to(product_dtype(h.device))
        return x


PairedData = EmbeddedImages | LayerOutputs | ThroughLayers


def embedded_images(
    experiment: Experiment,
    split: Split,
    seeds: Sequence[int],
    draw: Draw,
    device: torch.device,
) -> EmbeddedImages:
    """Draw each seed's negative data, and lay them and the images on the device."""
    images, labels = split.images.to(device), split.labels.cpu()
    fresh = experiment.negatives == "fresh"

    def negatives(*epoch: int) -> Tensor:
        scheme = "paired" if fresh else experiment.negatives
        draws = [
            draw_negatives(labels, split.categories, scheme, draw(seed, "negatives", *epoch))
            for seed in seeds
        ]
        return torch.stack([torch.stack(part) for part in zip(*draws, strict=True)])

    embedding = LabelEmbedding.of(
        images, split.shape, split.categories, experiment.black, experiment.maximum
    )
    return EmbeddedImages(
        images,
        labels.to(device),
        negatives().to(device),
        embedding,
        experiment.normalisation,
        negatives if fresh else None,
    )


def layer_outputs(data: PairedData, layer: Linear, normalisation: str) -> LayerOutputs:
    """Return the inputs of the next layer, from those of a trained one.

    Where this layer is as wide as the one before it, the stored inputs in `data` are overwritten.
    """
    (seeds, n), units = data.shape, layer.bias.shape[1]
    if isinstance(data, LayerOutputs) and data.outputs.shape[-1] == units:
        outputs = data.outputs
    else:
        device = layer.bias.device
        outputs = torch.empty(seeds, 2, n, units, device=device, dtype=product_dtype(device))
    for start in range(0, n, ROWS):
        part = torch.arange(start, min(start + ROWS, n), device=outputs.device)
        h = layer(data.batch(part.expand(seeds, -1))).relu_()
        h = normalise(h, normalisation, out=h).unflatten(1, (2, -1))
        outputs[:, :, start : start + ROWS] = h
    return LayerOutputs(outputs)
