"""Ensembles without labels: assemblies, as neuroscientists find them in recordings.

Principal components of the z-scored activations of all images together, as many as have a
variance above what the Marčenko–Pastur law allows to independent units; independent components
within them are the assemblies' patterns of weights (Lopes-dos-Santos et al., 2011, 2013). They are
then held beside the ensembles, which the labels define.
"""

from __future__ import annotations

import logging
import warnings

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA, FastICA
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from ffensembles.analysis.ensembles import active_units, category_means, leave_one_out
from ffensembles.analysis.measurements import Runs, read_layers, with_keys

SHUFFLES = 100  # of the units, for the null
ITERATIONS = 200  # of ICA

log = logging.getLogger(__name__)


def largest_chance_variance(images: int, units: int) -> float:
    """Return the Marčenko–Pastur bound (1 + √(n/M))², for n independent z-scored units."""
    return (1 + np.sqrt(units / images)) ** 2


def find_assemblies(activations: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return which units each assembly consists of, (A, n) bool; A may be 0.

    A unit belongs to an assembly whose weight for it is in the upper of two clusters, as Otsu's
    method cuts them: ensembles can be a third of a layer, which a threshold of two standard
    deviations above the mean, made for sparse recordings, cannot reach. The sign of an independent
    component is arbitrary: it is chosen so that the weights are skewed to the positive side.

    Args:
        activations: X, (M, n).
        rng: starts ICA.
    """
    members = np.zeros((0, activations.shape[1]), dtype=bool)
    if not len(activations):
        return members
    varying = activations.max(axis=0) > activations.min(axis=0)
    if varying.sum() < 2:
        return members
    z = StandardScaler().fit_transform(activations[:, varying].astype(np.float64))
    pca = PCA(svd_solver="full" if min(z.shape) < 500 else "covariance_eigh").fit(z)
    variance = pca.explained_variance_ * (len(z) - 1) / len(z)
    count = int((variance > largest_chance_variance(*z.shape)).sum())
    if not count:
        return members
    directions = pca.components_[:count]
    weights = _independent(z @ directions.T, rng) @ directions
    members = np.zeros((count, activations.shape[1]), dtype=bool)
    members[:, varying] = _outstanding(weights)
    return members


def match(ensembles: np.ndarray, assemblies: np.ndarray) -> np.ndarray:
    """Return the Jaccard similarity of each ensemble with each assembly, (C, n), (A, n) to (C, A).

    It is 0 where both are empty: there is nothing to match.
    """
    shared = ensembles.astype(np.int64) @ assemblies.astype(np.int64).T
    union = ensembles.sum(axis=1)[:, None] + assemblies.sum(axis=1) - shared
    return np.divide(shared, union, out=np.zeros(union.shape), where=union > 0)


def measure_assemblies(
    runs: Runs, layers: int, *, held_out: int | None = None, random_seed: int, experiment: str
) -> pd.DataFrame:
    """Find the assemblies of every representation of an experiment.

    Args:
        runs: which they are.
        layers: how many layers there are.
        held_out: see `measurements.read_layers`.
        random_seed: of the config; every draw derives from it.
        experiment: its name, `dataset/model/study`.

    Returns:
        seed, layer (from 1), then the columns of `compare`.
    """
    tables = []
    for seed, layer, x in read_layers(runs, layers, held_out=held_out):
        rng = np.random.default_rng(
            [random_seed, seed, layer, *f"assemblies/{experiment}".encode()]
        )
        tables.append(with_keys(compare(x.activations, x.labels, rng), seed=seed, layer=layer))
    return pd.concat(tables, ignore_index=True)


def compare(activations: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Find the assemblies of one representation, and the best match of each category's ensemble.

    The null has assemblies of the same number and sizes whose units are drawn at random.

    Args:
        activations: X, (M, n).
        labels: (M,), the category of each row; the assemblies know nothing of them.
        rng: starts ICA, and shuffles the units.

    Returns:
        category, assemblies (how many there are), assembly_size (mean number of their units),
        size (units in the ensemble), jaccard (of the best match), null_mean and null_high (mean
        and 95th percentile of the null).
    """
    categories = np.unique(labels)
    means = category_means(activations, labels, categories)
    ensembles = active_units(means, leave_one_out(means))
    assemblies = find_assemblies(activations, rng)
    null = np.stack([_best(ensembles, rng.permuted(assemblies, axis=1)) for _ in range(SHUFFLES)])
    return pd.DataFrame(
        {
            "category": categories.astype(int),
            "assemblies": len(assemblies),
            "assembly_size": assemblies.sum() / max(len(assemblies), 1),
            "size": ensembles.sum(axis=1),
            "jaccard": _best(ensembles, assemblies),
            "null_mean": null.mean(axis=0),
            "null_high": np.quantile(null, 0.95, axis=0),
        }
    )


def _best(ensembles: np.ndarray, assemblies: np.ndarray) -> np.ndarray:
    return match(ensembles, assemblies).max(axis=1, initial=0)


def _independent(scores: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the independent components of scores (M, A) as directions among them, (A, A)."""
    if scores.shape[1] == 1:
        return np.ones((1, 1))
    ica = FastICA(
        whiten="unit-variance",
        max_iter=ITERATIONS,
        tol=1e-3,
        random_state=int(rng.integers(2**31)),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # logged below
        ica.fit(scores)
    if ica.n_iter_ >= ITERATIONS:
        log.info("ICA of %d components stopped after %d iterations", len(scores.T), ITERATIONS)
    return ica.components_ / np.linalg.norm(ica.components_, axis=1, keepdims=True)


def _outstanding(weights: np.ndarray) -> np.ndarray:
    """Return which units stand out in each assembly, (A, n) to (A, n) bool."""
    skew = ((weights - weights.mean(axis=1, keepdims=True)) ** 3).sum(axis=1, keepdims=True)
    signed = weights * np.where(skew < 0, -1, 1)
    members = np.empty(weights.shape, dtype=bool)
    for row, out in zip(signed, members, strict=True):
        ends = np.array([[row.min()], [row.max()]])
        out[:] = KMeans(2, init=ends, n_init=1).fit(row[:, None]).labels_ == 1
    return members
