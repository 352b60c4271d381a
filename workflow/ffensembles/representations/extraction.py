"""Extraction: from a trained network and images to predictions and representations.

A network here has one seed; images are standardised and flattened, (N, C*H*W).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ffensembles.data.datasets import Dataset
from ffensembles.errors import UserError
from ffensembles.experiments import Experiment
from ffensembles.files import read_metadata, write_parquet
from ffensembles.learning import weights
from ffensembles.learning.devices import choose, memory_errors, precision
from ffensembles.learning.goodness import goodness
from ffensembles.learning.label_embedding import LabelEmbedding
from ffensembles.learning.networks import NORMS, SMALLEST, Network
from ffensembles.representations.stored import representation_table

ROWS = 2000  # images that pass the network together


@torch.no_grad()
def activations(network: Network, images: Tensor) -> list[np.ndarray]:
    """Return the activations (N, units) of every layer for images as they are, float32."""
    layers = [np.empty((len(images), layer.bias.shape[1]), np.float32) for layer in network.layers]
    with precision(images.device, "highest"):
        for start in range(0, len(images), ROWS):
            part = slice(start, start + ROWS)
            for x, h in zip(layers, network.activations(images[None, part]), strict=True):
                x[part] = h[0].cpu()
    return layers


@torch.no_grad()
def predict(
    network: Network, images: Tensor, embedding: LabelEmbedding | None, norm: str
) -> np.ndarray:
    """Return the predicted category (N,) of each image (section 3.2).

    With an `embedding` each of the K labels is tried: the goodness of a layer turns into
    probabilities by a softmax over the labels, and the layers' probabilities are summed. Without
    one (BP) the head's largest output decides.
    """
    with precision(images.device, "highest"):
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
    return most_probable(goodness_by_label(network, images, embedding, norm))


def goodness_by_label(
    network: Network, images: Tensor, embedding: LabelEmbedding, norm: str
) -> Tensor:
    """Return the goodness (labels, layers, rows) of each layer with each label drawn in."""
    deeper = Network(network.layers[1:], None, network.normalisation)
    per_label = []  # of each label: (layers, rows)
    for first in _first_activations(network, images, embedding):
        layers = [first, *deeper.activations(first)]
        per_label.append(torch.stack([goodness(h[0], norm) for h in layers]))
    return torch.stack(per_label)


def _first_activations(
    network: Network, images: Tensor, embedding: LabelEmbedding
) -> Iterator[Tensor]:
    """Yield the activations (1, rows, units) of layer 1 with each label drawn in.

    The labels share the rest of the image, and the norm, for all have equally many pixels, equally
    bright. So their activations differ by the weights of their pixels alone.
    """
    layer, norm = network.layers[0], NORMS[network.normalisation]
    label = torch.zeros(len(images), dtype=torch.long, device=images.device)  # any of the ten
    value = torch.linalg.vector_norm(embedding.embed(images, label), norm, 1, keepdim=True)
    inverse = value.clamp_min(SMALLEST).reciprocal()
    shared = layer(embedding.erase(images).mul_(inverse)[None])
    brightness = embedding.contrast(images) * inverse
    for pixels in embedding.pixels:
        weight = layer.weight[:, None, :, pixels].sum(-1)
        yield torch.addcmul(shared, brightness, weight).relu_()


def most_probable(goodnesses: Tensor) -> Tensor:
    """Return the predicted category (rows,) from the goodness (labels, layers, rows)."""
    return goodnesses.softmax(0).sum(1).argmax(0)


def represented_images(
    experiment: Experiment,
    images: Tensor,
    labels: Tensor,
    embedding: LabelEmbedding | None,
    unseen_label: str,
) -> Tensor:
    """Return the images whose representations are analysed: with their true labels embedded.

    Images of a held-out category get what `unseen_label` says: no label at all (`none`, the pixels
    stay as they are), their own (`own`), or K equally bright pixels (`neutral`). BP sees plain
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


def extract_run(
    experiment: Experiment,
    seed: int,
    model_path: str | Path,
    dataset: Dataset,
    path: str | Path,
    *,
    device: str,
    unseen_label: str,
) -> None:
    """Write predictions and representations of all test images for one trained run.

    Raises:
        UserError: the run diverged in training, the device is not there, or memory runs out.
    """
    with memory_errors(choose(device), "free it of other work"):
        network, images, labels, embedding = prepare(
            experiment, seed, model_path, dataset, "test", device
        )
        predictions = predict(network, images, embedding, experiment.goodness)
        represented = represented_images(experiment, images, labels, embedding, unseen_label)
        table = representation_table(
            labels.cpu().numpy(), predictions, activations(network, represented), dataset.categories
        )
    provenance = {
        "settings": experiment.training_settings(),
        "seed": seed,
        "dataset": dataset.sha256,
        "model": str(model_path),
        "unseen_label": unseen_label,
    }
    write_parquet(table, path, provenance)


def prepare(
    experiment: Experiment,
    seed: int,
    model_path: str | Path,
    dataset: Dataset,
    split: str,
    device: str,
) -> tuple[Network, Tensor, Tensor, LabelEmbedding | None]:
    """Return on the device: one run's network, a split's images and labels, the label embedding.

    The images are standardised and flattened; the embedding is None for BP.
    """
    chosen = choose(device)
    network = weights.load(model_path, seed, chosen, of=experiment)
    return network, *inputs(experiment, dataset, split, chosen)


def inputs(
    experiment: Experiment, dataset: Dataset, split: str, device: torch.device
) -> tuple[Tensor, Tensor, LabelEmbedding | None]:
    """Return on the device: a split's images and labels, the label embedding; see `prepare`."""
    part = dataset.train if split == "train" else dataset.test
    images = torch.from_numpy(dataset.standardised(part.images)).to(device)
    embedding = None
    if experiment.model != "bp":
        embedding = LabelEmbedding.of(
            images, dataset.shape, dataset.categories, experiment.black, experiment.maximum
        )
    return images, torch.from_numpy(part.labels).to(device), embedding


def images_seen(path: str | Path, dataset: Dataset, rows: Sequence[int] | np.ndarray) -> np.ndarray:
    """Return test images as a run saw them when its representations were extracted.

    What the file of the representations records of the run decides what is drawn into them.

    Args:
        path: of the run's representations.
        dataset: theirs.
        rows: the images wanted, by their place in the test set.

    Returns:
        (rows, C, H, W) uint8: the network's input before it was standardised.
    """
    about: dict[str, Any] = read_metadata(path)
    if about["dataset"] != dataset.sha256:
        raise UserError(f"{path}: is of other images than the dataset's; remove it and run again")
    experiment = Experiment(**about["settings"])
    images, labels, embedding = inputs(experiment, dataset, "test", torch.device("cpu"))
    wanted = torch.as_tensor(rows)
    seen = represented_images(
        experiment, images[wanted], labels[wanted], embedding, about["unseen_label"]
    )
    return dataset.as_pixels(seen.numpy())
