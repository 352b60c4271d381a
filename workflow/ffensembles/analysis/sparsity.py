"""Hoyer sparsity of representations (section 3.5)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

SPARSE = 0.5  # "we will consider values of S below 0.5 as non-sparse" (section 3.5)
ROUNDING = 1e-5  # of its largest activation, by which a unit that never changes may seem to
CHUNK = 2**20  # values held in float64 at once: 8 MiB


def hoyer(activations: np.ndarray) -> np.ndarray:
    """Return the sparsity of each row of `activations`, (M, n) to (M,) float64.

    S(x) = (√n − ‖x‖₁/‖x‖₂) / (√n − 1): 1 for a single non-zero component, 0 for components of
    equal magnitude, NaN for an all-zero vector, which has no sparsity (section 3.5; Hoyer, 2004).

    Raises:
        ValueError: a single unit (n = 1) has no sparsity, nor have NaN or infinite activations.
    """
    images, units = activations.shape
    if units < 2:
        raise ValueError(f"sparsity needs two units or more, got {units}")
    l1, l2 = np.empty(images), np.empty(images)
    rows = max(1, CHUNK // units)
    for start in range(0, images, rows):
        chunk = np.abs(activations[start : start + rows], dtype=np.float64)
        l1[start : start + rows] = chunk.sum(axis=1)
        l2[start : start + rows] = np.sqrt(np.einsum("mn,mn->m", chunk, chunk))
    if not np.isfinite(l1).all():
        raise ValueError("sparsity is not defined for NaN or infinite activations")
    ratio = np.divide(l1, l2, out=np.full(images, np.nan), where=l2 > 0)
    return (np.sqrt(units) - ratio) / (np.sqrt(units) - 1)


def layer_sparsity(sparsity: np.ndarray) -> dict[str, float]:
    """Average the sparsity of single images, (M,) as `hoyer` gives it.

    Returns:
        sparsity (mean over the images that have one; NaN where none has), images (M), silent
        (images whose vector is all zero: their sparsity is not defined).
    """
    defined = sparsity[~np.isnan(sparsity)]
    return {
        "sparsity": float(defined.mean()) if defined.size else float("nan"),
        "images": len(sparsity),
        "silent": len(sparsity) - len(defined),
    }


def sparsity_by_category(activations: np.ndarray, labels: np.ndarray) -> pd.DataFrame:
    """Return the sparsity of a representation, over all and within each category (Figure 2).

    Args:
        activations: (M, n).
        labels: (M,), the category of each row.

    Returns:
        Columns category (NA in the first row: all categories), sparsity, images, silent; one row
        for each category that has images.
    """
    sparsity = hoyer(activations)
    rows = [layer_sparsity(sparsity)]
    categories = np.unique(labels)
    rows += [layer_sparsity(sparsity[labels == category]) for category in categories]
    table = pd.DataFrame(rows)
    table.insert(0, "category", pd.Series([pd.NA, *categories], dtype="Int64"))
    return table


def count_varying(activations: np.ndarray) -> int:
    """Count the units, columns of (M, n), whose activation differs between images."""
    if not len(activations):
        return 0
    high, low = activations.max(axis=0), activations.min(axis=0)
    largest = np.maximum(np.abs(high), np.abs(low))
    return int(np.count_nonzero(high - low > ROUNDING * largest))


def with_diverged(sparsities: pd.DataFrame, diverged: Mapping[int, str]) -> pd.DataFrame:
    """Add what there is to say of runs that diverged in training, and so have no representations.

    Args:
        sparsities: seed, layer, varying, then the columns of `sparsity_by_category`.
        diverged: where each such run did, by its seed.

    Returns:
        These rows, then one without a value for each layer of such a run; and a column more,
        diverged, which says where it did (NA: it did not).
    """
    of_all = sparsities[sparsities["category"].isna()].drop_duplicates("layer")
    empty = of_all.assign(sparsity=float("nan"), images=0, silent=0, varying=0)
    parts = [sparsities.assign(diverged=pd.Series(pd.NA, sparsities.index, dtype="string"))]
    parts += [empty.assign(seed=seed, diverged=place) for seed, place in diverged.items()]
    return pd.concat(parts, ignore_index=True).astype({"diverged": "string"})


def dead_layers(sparsities: pd.DataFrame) -> pd.DataFrame:
    """Return the rows about layers that answer no image, or all of them alike.

    What is measured of such a network says nothing, though its accuracy is that of guessing and
    its weights look like others.

    Args:
        sparsities: with the columns of `sparsity_by_category`, and varying, as `count_varying`
            gives it; without it, layers are dead only where they are silent.
    """
    of_all = sparsities[sparsities["category"].isna() & (sparsities["images"] > 0)]
    alike = of_all["varying"] == 0 if "varying" in of_all else False
    return of_all[(of_all["silent"] == of_all["images"]) | (alike & (of_all["images"] > 1))]
