"""Which test images are on the page, and which of them drive a unit most."""

import numpy as np


def choose_images(labels: np.ndarray, wrong: np.ndarray, count: int) -> np.ndarray:
    """Choose images, of each category as many, half of them wrongly classified if there are such.

    Args:
        labels: (N,), their categories.
        wrong: (N,) bool, whether a model classifies it wrongly.
        count: how many are wanted; every category has one at least, and all are taken where
            there are no more.

    Returns:
        their places in order, about `count`.
    """
    if len(labels) <= count:
        return np.arange(len(labels))
    categories = np.unique(labels)
    share = max(1, count // len(categories))
    chosen: list[np.ndarray] = []
    for category in categories:
        bad = np.flatnonzero((labels == category) & wrong)
        good = np.flatnonzero((labels == category) & ~wrong)
        few = min(len(bad), max(share - share // 2, share - len(good)))
        chosen += [bad[:few], good[: share - few]]
    return np.sort(np.concatenate(chosen))


def strongest_images(activations: np.ndarray, count: int) -> np.ndarray:
    """Find the images that drive each unit most, the strongest first; of equals the first.

    Args:
        activations: (N, n), not negative.
        count: how many at most.

    Returns:
        (n, count) rows of `activations`; N where no further image drives the unit at all.
    """
    images, units = activations.shape
    found = np.full((units, count), images)
    last = max(images - count, 0)
    least = np.partition(activations, last, axis=0)[last]
    for unit in range(units):
        driven = activations[:, unit]
        rows = np.flatnonzero((driven >= least[unit]) & (driven > 0))
        best = rows[np.argsort(-driven[rows], kind="stable")][:count]
        found[unit, : len(best)] = best
    return found
