"""FFconv: the paper's Forward-Forward rule on convolutions, with labels all over the image.

A label in the corner would be seen by few positions. So a wave over the whole image is added for
each category, as in Scodellaro et al., Training convolutional neural networks with the
Forward-Forward algorithm, Scientific Reports 2025.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi
from typing import Any, ClassVar, NoReturn

import torch
from torch import Tensor

from ffensembles.errors import UserError
from ffensembles.learning.convolutional_kind import Convolution, ConvolutionalKind
from ffensembles.learning.fast.goodness_slope import WithSlope
from ffensembles.learning.goodness_kind import most_probable
from ffensembles.learning.losses import find_loss
from ffensembles.learning.module_kind import Batch

SMALLEST = 1e-12


@dataclass(frozen=True)
class Waves:
    """A wave for each category, which is added to an image.

    Attributes:
        waves: (K, 1, H, W), between -contrast and contrast.
    """

    waves: Tensor

    @classmethod
    def of(cls, categories: int, height: int, width: int, contrast: float) -> Waves:
        """Return waves of K directions, half of them with two periods and half with three."""
        y, x = torch.meshgrid(
            torch.linspace(0, 1, height), torch.linspace(0, 1, width), indexing="ij"
        )
        label = torch.arange(categories)[:, None, None]
        angle, periods = pi * label / categories, 2 + label % 2
        phase = periods * (x * angle.cos() + y * angle.sin())
        return cls(contrast * (2 * pi * phase).cos()[:, None])

    def embed(self, images: Tensor, labels: Tensor) -> Tensor:
        """Return images (N, C, H, W) with the waves of their labels (N,)."""
        return images + self.waves.to(images.device)[labels]

    def embed_neutral(self, images: Tensor) -> Tensor:
        """Return the images with the mean of all waves."""
        return images + self.waves.mean(0).to(images.device)


class FFConvolution(Convolution):
    """A convolution that sees its input divided by its norm, as a layer of FF does.

    Attributes:
        centred: whether the mean of an image's inputs is subtracted before: layer normalisation.
    """

    centred = False

    def active(self, x: Tensor) -> Tensor:
        """Return the activations (B, C, H, W) after ReLU."""
        if self.centred:
            x = x - x.mean((1, 2, 3), keepdim=True)
        norm = torch.linalg.vector_norm(x, dim=(1, 2, 3), keepdim=True, dtype=torch.float32)
        return super().active(x * norm.clamp_min(SMALLEST).reciprocal().to(x.dtype))


class FFConv(ConvolutionalKind):
    """Each layer learns on its own, for all epochs: large goodness for the right label's wave.

    Goodness is computed over all channels and positions together, and no channel is assigned to a
    category. Every step draws `candidates` wrong labels for an image, and learns from the one with
    the largest goodness.
    """

    name = "FF conv"
    order = 4
    colour = "#a6761d"
    marker = ">"
    line = "-"
    layerwise = True
    score = "Goodness"
    columns: ClassVar[dict[str, Any]] = {
        "loss": "threshold",
        "goodness": "l2",
        "normalisation": ["l2", "layer"],
        "theta": 3.0,
        "candidates": 1,
        "unit": ["channel", "position"],
        "contrast": 1.0,
        "kernel": 7,
    }

    def layer(self, number: int, before: int, channels: int) -> FFConvolution:
        """Pool every layer."""
        kernel, most = int(self.experiment.extra["kernel"]), self.categories - 1
        if kernel < 1 or kernel % 2 == 0:
            self.refuse(f"kernel is {kernel}; it must be odd, such as 7")
        if not 1 <= self.candidates <= most:
            self.refuse(
                f"candidates is {self.candidates}; of {most} wrong labels 1 to {most} can be"
            )
        layer = FFConvolution(before, channels, kernel=kernel, pooled=True)
        layer.centred = self.experiment.normalisation == "layer"
        return layer

    def refuse(self, why: str) -> NoReturn:
        """Raise a UserError that names the row."""
        raise UserError(f"{' / '.join(self.experiment.key)}: {why}")

    @property
    def candidates(self) -> int:
        """How many wrong labels are drawn for an image."""
        return int(self.experiment.extra["candidates"])

    def embedding(self, images: Tensor) -> Waves:
        """Draw a wave for each category."""
        _, height, width = self.shape
        contrast = float(self.experiment.extra["contrast"])
        return Waves.of(self.categories, height, width, contrast)

    def loss(self, network: Any, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Return the loss of one layer, and its goodness for right and for wrong labels."""
        *below, layer = self.layers(network)[: batch.phase]
        labels = torch.cat([batch.labels[None], self.wrong_labels(batch.labels)])
        images = batch.images.repeat(len(labels), 1, 1, 1)
        x = self.embedding(batch.images).embed(images, labels.flatten())
        with torch.no_grad():
            for before in below:
                x = before(x)
            x = self.learned(layer, x, len(batch.labels))
        positive, negative = self.goodness(layer.active(x)).chunk(2)
        with torch.no_grad():
            rule = find_loss(self.experiment.loss, self.experiment.theta)
            value, *slopes = (part[0] for part in rule(positive[None], negative[None]))
        surrogate = (positive * slopes[0] + negative * slopes[1]).sum()
        return value + surrogate - surrogate.detach(), positive.mean(), negative.mean()

    def wrong_labels(self, labels: Tensor) -> Tensor:
        """Draw different wrong labels (candidates, B) for each of the labels (B,)."""
        draws = torch.rand(len(labels), self.categories - 1)
        shifts = draws.topk(self.candidates).indices.T + 1
        return (labels + shifts.to(labels.device)) % self.categories

    def learned(self, layer: FFConvolution, x: Tensor, images: int) -> Tensor:
        """Select the inputs (2B, C, H, W) to learn from: a right and a wrong label for each image.

        Of the wrong labels drawn for an image, the one with the largest goodness is taken.
        """
        if len(x) == 2 * images:
            return x
        values = self.goodness(layer.active(x[images:])).unflatten(0, (-1, images))
        first = torch.arange(images, device=x.device)
        return torch.cat([x[first], x[(values.argmax(0) + 1) * images + first]])

    def goodness(self, h: Tensor) -> Tensor:
        """Return the goodness (B,) of activations (B, C, H, W)."""
        units = h.permute(0, 2, 3, 1).flatten(1).float()
        return WithSlope.apply(units, self.experiment.goodness)

    def predict(self, network: Any, images: Tensor, embedding: Waves) -> Tensor:
        """Return the most probable label of those tried, as FF does."""
        found = self.scores(network, images, embedding)
        return most_probable(torch.stack([x.T for x in found.values()], 1))

    def scores(self, network: Any, images: Tensor, embedding: Waves) -> dict[str, Tensor]:
        """Return the goodness of each layer under each label."""
        by_label = []
        for label in range(self.categories):
            labels = torch.full((len(images),), label, device=images.device)
            x = embedding.embed(images, labels).contiguous(memory_format=torch.channels_last)
            values = []
            for layer in self.layers(network):
                h = layer.active(x)
                values.append(self.goodness(h))
                x = layer.output(h)
            by_label.append(torch.stack(values))
        layers = torch.stack(by_label, 2)  # (layers, M, K)
        return {f"Layer {i}": x for i, x in enumerate(layers, 1)}

    @property
    def rows(self) -> int:
        """Each image is there with its right label and with its wrong ones."""
        return (1 + self.candidates) * self.experiment.batch_size
