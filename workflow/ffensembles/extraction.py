"""Extraction: from a trained network and images to predictions and representations.

A network here has one seed; images are standardised and flattened, (N, C*H*W).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from ffensembles.experiments import Experiment
from ffensembles.label_embedding import CATEGORIES, LabelEmbedding
from ffensembles.networks import Network, goodness

ROWS = 2000  # images that pass the network together


@torch.no_grad()
def activations(network: Network, images: Tensor) -> list[np.ndarray]:
    """Return the activations (N, units) of every layer for images as they are, float32."""
    parts = [[h[0].cpu() for h in network.activations(part[None])] for part in images.split(ROWS)]
    return [torch.cat(layer).numpy() for layer in zip(*parts, strict=True)]


@torch.no_grad()
def predict(
    network: Network, images: Tensor, embedding: LabelEmbedding | None, norm: str
) -> np.ndarray:
    """Return the predicted category (N,) of each image (section 3.2).

    With an `embedding` each of the ten labels is tried: the goodness of a layer turns into
    probabilities by a softmax over the labels, and the layers' probabilities are summed. Without
    one (BP) the head's largest output decides.
    """
    parts = [
        _predict_by_head(network, part)
        if embedding is None
        else _predict_by_goodness(network, part, embedding, norm)
        for part in images.split(ROWS)
    ]
    return torch.cat(parts).cpu().numpy()


def _predict_by_head(network: Network, images: Tensor) -> Tensor:
    *_, last = network.activations(images[None])
    return network.logits(last)[0].argmax(1)


def _predict_by_goodness(
    network: Network, images: Tensor, embedding: LabelEmbedding, norm: str
) -> Tensor:
    per_label = []  # of each label: (layers, rows)
    for label in range(CATEGORIES):
        labels = torch.full((len(images),), label, device=images.device)
        layers = network.activations(embedding.embed(images, labels)[None])
        per_label.append(torch.stack([goodness(h[0], norm) for h in layers]))
    return torch.stack(per_label).softmax(0).sum(1).argmax(0)


def represented_images(
    experiment: Experiment,
    images: Tensor,
    labels: Tensor,
    embedding: LabelEmbedding | None,
    unseen_label: str,
) -> Tensor:
    """Return the images whose representations are analysed: with their true labels embedded.

    Images of a held-out category get what `unseen_label` says: no label at all (`none`, the pixels
    stay as they are), their own (`own`), or ten equally bright pixels (`neutral`). BP sees plain
    images.
    """
    if embedding is None:
        return images
    embedded = embedding.embed(images, labels)
    unseen = labels == (-1 if experiment.held_out is None else experiment.held_out)
    if unseen_label == "none":
        embedded[unseen] = images[unseen]
    elif unseen_label == "neutral":
        embedded[unseen] = embedding.embed_neutral(images[unseen])
    return embedded


def representation_table(
    labels: np.ndarray, predictions: np.ndarray, layers: list[np.ndarray]
) -> pa.Table:
    """Return the table of one run: a row per image, a fixed-size list of floats per layer."""
    columns: Iterator[tuple[str, pa.Array]] = (
        (f"layer{i}", pa.FixedSizeListArray.from_arrays(pa.array(x.ravel()), x.shape[1]))
        for i, x in enumerate(layers, 1)
    )
    return pa.table(
        {
            "index": pa.array(np.arange(len(labels), dtype=np.int32)),
            "label": pa.array(labels.astype(np.int8)),
            "prediction": pa.array(predictions.astype(np.int8)),
            **dict(columns),
        }
    )
