"""Ensembles without labels: assemblies, as neuroscientists find them in recordings.

Principal components of the z-scored activations of all images together, as many as have a
variance above what the Marčenko–Pastur law allows to independent units; independent components
within them are the assemblies' patterns of weights (Lopes-dos-Santos et al., 2011, 2013). What
independent components are found hangs on where the search starts, so there are several starts, and
every similarity is the median over them.

The assemblies are held beside the ensembles, which the labels define, and against two nulls: the
ensembles of permuted labels, and as many units drawn at random from those that vary.
"""

from __future__ import annotations

import logging
import warnings

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA, FastICA
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from ffensembles.analysis.ensembles import active_units, category_means, leave_one_out
from ffensembles.extras.beyond.thresholds import DEVIATIONS

SHUFFLES = 50  # of each null
STARTS = 5  # of ICA
ITERATIONS = 200  # of ICA

log = logging.getLogger(__name__)


def largest_chance_variance(images: int, units: int) -> float:
    """Return the Marčenko–Pastur bound (1 + √(n/M))², for n independent z-scored units."""
    return (1 + np.sqrt(units / images)) ** 2


def varying(activations: np.ndarray) -> np.ndarray:
    """Return which units are not the same for all images (M, n): (n,) bool."""
    if not len(activations):
        return np.zeros(activations.shape[1], dtype=bool)
    return activations.max(axis=0) > activations.min(axis=0)


def find_weights(
    activations: np.ndarray, rng: np.random.Generator, starts: int = STARTS
) -> np.ndarray:
    """Return the assemblies' patterns of weights, each of length 1, (starts, A, n); A may be 0.

    Args:
        activations: X, (M, n).
        rng: starts ICA.
        starts: how often it is started.
    """
    live = varying(activations)
    if live.sum() < 2:
        return np.zeros((starts, 0, len(live)))
    z = StandardScaler().fit_transform(activations[:, live].astype(np.float64))
    pca = PCA(svd_solver="full" if min(z.shape) < 500 else "covariance_eigh").fit(z)
    variance = pca.explained_variance_ * (len(z) - 1) / len(z)
    count = int((variance > largest_chance_variance(*z.shape)).sum())
    weights = np.zeros((starts, count, len(live)))
    if count:
        white = pca.components_[:count] / np.sqrt(variance[:count, None])
        scores = z @ white.T
        for start in weights:
            start[:, live] = _independent(scores, rng) @ white
        weights /= np.linalg.norm(weights, axis=2, keepdims=True)
    return weights


def members(weights: np.ndarray) -> np.ndarray:
    """Return which units each assembly consists of, (…, A, n) to (…, 2A, n) bool.

    The sign of an independent component is arbitrary, so both are tried: the first A rows are the
    units that stand out with positive weights, the others those with negative ones. To stand out
    is to be in the upper of two clusters, as Otsu's method cuts them: ensembles can be a third of
    a layer, which two standard deviations above the mean, usual in recordings and `by_deviations`
    here, cannot reach.
    """
    signed = np.maximum(np.concatenate([weights, -weights], axis=-2), 0)
    if not signed.size:
        return signed > 0
    ordered = np.sort(signed, axis=-1)
    units = ordered.shape[-1]
    lower, below = np.arange(1, units), ordered.cumsum(axis=-1)[..., :-1]
    above = ordered.sum(axis=-1, keepdims=True) - below
    apart = (above / (units - lower) - below / lower) ** 2 * lower * (units - lower)
    cut = np.take_along_axis(ordered, apart.argmax(axis=-1)[..., None], axis=-1)
    return signed > cut


def by_deviations(weights: np.ndarray) -> np.ndarray:
    """Return the same with two standard deviations above the mean as the threshold."""
    signed = np.concatenate([weights, -weights], axis=-2)
    return signed > signed.mean(axis=-1, keepdims=True) + 2 * signed.std(axis=-1, keepdims=True)


def match(ensembles: np.ndarray, assemblies: np.ndarray) -> np.ndarray:
    """Return the Jaccard similarity of each ensemble with each assembly, (C, n), (…, n) to (C, …).

    It is 0 where both are empty: there is nothing to match.
    """
    shared = np.tensordot(ensembles.astype(np.float32), assemblies.astype(np.float32), (1, -1))
    sizes = ensembles.sum(axis=1).reshape(-1, *[1] * (assemblies.ndim - 1))
    union = sizes + assemblies.sum(axis=-1) - shared
    return np.divide(shared, union, out=np.zeros(union.shape), where=union > 0)


def compare(activations: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Find the assemblies of one representation, and the best match of each category's ensemble.

    Args:
        activations: X, (M, n).
        labels: (M,), the category of each row; the assemblies know nothing of them.
        rng: starts ICA, permutes the labels and draws the units.

    Returns:
        category, assemblies (how many there are), size (units in the ensemble), units (n), live
        (units that vary), jaccard (of the best match, the median over the starts), start_std (its
        standard deviation over the starts), two_sd (the median where `by_deviations` chooses the
        assemblies' units), permuted (mean match of ensembles of permuted labels), random (of as
        many live units), null_high (what a match has to exceed: the higher of the two nulls'
        means plus `DEVIATIONS` standard deviations).
    """
    categories = np.unique(labels)
    live = varying(activations)
    weights = find_weights(activations, rng)
    assemblies = members(weights)

    def best(ensembles: np.ndarray, assemblies: np.ndarray = assemblies) -> np.ndarray:
        return match(ensembles, assemblies).max(axis=2, initial=0)  # (C, starts)

    def ensembles(labels: np.ndarray) -> np.ndarray:
        means = category_means(activations, labels, categories)
        return active_units(means, leave_one_out(means))

    def drawn(ensembles: np.ndarray) -> np.ndarray:
        units = np.zeros_like(ensembles)
        units[:, live] = rng.permuted(ensembles[:, live], axis=1)
        return units

    found = ensembles(labels)
    matches = best(found)
    draws = range(SHUFFLES)
    nulls = np.array(
        [
            [np.median(best(ensembles(rng.permutation(labels))), axis=1) for _ in draws],
            [np.median(best(drawn(found)), axis=1) for _ in draws],
        ]
    )
    means = nulls.mean(axis=1)
    return pd.DataFrame(
        {
            "category": categories.astype(int),
            "assemblies": weights.shape[1],
            "size": found.sum(axis=1),
            "units": len(live),
            "live": live.sum(),
            "jaccard": np.median(matches, axis=1),
            "start_std": matches.std(axis=1, ddof=1),
            "two_sd": np.median(best(found, by_deviations(weights)), axis=1),
            "permuted": means[0],
            "random": means[1],
            "null_high": (means + DEVIATIONS * nulls.std(axis=1, ddof=1)).max(axis=0),
        }
    )


def _independent(scores: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the independent components of white scores (M, A) as directions, (A, A)."""
    if scores.shape[1] == 1:
        return np.ones((1, 1))
    ica = FastICA(
        whiten=False, max_iter=ITERATIONS, tol=1e-3, random_state=int(rng.integers(2**31))
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # logged below
        ica.fit(scores)
    if ica.n_iter_ >= ITERATIONS:
        log.info("ICA of %d components stopped after %d iterations", len(scores.T), ITERATIONS)
    return ica.components_
