"""The datasets: images, labels and splits (section 3.1, appendix B).

A new dataset is an entry in `DATASETS`, and either a function in `BUNDLED` or the table of its
published files in `ffensembles.data.published.SOURCES`.
"""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ffensembles.data.digits import read_digits
from ffensembles.errors import UserError
from ffensembles.files import atomic


@dataclass(frozen=True)
class Properties:
    """What is fixed about a dataset.

    Attributes:
        shape: (channels, height, width) of an image.
        mean: of each channel, subtracted from pixels in [0, 1].
        std: of each channel, which divides them then.
    """

    shape: tuple[int, int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]


DATASETS = {
    "mnist": Properties((1, 28, 28), mean=(0.1307,), std=(0.3081,)),
    # The authors standardise FashionMNIST with MNIST's constants.
    "fashionmnist": Properties((1, 28, 28), mean=(0.1307,), std=(0.3081,)),
    "svhn": Properties(
        (3, 32, 32),
        mean=(0.4376821, 0.4437697, 0.47280442),
        std=(0.19803012, 0.20101562, 0.19703614),
    ),
    "cifar10": Properties((3, 32, 32), mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)),
    # Those of its padded training images.
    "digits": Properties((1, 12, 12), mean=(0.1358,), std=(0.2931,)),
}


@dataclass(frozen=True)
class Dataset:
    """A dataset and its two splits.

    Attributes:
        train_images: (N, C, H, W) uint8.
        train_labels: (N,) int64, categories from 0.
        test_images: (M, C, H, W) uint8.
        test_labels: (M,) int64.
        sha256: of the four arrays.
    """

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    sha256: str


ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")


def fetch(name: str, prestaged: str | Path | None, resources: str | Path) -> Dataset:
    """Return a dataset from the library that bundles it, a pre-staged folder or a download.

    Args:
        name: a key of `DATASETS`.
        prestaged: folder that holds the published files, read in place; None downloads them.
        resources: folder to download to.

    Raises:
        UserError: unknown dataset, failed download, missing or wrong file.
    """
    if name not in DATASETS:
        raise UserError(f"dataset {name!r} is unknown; choose one of {', '.join(DATASETS)}")
    if name in BUNDLED:
        arrays = BUNDLED[name]()
    elif prestaged:
        from ffensembles.data.published import prestaged_folder, read

        arrays = read(name, prestaged_folder(prestaged, name))
    else:
        from ffensembles.data.downloads import download

        arrays = download(name, resources)
    return Dataset(**arrays, sha256=_content_hash(arrays))


BUNDLED = {"digits": read_digits}


def _content_hash(arrays: dict[str, np.ndarray]) -> str:
    digest = hashlib.sha256()
    for name in ARRAYS:
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.data)
    return digest.hexdigest()


def write(dataset: Dataset, path: str | Path) -> None:
    """Write a dataset, atomically; the same content gives the same bytes.

    Uncompressed: photographs hardly shrink, and each job then reads its file six times faster.
    """
    with atomic(path) as temporary:
        np.savez(temporary, **vars(dataset))


def load(path: str | Path) -> Dataset:
    """Read what `write` wrote.

    Raises:
        UserError: the file is missing or damaged.
    """
    try:
        with np.load(path) as file:
            return Dataset(**{name: file[name] for name in ARRAYS}, sha256=str(file["sha256"]))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(
            f"{path}: is not a whole dataset ({' '.join(str(error).split())}); "
            "remove it and run again"
        ) from error


def standardise(images: np.ndarray, name: str) -> np.ndarray:
    """Return images (N, C, H, W) uint8 as float32 (N, C*H*W): in [0, 1], then standardised.

    Flattened channel first. Works in place on one float32 copy, step by step as torchvision's
    `ToTensor` and `Normalize` do, hence with the same rounding.
    """
    properties = DATASETS[name]
    values = images.astype(np.float32)
    values /= 255
    values -= np.array(properties.mean, np.float32)[:, None, None]
    values /= np.array(properties.std, np.float32)[:, None, None]
    return values.reshape(len(values), -1)


def as_pixels(values: np.ndarray, name: str) -> np.ndarray:
    """Return standardised images (N, C, H, W) as uint8 again: rounded, and cut off at 0 and 255."""
    properties = DATASETS[name]
    std = np.array(properties.std)[:, None, None]
    mean = np.array(properties.mean)[:, None, None]
    return np.rint(255 * (values * std + mean)).clip(0, 255).astype(np.uint8)
