"""Harder and simpler images: what the key `changes` of a dataset's entry makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

SPLITS = ("train_images", "test_images")


def changed(arrays: Mapping[str, np.ndarray], changes: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return the arrays of a dataset after some changes, which are made in the order here.

    Args:
        arrays: as `checks.check_arrays` returns them.
        changes: `components`: how many principal components of the training images are left;
            `low_pass`: the largest spatial frequency that is left, in periods over the image;
            `shuffle_pixels`: true puts the pixels of all images in one random order;
            `noise`: standard deviation of what is added to each pixel, its range being 1;
            `shuffle_labels`: true shuffles the labels of the training images over them;
            `seed`: of all that is drawn.

    Returns:
        Images of the type that they were; what leaves the range of pixels is cut off.
    """
    found = dict(arrays)
    draws = np.random.default_rng(changes.get("seed", 0))
    lightest = 255.0 if found["train_images"].dtype == np.uint8 else 1.0
    shape = found["train_images"].shape[1:]
    for name, images in _made(found, changes, draws, shape, lightest).items():
        pixels = images.clip(0, lightest)
        if lightest > 1:
            pixels = np.rint(pixels)
        found[name] = pixels.astype(found[name].dtype).reshape(-1, *shape)
    if changes.get("shuffle_labels"):
        found["train_labels"] = draws.permutation(found["train_labels"])
    return found


def _made(
    arrays: Mapping[str, np.ndarray],
    changes: Mapping[str, Any],
    draws: np.random.Generator,
    shape: tuple[int, ...],
    lightest: float,
) -> dict[str, np.ndarray]:
    """Return the changed images (N, pixels) as floats, by the name of the split."""
    images = {name: arrays[name].reshape(-1, np.prod(shape)).astype(np.float32) for name in SPLITS}
    if components := changes.get("components"):
        mean = images["train_images"].mean(0)
        centred = images["train_images"] - mean
        _, vectors = np.linalg.eigh((centred.T @ centred).astype(np.float64))
        kept = vectors[:, -components:].astype(np.float32)
        images = {name: (x - mean) @ kept @ kept.T + mean for name, x in images.items()}
    if highest := changes.get("low_pass"):
        images = {name: _low_pass(x.reshape(-1, *shape), highest) for name, x in images.items()}
    if changes.get("shuffle_pixels"):
        order = draws.permutation(int(np.prod(shape)))
        images = {name: x[:, order] for name, x in images.items()}
    if noise := changes.get("noise"):
        images = {
            name: x + lightest * noise * draws.standard_normal(x.shape, np.float32)
            for name, x in images.items()
        }
    return images


def _low_pass(images: np.ndarray, highest: float) -> np.ndarray:
    """Leave out the waves of more periods over the image than the highest: (N, C, H, W) to flat."""
    height, width = images.shape[2:]
    down = np.fft.fftfreq(height, 1 / height)[:, None]
    across = np.fft.rfftfreq(width, 1 / width)[None]
    waves = np.fft.rfft2(images) * (np.hypot(down, across) <= highest)
    return np.fft.irfft2(waves, s=(height, width)).astype(np.float32).reshape(len(images), -1)
