"""Positive and negative data: a label drawn into the top left corner of an image (section 3.2).

The first K pixels, row after row, in every channel, are set to black; the label's pixel is then
set to the maximum. With ten categories, as in the paper, they are columns 0-9 of row 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch


class Embedding(Protocol):
    """How labels (N,) are drawn into images (N, …); copies are returned."""

    def embed(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return the images with their labels."""

    def embed_neutral(self, images: torch.Tensor) -> torch.Tensor:
        """Return the images with what speaks for every label alike."""


class Plain:
    """No labels: images are as they are."""

    def embed(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return the images."""
        return images.clone()

    def embed_neutral(self, images: torch.Tensor) -> torch.Tensor:
        """Return the images."""
        return images.clone()


@dataclass(frozen=True)
class LabelEmbedding:
    """Where and how bright a label is drawn in images (N, …) whose pixels lie channel first.

    Attributes:
        pixels: (categories, channels) position of each label's pixels in the flattened image.
        black: value of these pixels before the label is set.
        maximum: value of the label's pixel; None takes each image's own maximum.
    """

    pixels: torch.Tensor
    black: float
    maximum: float | None

    @classmethod
    def of(
        cls,
        images: torch.Tensor,
        shape: tuple[int, int, int],
        categories: int,
        black: str,
        maximum: str,
    ) -> LabelEmbedding:
        """Build the embedding for a split of standardised images (N, …).

        Args:
            images: all images of the split, on the device where labels will be embedded.
            shape: (channels, height, width).
            categories: how many there are, K.
            black: `zero` is 0 after standardisation, `minimum` the darkest value of the split.
            maximum: `split` is the brightest value of the split, `image` that of each image.
        """
        channels, height, width = shape
        place = torch.arange(categories, device=images.device)
        channel = torch.arange(channels, device=images.device)
        return cls(
            pixels=place[:, None] + channel * height * width,
            black=0.0 if black == "zero" else images.min().item(),
            maximum=images.max().item() if maximum == "split" else None,
        )

    @property
    def categories(self) -> int:
        """K, the number of labels that can be drawn."""
        return len(self.pixels)

    def embed(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return a copy of images with labels (N,) drawn into them."""
        return self.embed_(images.clone(), labels)

    def embed_(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Draw labels (N,) into images themselves; a CUDA graph can record it."""
        brightest = self._brightest(images)
        flat = self._erase_(images).view(len(images), -1)
        pixels = self.pixels[labels]
        if isinstance(brightest, float):
            flat.scatter_(1, pixels, brightest)
        else:
            flat.scatter_(1, pixels, brightest.expand(pixels.shape))
        return images

    def erase(self, images: torch.Tensor) -> torch.Tensor:
        """Return a copy of images with all K label pixels black."""
        return self._erase_(images.clone())

    def contrast(self, images: torch.Tensor) -> torch.Tensor | float:
        """Return by how much a label's pixel is brighter than black: (N, 1), or for all."""
        return self._brightest(images) - self.black

    def embed_neutral(self, images: torch.Tensor) -> torch.Tensor:
        """Return a copy with all K label pixels at a K-th of the maximum (Hinton, 2022)."""
        embedded = images.clone()
        flat = embedded.view(len(images), -1)
        flat[:, self.pixels.flatten()] = self._brightest(images) / self.categories
        return embedded

    def _erase_(self, images: torch.Tensor) -> torch.Tensor:
        images.view(len(images), -1).index_fill_(1, self.pixels.flatten(), self.black)
        return images

    def _brightest(self, images: torch.Tensor) -> torch.Tensor | float:
        """Return the maximum for each image, (N, 1), or for all."""
        return images.flatten(1).amax(1, keepdim=True) if self.maximum is None else self.maximum


def draw_negatives(
    labels: torch.Tensor, categories: int, scheme: str, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw the negative data once and for all: (image, wrong label), both (N,), on the CPU.

    `pooled` draws N of the (K - 1) N pairs of an image and a wrong label, without replacement, in
    random order. `paired` gives image i one random wrong label at place i.
    """
    n, wrong = len(labels), categories - 1
    if scheme == "pooled":
        pair = torch.randperm(n * wrong, generator=generator)[:n]
        image, shift = pair // wrong, pair % wrong
    else:
        image, shift = torch.arange(n), torch.randint(wrong, (n,), generator=generator)
    return image, (labels[image] + 1 + shift) % categories
