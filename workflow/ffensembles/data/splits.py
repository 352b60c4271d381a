"""A share of the images held out for the test, where a dataset comes without a split."""

from __future__ import annotations

import numpy as np

from ffensembles.errors import UserError


def hold_out(
    where: str, images: np.ndarray, labels: np.ndarray, share: float | None, seed: int
) -> dict[str, np.ndarray]:
    """Split images and labels, the same share of each category; both keep their order.

    Args:
        where: what messages call the dataset.
        images: (N, …).
        labels: (N,).
        share: of the images that are test images.
        seed: of the draw.

    Raises:
        UserError: no share is given, the lengths differ, or one of the splits would be empty.
    """
    if share is None:
        raise UserError(
            f"{where}: has no test images of its own; say which share of the images to hold out, "
            "such as test_share: 0.2"
        )
    if images.ndim == 0 or labels.shape != images.shape[:1]:
        raise UserError(
            f"{where}: images of shape {images.shape}, but labels of shape {labels.shape}; each "
            "image needs one label"
        )
    # scikit-learn's stratified split refuses a category of a single image.
    draws = np.random.default_rng(seed)
    test = np.zeros(len(labels), bool)
    for category in np.unique(labels):
        rows = draws.permutation(np.flatnonzero(labels == category))
        test[rows[: round(share * len(rows))]] = True
    if test.all() or not test.any():
        raise UserError(
            f"{where}: test_share {share:g} of {len(labels)} images leaves one of the splits "
            "empty; change it"
        )
    return {
        "train_images": images[~test],
        "train_labels": labels[~test],
        "test_images": images[test],
        "test_labels": labels[test],
    }
