"""Category-specific ensembles: which units are active, and which are shared (section 3.5)."""

import numpy as np
import pandas as pd


def category_means(
    activations: np.ndarray, labels: np.ndarray, categories: np.ndarray
) -> np.ndarray:
    """Return x̄, the average activation of each unit over the images of each category.

    Args:
        activations: (M, n).
        labels: (M,), the category of each row.
        categories: (C,), the categories wanted; each must have images.

    Returns:
        (C, n) float64; C may be 0.

    Raises:
        ValueError: a category has no images.
    """
    absent = np.setdiff1d(categories, labels)
    if absent.size:
        raise ValueError(f"no images of the categories {absent.tolist()}")
    means = np.empty((len(categories), activations.shape[1]))
    for category, mean in zip(categories, means, strict=True):
        activations[labels == category].mean(axis=0, dtype=np.float64, out=mean)
    return means


def leave_one_out(means: np.ndarray) -> np.ndarray:
    """Return LOO, for each unit the average of x̄ over all *other* units, (C, n) to (C, n).

    Raises:
        ValueError: a single unit (n = 1) has no others.
    """
    units = means.shape[-1]
    if units < 2:
        raise ValueError(f"leaving one unit out needs two or more, got {units}")
    return (means.sum(axis=-1, keepdims=True) - means) / (units - 1)


FACTOR = 2  # the paper's


def active_units(means: np.ndarray, loo: np.ndarray, factor: float = FACTOR) -> np.ndarray:
    """Return whether each unit is active, that is in the ensemble: x̄ > 2·LOO, (C, n) bool.

    The inequality is strict: a category whose units are all silent has an empty ensemble. The
    paper's factor 2 can be another one.
    """
    return means > factor * loo


def shared_units(active: np.ndarray) -> np.ndarray:
    """Return |E^c ∩ E^c'| for each pair of categories, (C, n) bool to (C, C).

    The sizes of the ensembles are on the diagonal.
    """
    ones = active.astype(np.int64)
    return ones @ ones.T


def jaccard(active: np.ndarray) -> np.ndarray:
    """Return the Jaccard similarity |E^c ∩ E^c'| / |E^c ∪ E^c'| of each pair, (C, n) to (C, C).

    It is 0 where one ensemble of a pair is empty, and NaN, not defined, where both are.
    """
    shared = shared_units(active)
    size = shared.diagonal()
    union = size[:, None] + size[None, :] - shared
    return np.divide(shared, union, out=np.full(union.shape, np.nan), where=union > 0)


def find_ensembles(activations: np.ndarray, labels: np.ndarray) -> pd.DataFrame:
    """Find the ensemble of each category that has images.

    Args:
        activations: (M, n).
        labels: (M,), the category of each row.

    Returns:
        One row per category and unit: category, unit (from 0), mean (x̄), loo, active.
    """
    categories = np.unique(labels)
    means = category_means(activations, labels, categories)
    loo = leave_one_out(means)
    units = means.shape[1]
    return pd.DataFrame(
        {
            "category": np.repeat(categories, units),
            "unit": np.tile(np.arange(units, dtype=np.int32), len(categories)),
            "mean": means.ravel(),
            "loo": loo.ravel(),
            "active": active_units(means, loo).ravel(),
        }
    )


def ensemble_sizes(activations: np.ndarray, labels: np.ndarray) -> pd.DataFrame:
    """Return how large the ensemble of each category is that has images.

    Args:
        activations: (M, n).
        labels: (M,), the category of each row.

    Returns:
        One row per category: category, size (units in the ensemble), units (n).
    """
    categories = np.unique(labels)
    means = category_means(activations, labels, categories)
    return pd.DataFrame(
        {
            "category": categories,
            "size": active_units(means, leave_one_out(means)).sum(axis=1),
            "units": means.shape[1],
        }
    ).astype("Int64")
