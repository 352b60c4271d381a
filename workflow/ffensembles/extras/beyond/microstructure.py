"""Microstructure: whether a category has several activation patterns in a layer.

An image's pattern is its activations divided by their norm, so a pattern that is stronger in one
image than in another is still one pattern. The patterns of a category are projected onto their
leading principal components and cut into pieces by Ward's method; the silhouette says how far
apart the pieces are. Any data can be cut, so the pieces are held against a null that is a single
heap: activations drawn from one Gaussian copula, in which every unit has the distribution that it
has in the data, skewed as it is, and every two units the same rank correlation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import get_origin, get_type_hints

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import fcluster, ward
from scipy.linalg import eigh
from scipy.spatial.distance import pdist, squareform
from scipy.special import ndtri
from scipy.stats import rankdata
from sklearn.metrics import adjusted_rand_score

from ffensembles.analysis.measurements import table_of
from ffensembles.extras.beyond.thresholds import APART, CLEAR, STABLE, exceeds

COMPONENTS = 10  # principal components that are cut
MOST = 6  # patterns looked for
DRAWS = 20  # of the null
RESAMPLES = 5  # halves of the images, for the stability
NEAREST = 8  # images kept for each pattern
IMAGES_PER_PATTERN = 10  # no more patterns are looked for than this allows
FEWEST = 2 * IMAGES_PER_PATTERN
IMAGES = 300  # of a category at most, spread evenly: the null takes the square of their number


@dataclass(frozen=True)
class Patterns:
    """The activation patterns of one category in one layer.

    Attributes:
        images: M, of the category, those looked at.
        patterns: how many are farthest apart, 2 to `MOST`; what follows is about these.
        silhouette: of these patterns, −1 to 1.
        null_mean: mean silhouette of the null, cut into whatever number is farthest apart there.
        null_std: its standard deviation.
        stability: mean adjusted Rand index between the patterns found in all images and those
            found in halves of them.
        dominant: the share of images in the largest pattern.
        answer: `one` pattern, unless the silhouette exceeds the null's, by `APART` at least; then
            `clear` patterns, where they are stable and well apart; else `weak`.
        shares: of images in each pattern, largest first.
        nearest: for each pattern the rows whose patterns are nearest to its centre.
    """

    images: int
    patterns: int
    silhouette: float
    null_mean: float
    null_std: float
    stability: float
    dominant: float
    answer: str
    shares: list[float]
    nearest: list[list[int]]


TYPES = {name: get_origin(kind) or kind for name, kind in get_type_hints(Patterns).items()}


def find_patterns(activations: np.ndarray, rng: np.random.Generator) -> Patterns:
    """Find the activation patterns of one category.

    Args:
        activations: X_c, (M, n), of at least `FEWEST` images.
        rng: draws the null and the halves.

    Raises:
        ValueError: there are too few images.
    """
    if len(activations) < FEWEST:
        raise ValueError(f"patterns need {FEWEST} images or more, got {len(activations)}")
    rows = np.unique(np.linspace(0, len(activations) - 1, IMAGES).astype(int))
    activations = activations[rows].astype(np.float64)
    x = components(activations)
    silhouette, labels = farthest_cut(x)
    null = np.array([farthest_cut(components(draw))[0] for draw in one_heap(activations, rng)])
    stability = _stability(x, labels, rng)
    order = np.argsort(-np.bincount(labels), kind="stable")
    shares = np.bincount(labels)[order] / len(x)
    return Patterns(
        images=len(x),
        patterns=len(order),
        silhouette=silhouette,
        null_mean=float(null.mean()),
        null_std=float(null.std(ddof=1)),
        stability=stability,
        dominant=float(shares[0]),
        answer=_answer(silhouette, null, stability),
        shares=shares.tolist(),
        nearest=[rows[_nearest(x, labels == k)].tolist() for k in order],
    )


def by_category(
    activations: np.ndarray, labels: np.ndarray, index: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """Find the activation patterns of every category of one representation.

    Args:
        activations: X, (M, n).
        labels: (M,), the category of each row.
        index: (M,), the place of each row's image in the test set.
        rng: see `find_patterns`.

    Returns:
        category, then the fields of `Patterns`, with `nearest` as places in the test set. A
        category of fewer than `FEWEST` images is left out.
    """
    rows = []
    for category in np.unique(labels):
        members = labels == category
        if members.sum() < FEWEST:
            continue
        patterns = asdict(find_patterns(activations[members], rng))
        patterns["nearest"] = [index[members][near].tolist() for near in patterns["nearest"]]
        rows.append({"category": int(category), **patterns})
    return table_of(rows, {"category": int, **TYPES})


def one_heap(activations: np.ndarray, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield `DRAWS` samples (M, n) of one Gaussian copula fitted to activations (M, n).

    The scores are normal, with the correlations of the data's normal scores; each unit's are then
    replaced by its activations, in the same order.
    """
    images = len(activations)
    scores = ndtri((rankdata(activations, axis=0) - 0.5) / images)
    scores -= scores.mean(axis=0)
    ordered = np.sort(activations, axis=0)
    for _ in range(DRAWS):
        drawn = rng.standard_normal((images, images)) @ scores
        yield np.take_along_axis(ordered, drawn.argsort(axis=0).argsort(axis=0), axis=0)


def components(activations: np.ndarray) -> np.ndarray:
    """Project patterns, (M, n), onto their principal components, (M, at most `COMPONENTS`)."""
    norm = np.linalg.norm(activations, axis=1, keepdims=True)
    patterns = np.divide(activations, norm, out=np.zeros_like(activations), where=norm > 0)
    patterns -= patterns.mean(axis=0)
    last = len(patterns) - 1
    leading = (max(last - COMPONENTS + 1, 0), last)
    variances, directions = eigh(patterns @ patterns.T, subset_by_index=leading)
    return directions * np.sqrt(np.maximum(variances, 0))


def farthest_cut(x: np.ndarray) -> tuple[float, np.ndarray]:
    """Cut rows (M, d) into the number of pieces that are farthest apart.

    Returns:
        The silhouette, and the piece (M,) of each row, from 0; 0 and a single piece where all
        rows are alike.
    """
    pairs = pdist(x)
    if not pairs.any():
        return 0.0, np.zeros(len(x), dtype=int)
    tree, distances = ward(pairs), squareform(pairs)
    most = min(MOST, len(x) // IMAGES_PER_PATTERN)
    cuts = [fcluster(tree, count, "maxclust") - 1 for count in range(2, max(most, 2) + 1)]
    return max(((silhouette(distances, cut), cut) for cut in cuts), key=lambda found: found[0])


def silhouette(distances: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean silhouette (Rousseeuw, 1987); scikit-learn's takes fifty times as long.

    Args:
        distances: (M, M).
        labels: (M,), the piece of each row, from 0; the silhouette of a single piece is 0.
    """
    sizes = np.bincount(labels)
    if len(sizes) < 2:
        return 0.0
    every = np.arange(len(labels))
    sums = distances @ np.eye(len(sizes))[labels]
    within = sums[every, labels] / np.maximum(sizes[labels] - 1, 1)
    others = sums / sizes
    others[every, labels] = np.inf
    between = others.min(axis=1)
    widths = (between - within) / np.maximum(np.maximum(between, within), np.finfo(float).tiny)
    return float(np.where(sizes[labels] > 1, widths, 0).mean())


def _answer(found: float, null: np.ndarray, stability: float) -> str:
    if not exceeds(found, null.mean(), null.std(ddof=1), APART):
        return "one"
    return "clear" if found >= CLEAR and stability >= STABLE else "weak"


def _stability(x: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> float:
    """Compare with halves of the images, cut into as many pieces; the rest goes to the nearest."""
    scores = []
    for _ in range(RESAMPLES):
        half = x[rng.choice(len(x), len(x) // 2, replace=False)]
        pieces = fcluster(ward(half), labels.max() + 1, "maxclust")
        centres = np.stack([half[pieces == k].mean(axis=0) for k in np.unique(pieces)])
        again = ((x[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
        scores.append(adjusted_rand_score(labels, again))
    return float(np.mean(scores))


def _nearest(x: np.ndarray, members: np.ndarray) -> np.ndarray:
    rows = np.flatnonzero(members)
    distance = ((x[rows] - x[rows].mean(axis=0)) ** 2).sum(axis=1)
    return rows[np.argsort(distance, kind="stable")[:NEAREST]]
