"""Checks of images and labels, once, when a dataset is made: each mistake is told in one line."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import numpy as np

from ffensembles.errors import UserError

log = logging.getLogger(__name__)

SPLITS = ("train", "test")


def check_arrays(
    where: str,
    arrays: Mapping[str, np.ndarray],
    categories: int,
    limits: Sequence[float] | None = None,
) -> dict[str, np.ndarray]:
    """Return the arrays of a dataset in the form that all else takes.

    Args:
        where: what messages call the dataset.
        arrays: train_images and test_images, (N, H, W) or (N, C, H, W), uint8 or floats;
            train_labels and test_labels, (N,) whole numbers from 0 to `categories` - 1.
        categories: how many there are, K.
        limits: the darkest and the lightest value, where the images are floats.

    Returns:
        The images (N, C, H, W) as uint8, or float32 in [0, 1]; the labels (N,) as int64.

    Raises:
        UserError: naming the array, what is wrong with it, and the cure.
    """
    checked: dict[str, np.ndarray] = {}
    for split in SPLITS:
        images, labels = arrays[f"{split}_images"], arrays[f"{split}_labels"]
        images = _with_channels(f"{where}: {split}_images", images)
        images = _scaled(f"{where}: {split}_images", images, limits)
        labels = _labels(f"{where}: {split}_labels", labels, categories)
        if len(images) != len(labels):
            raise UserError(
                f"{where}: {len(images)} {split}_images, but {len(labels)} {split}_labels; "
                "each image needs one label"
            )
        checked |= {f"{split}_images": images, f"{split}_labels": labels}
    _check_together(where, checked["train_images"], checked["test_images"], categories)
    only, *others = np.unique(checked["train_labels"])
    if not others:
        raise UserError(
            f"{where}: all training images are of category {only}; there must be two, to be told "
            "apart"
        )
    for split in SPLITS:
        _report_absent(where, split, checked[f"{split}_labels"], categories)
    return checked


def _with_channels(where: str, images: np.ndarray) -> np.ndarray:
    if images.ndim == 3:
        images = images[:, None]
    if images.ndim != 4 or 0 in images.shape:
        raise UserError(
            f"{where}: has shape {images.shape}; give (images, height, width) or "
            "(images, channels, height, width), none of them 0"
        )
    if images.shape[1] not in (1, 3):
        last = images.shape[3] in (1, 3)
        cure = "move the last axis there: np.moveaxis(images, -1, 1)" if last else "give 1 or 3"
        raise UserError(
            f"{where}: has shape {images.shape}, so {images.shape[1]} channels, which come second; "
            f"{cure}"
        )
    return images


def _scaled(where: str, images: np.ndarray, limits: Sequence[float] | None) -> np.ndarray:
    """Return uint8 images as they are, others as float32 in [0, 1]."""
    if images.dtype == np.uint8 and limits is None:
        return images
    if images.dtype.kind not in "fu" or (images.dtype.kind == "u" and images.dtype != np.uint8):
        raise UserError(f"{where}: is of type {images.dtype}; save it as uint8, or as floats")
    if limits is None:
        raise UserError(
            f"{where}: is of type {images.dtype}; state the range of its values, such as "
            "range: [0, 1], or save it as uint8"
        )
    low, high = limits
    darkest, lightest = images.min(), images.max()
    if not (low <= darkest and lightest <= high):  # NaN neither
        raise UserError(
            f"{where}: holds values from {darkest:g} to {lightest:g}, outside its range "
            f"{low:g} to {high:g}; correct the one or the other"
        )
    return ((images.astype(np.float64) - low) / (high - low)).astype(np.float32)


def check_whole_numbers(where: str, labels: np.ndarray) -> None:
    """Check that labels are one whole number for each image.

    Raises:
        UserError: they are not.
    """
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise UserError(
            f"{where}: has shape {labels.shape} and type {labels.dtype}; give one whole number "
            "for each image"
        )


def _labels(where: str, labels: np.ndarray, categories: int) -> np.ndarray:
    check_whole_numbers(where, labels)
    outside = labels[(labels < 0) | (labels >= categories)]
    if outside.size:
        raise UserError(
            f"{where}: holds {outside[0]}, outside 0 to {categories - 1}; number the categories "
            "from 0, or correct the key categories"
        )
    return labels.astype(np.int64)


def _check_together(where: str, train: np.ndarray, test: np.ndarray, categories: int) -> None:
    if train.shape[1:] != test.shape[1:]:
        raise UserError(
            f"{where}: its training images are {_size(train)}, its test images {_size(test)} "
            "(channels x height x width); they must agree"
        )
    if train.dtype != test.dtype:
        raise UserError(f"{where}: one split is uint8, the other floats; they must agree")
    height, width = train.shape[2:]
    if height * width < categories:
        raise UserError(
            f"{where}: images of {height} x {width} pixels cannot hold the {categories} pixels of "
            "a label, one for each category; give larger images"
        )
    if (train == train[0]).all():
        raise UserError(f"{where}: all training images are alike; nothing can be learnt from them")


def _size(images: np.ndarray) -> str:
    return " x ".join(map(str, images.shape[1:]))


def _report_absent(where: str, split: str, labels: np.ndarray, categories: int) -> None:
    absent = np.setdiff1d(np.arange(categories), labels)
    if absent.size:
        log.warning(
            "%s: the %s split has no image of the categories %s; nothing will be measured there",
            where,
            split,
            ", ".join(map(str, absent)),
        )
