"""Extraction: from a trained network and images to predictions and representations.

A network here has one seed; images are standardised, (N, C, H, W).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from ffensembles.data.datasets import Dataset
from ffensembles.diverged import diverged_seeds
from ffensembles.errors import UserError
from ffensembles.experiments import Experiment
from ffensembles.files import read_metadata, write_parquet
from ffensembles.learning import weights
from ffensembles.learning.devices import choose, memory_errors, precision
from ffensembles.learning.kinds import Kind, find_kind
from ffensembles.learning.label_embedding import Embedding
from ffensembles.representations.stored import representation_table

log = logging.getLogger(__name__)

ROWS = 2000  # images that pass the network together


@torch.no_grad()
def activations(kind: Kind, network: Any, images: Tensor) -> list[np.ndarray]:
    """Return the activations (N, units) of every layer for images as they are, float32."""
    layers: list[np.ndarray] = []
    with precision(images.device, "highest"):
        for start in range(0, len(images) or 1, ROWS):
            found = kind.activations(network, images[start : start + ROWS])
            for i, h in enumerate(found):
                if not start:
                    layers.append(np.empty((len(images), h.shape[1]), np.float32))
                layers[i][start : start + ROWS] = h.cpu()
    return layers


@torch.no_grad()
def predict(kind: Kind, network: Any, images: Tensor, embedding: Embedding) -> np.ndarray:
    """Return the predicted category (N,) of each image."""
    with precision(images.device, "highest"):
        parts = [kind.predict(network, part, embedding) for part in images.split(ROWS)]
    return torch.cat(parts).cpu().numpy()


def represented_images(
    experiment: Experiment,
    images: Tensor,
    labels: Tensor,
    embedding: Embedding,
    unseen_label: str,
) -> Tensor:
    """Return the images whose representations are analysed: with their true labels embedded.

    Images of a held-out category get what `unseen_label` says: no label at all (`none`, the pixels
    stay as they are), their own (`own`), or K equally bright pixels (`neutral`).
    """
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

    Of a run that diverged in training there are none, and the file says where it did.

    Raises:
        UserError: the device is not there, or memory runs out.
    """
    diverged = diverged_seeds(model_path).get(seed)
    if diverged:
        log.warning(
            "%s: seed %d diverged in training (%s), and results are without it; lower its "
            "learning_rate in the table of experiments, or name its seeds without this one there: "
            "the others are not trained again",
            *(" / ".join(experiment.key), seed, diverged),
        )
        table = _no_images(experiment, dataset)
    else:
        with memory_errors(choose(device), "free it of other work"):
            table = _all_images(experiment, seed, model_path, dataset, device, unseen_label)
    provenance = {
        "settings": experiment.training_settings(),
        "seed": seed,
        "dataset": dataset.sha256,
        "model": str(model_path),
        "unseen_label": unseen_label,
        "diverged": diverged,
    }
    write_parquet(table, path, provenance)


def _all_images(
    experiment: Experiment,
    seed: int,
    model_path: str | Path,
    dataset: Dataset,
    device: str,
    unseen_label: str,
) -> pa.Table:
    run = prepare(experiment, seed, model_path, dataset, "test", device)
    represented = represented_images(
        experiment, run.images, run.labels, run.embedding, unseen_label
    )
    return representation_table(
        run.labels.cpu().numpy(),
        run.predicted(),
        activations(run.kind, run.network, represented),
        dataset.categories,
    )


def _no_images(experiment: Experiment, dataset: Dataset) -> pa.Table:
    none = np.empty(0, np.int64)
    layers = [np.empty((0, units), np.float32) for units in experiment.widths]
    return representation_table(none, none, layers, dataset.categories)


@dataclass(frozen=True)
class Inputs:
    """The images of a split, on a device, for networks of a kind.

    Attributes:
        images: (N, C, H, W), standardised.
        labels: (N,).
        embedding: how labels are drawn into them.
    """

    kind: Kind
    images: Tensor
    labels: Tensor
    embedding: Embedding


@dataclass(frozen=True)
class Prepared(Inputs):
    """One run's network, and the images that it is to see."""

    network: Any

    def predicted(self) -> np.ndarray:
        """Return the predicted category (N,) of each image."""
        return predict(self.kind, self.network, self.images, self.embedding)

    def correct(self) -> tuple[Tensor, Tensor]:
        """Return the images that are classified correctly, labels embedded, and their labels."""
        right = torch.from_numpy(self.predicted()).to(self.labels.device) == self.labels
        labels = self.labels[right]
        return self.embedding.embed(self.images[right], labels), labels


def prepare(
    experiment: Experiment,
    seed: int,
    model_path: str | Path,
    dataset: Dataset,
    split: str,
    device: str,
) -> Prepared:
    """Return one run's network and a split's images, on the device."""
    chosen = choose(device)
    seen = inputs(experiment, dataset, split, chosen)
    network = weights.load(seen.kind, model_path, seed, chosen)
    return Prepared(**vars(seen), network=network)


def inputs(experiment: Experiment, dataset: Dataset, split: str, device: torch.device) -> Inputs:
    """Return a split's images on the device."""
    part = dataset.train if split == "train" else dataset.test
    flat = torch.from_numpy(dataset.standardised(part.images)).to(device)
    images = flat.unflatten(1, dataset.shape)
    kind = find_kind(experiment, dataset.shape, dataset.categories)
    labels = torch.from_numpy(part.labels).to(device)
    return Inputs(kind, images, labels, kind.embedding(images))


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
    test = inputs(experiment, dataset, "test", torch.device("cpu"))
    wanted = torch.as_tensor(rows)
    seen = represented_images(
        experiment, test.images[wanted], test.labels[wanted], test.embedding, about["unseen_label"]
    )
    return dataset.as_pixels(seen.numpy())
