"""Positive and negative data: a label drawn into the top left corner of an image (section 3.2).

The first K pixels, row after row, in every channel, are set to black; the label's pixel is then
set to the maximum. With ten categories, as in the paper, they are columns 0-9 of row 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class LabelEmbedding:
    """Where and how bright a label is drawn in images flattened channel first.

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
        """Build the embedding for a split of standardised images (N, C*H*W).

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
        """Return a copy of images (N, D) with labels (N,) drawn into them."""
        return self.embed_(images.clone(), labels)

    def embed_(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Draw labels (N,) into images (N, D) themselves; a CUDA graph can record it."""
        brightest = self._brightest(images)
        self._erase_(images)
        pixels = self.pixels[labels]
        if isinstance(brightest, float):
            return images.scatter_(1, pixels, brightest)
        return images.scatter_(1, pixels, brightest.expand(pixels.shape))

    def erase(self, images: torch.Tensor) -> torch.Tensor:
        """Return a copy of images (N, D) with all ten label pixels black."""
        return self._erase_(images.clone())

    def contrast(self, images: torch.Tensor) -> torch.Tensor | float:
        """Return by how much a label's pixel is brighter than black: (N, 1), or for all."""
        return self._brightest(images) - self.black

    def embed_neutral(self, images: torch.Tensor) -> torch.Tensor:
        """Return a copy with all K label pixels at a K-th of the maximum (Hinton, 2022)."""
        embedded = images.clone()
        embedded[:, self.pixels.flatten()] = self._brightest(images) / self.categories
        return embedded

    def _erase_(self, images: torch.Tensor) -> torch.Tensor:
        return images.index_fill_(1, self.pixels.flatten(), self.black)

    def _brightest(self, images: torch.Tensor) -> torch.Tensor | float:
        """Return the maximum for each image, (N, 1), or for all."""
        return images.amax(1, keepdim=True) if self.maximum is None else self.maximum


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
