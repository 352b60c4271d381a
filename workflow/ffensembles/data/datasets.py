"""The datasets: images, labels and splits (section 3.1, appendix B).

A dataset is an entry of the key `datasets` in the configuration (`definitions`); here it becomes
arrays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ffensembles.data.changes import changed
from ffensembles.data.checks import check_arrays
from ffensembles.data.definitions import Definition, check_constants
from ffensembles.data.digits import read_digits
from ffensembles.data.local_files import read_folder, read_idx, read_npz
from ffensembles.data.splits import hold_out
from ffensembles.errors import UserError
from ffensembles.files import atomic, reading

Moments = Sequence[float] | np.ndarray

READERS = {"npz": read_npz, "idx": read_idx, "folder": read_folder}


@dataclass(frozen=True)
class LabelledImages:
    """One split of a dataset.

    Attributes:
        images: (N, C, H, W), uint8 or float32 in [0, 1].
        labels: (N,) int64, categories from 0.
    """

    images: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Dataset:
    """A dataset: its two splits, and how its pixels are standardised.

    Attributes:
        train: the images that models are trained on.
        test: those that everything is measured on.
        categories: how many there are, K; a split may lack images of some of them.
        mean: (C,) of each channel, subtracted from pixels in [0, 1].
        std: (C,) of each channel, which divides them then.
        sha256: of all of these.
    """

    train: LabelledImages
    test: LabelledImages
    categories: int
    mean: np.ndarray
    std: np.ndarray
    sha256: str

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of an image."""
        return self.train.images.shape[1:]

    def standardised(self, images: np.ndarray) -> np.ndarray:
        """Standardise images of this dataset, (N, C, H, W), as `standardise` does."""
        return standardise(images, self.mean, self.std)

    def as_pixels(self, values: np.ndarray) -> np.ndarray:
        """Return standardised images (N, C*H*W) as (N, C, H, W) uint8: rounded, cut off."""
        images = values.reshape(-1, *self.shape)
        images = 255 * (images * self.std[:, None, None] + self.mean[:, None, None])
        return np.rint(images).clip(0, 255).astype(np.uint8)


def make_dataset(
    name: str,
    arrays: Mapping[str, np.ndarray],
    categories: int,
    *,
    mean: Moments | None = None,
    std: Moments | None = None,
    limits: Sequence[float] | None = None,
    changes: Mapping[str, Any] | None = None,
) -> Dataset:
    """Check arrays and make a dataset of them.

    Args:
        name: what messages call it.
        arrays: train_images, train_labels, test_images, test_labels; see `checks.check_arrays`.
        categories: how many there are, K.
        mean: of each channel in [0, 1]; computed from the training images where it is None.
        std: of each channel, likewise.
        limits: the darkest and the lightest value of images that are floats.
        changes: what is made of the images; see `changes.changed`.

    Raises:
        UserError: the arrays are not fit for a dataset.
    """
    check_constants(name, mean, std, limits)
    checked = check_arrays(name, arrays, categories, limits)
    if changes:
        checked = changed(checked, changes)
    if mean is None or std is None:
        mean, std = _moments(name, checked["train_images"])
    elif len(mean) != checked["train_images"].shape[1]:
        raise UserError(
            f"{name}: its images have {checked['train_images'].shape[1]} channels, but mean and "
            f"std are given for {len(mean)}; give one of each for every channel"
        )
    parts = {
        **checked,
        "categories": np.array(categories),
        "mean": np.array(mean, np.float64),
        "std": np.array(std, np.float64),
    }
    return _of_parts({**parts, "sha256": np.array(_content_hash(parts))})


def _of_parts(parts: Mapping[str, np.ndarray]) -> Dataset:
    return Dataset(
        LabelledImages(parts["train_images"], parts["train_labels"]),
        LabelledImages(parts["test_images"], parts["test_labels"]),
        int(parts["categories"]),
        parts["mean"],
        parts["std"],
        str(parts["sha256"]),
    )


def _moments(name: str, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of each channel, (C,), with pixels in [0, 1]."""
    lightest = 255.0 if images.dtype == np.uint8 else 1.0
    mean = images.mean((0, 2, 3), dtype=np.float64) / lightest
    # One channel at a time: the deviations take eight bytes a pixel.
    std = np.array([c.std(dtype=np.float64) for c in images.swapaxes(0, 1)]) / lightest
    if (std == 0).any():
        raise UserError(
            f"{name}: channel {int(np.flatnonzero(std == 0)[0]) + 1} is the same in all training "
            "images and pixels; give mean and std in its definition"
        )
    return mean, std


def fetch(
    name: str,
    definition: Definition,
    *,
    prestaged: str | Path | None = None,
    resources: str | Path = "resources",
    names: Sequence[str] | None = None,
) -> Dataset:
    """Return a dataset, read from wherever its definition says, checked.

    Args:
        name: what it is called in the configuration.
        definition: what the configuration says about it.
        prestaged: folder that holds the published files, read in place; None downloads them.
        resources: folder to download to.
        names: what the configuration calls the categories, by label, to be compared with what
            torchvision calls them.

    Raises:
        UserError: failed download, missing or wrong file, arrays not fit for a dataset.
    """
    arrays = _read(name, definition, prestaged, resources, names)
    if "images" in arrays:
        arrays = hold_out(name, **arrays, share=definition.test_share, seed=definition.test_seed)
    elif definition.test_share is not None:
        raise UserError(f"config: datasets.{name}.test_share: it has a test split; remove the key")
    return make_dataset(
        name,
        arrays,
        definition.categories,
        mean=definition.mean,
        std=definition.std,
        limits=definition.range,
        changes=definition.changes,
    )


def _read(
    name: str,
    definition: Definition,
    prestaged: str | Path | None,
    resources: str | Path,
    names: Sequence[str] | None,
) -> dict[str, np.ndarray]:
    kind, source = definition.kind, definition.source
    if kind in READERS:
        return READERS[kind](definition)
    if kind == "torchvision":
        from ffensembles.data.torchvision_datasets import read_torchvision

        return read_torchvision(definition, name, resources, names)
    if source in BUNDLED:
        return BUNDLED[source]()
    if prestaged:
        from ffensembles.data.prestaged import prestaged_folder, read

        return read(source, prestaged_folder(prestaged, source))
    from ffensembles.data.downloads import download

    return download(source, resources)


BUNDLED = {"digits": read_digits}


def _content_hash(arrays: Mapping[str, np.ndarray]) -> str:
    digest = hashlib.sha256()
    for name, array in arrays.items():
        array = np.ascontiguousarray(array)
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.data)
    return digest.hexdigest()


def write(dataset: Dataset, path: str | Path) -> None:
    """Write a dataset, atomically; the same content gives the same bytes.

    Uncompressed: photographs hardly shrink, and each job then reads its file six times faster.
    """
    splits = {
        f"{split}_{part}": getattr(getattr(dataset, split), part)
        for split in ("train", "test")
        for part in ("images", "labels")
    }
    rest = {name: getattr(dataset, name) for name in ("categories", "mean", "std", "sha256")}
    with atomic(path) as temporary:
        np.savez(temporary, **splits, **rest)


def load(path: str | Path) -> Dataset:
    """Read what `write` wrote.

    Raises:
        UserError: the file is missing or damaged.
    """
    with reading(path), np.load(path) as file:
        return _of_parts(file)


def standardise(images: np.ndarray, mean: Moments, std: Moments) -> np.ndarray:
    """Return images (N, C, H, W) as float32 (N, C*H*W): in [0, 1], then standardised.

    Flattened channel first. Works in place on one float32 copy, step by step as torchvision's
    `ToTensor` and `Normalize` do, hence with the same rounding.
    """
    values = images.astype(np.float32)
    if images.dtype == np.uint8:
        values /= 255
    values -= np.array(mean, np.float32)[:, None, None]
    values /= np.array(std, np.float32)[:, None, None]
    return values.reshape(len(values), -1)
