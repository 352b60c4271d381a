"""Microstructure: whether a category has several activation patterns in a layer.

The images of one category are projected onto their leading principal components, and mixtures of
Gaussians are fitted. How many patterns there are is asked twice: BIC weighs likelihood against
parameters and may say one; the silhouette says how far apart two or more are. Any data can be cut
in pieces, so the pieces are held against a null in which each unit's activations are shuffled over
the images: rates stay as they are, co-activation goes.
"""

from __future__ import annotations

import warnings
from dataclasses import asdict, dataclass, replace
from typing import get_origin, get_type_hints

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.mixture import GaussianMixture

from ffensembles.analysis.measurements import Runs, read_layers, table_of, with_keys

COMPONENTS = 10  # principal components that the mixtures see
MOST = 6  # patterns looked for
SHUFFLES = 10  # of the null
RESAMPLES = 5  # halves of the images, for the stability
NEAREST = 8  # images kept for each pattern
IMAGES_PER_PATTERN = 10  # a mixture has no more components than this allows
FEWEST = 2 * IMAGES_PER_PATTERN
DEVIATIONS = 3  # of the null's silhouette that the data's has to exceed its mean by
CLEAR = 0.5  # silhouette: Kaufman & Rousseeuw (1990) speak of reasonable structure from here on
STABLE = 0.8  # adjusted Rand index


@dataclass(frozen=True)
class Patterns:
    """The activation patterns of one category in one layer.

    Attributes:
        images: M, of the category.
        by_bic: how many patterns BIC chooses, 1 to `MOST`.
        patterns: how many are farthest apart, 2 to `MOST`; what follows is about these.
        silhouette: of these patterns, −1 to 1.
        null_mean: mean silhouette of as many patterns in shuffled data.
        null_std: its standard deviation.
        stability: mean adjusted Rand index between the patterns found in all images and those
            found in halves of them.
        dominant: the share of images in the largest pattern.
        answer: `one` pattern, where the silhouette does not exceed the null's; `clear` patterns,
            where BIC finds several, too, and they are stable and well apart; else `weak`.
        shares: of images in each pattern, largest first.
        nearest: for each pattern the rows whose activations are nearest to its centre.
    """

    images: int
    by_bic: int
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
        rng: starts the mixtures, shuffles the null and draws the halves.

    Raises:
        ValueError: there are too few images.
    """
    if len(activations) < FEWEST:
        raise ValueError(f"patterns need {FEWEST} images or more, got {len(activations)}")
    x = _components(activations, rng)
    most = min(MOST, len(x) // IMAGES_PER_PATTERN)
    mixtures = [_mixture(x, patterns, rng) for patterns in range(1, most + 1)]
    by_bic = 1 + int(np.argmin([mixture.bic(x) for mixture in mixtures]))
    cuts = [mixture.predict(x) for mixture in mixtures[1:]]
    silhouettes = [_silhouette(x, cut) for cut in cuts]
    best = int(np.argmax(silhouettes))
    labels, mixture = cuts[best], mixtures[1 + best]
    null = _null_silhouettes(activations, 2 + best, rng)
    found, counts = np.unique(labels, return_counts=True)
    largest_first = np.argsort(-counts, kind="stable")
    patterns = Patterns(
        images=len(x),
        by_bic=by_bic,
        patterns=len(found),
        silhouette=silhouettes[best],
        null_mean=float(null.mean()),
        null_std=float(null.std(ddof=1)),
        stability=_stability(x, labels, 2 + best, rng),
        dominant=float(counts.max() / len(x)),
        answer="",
        shares=(counts[largest_first] / len(x)).tolist(),
        nearest=[_nearest(x, mixture.means_[k], labels == k) for k in found[largest_first]],
    )
    return replace(patterns, answer=_answer(patterns))


def measure_microstructure(
    runs: Runs, layers: int, *, held_out: int | None = None, random_seed: int, experiment: str
) -> pd.DataFrame:
    """Find the activation patterns in every representation of an experiment.

    Args:
        runs: which they are.
        layers: how many layers there are.
        held_out: see `measurements.read_layers`.
        random_seed: of the config; every draw derives from it.
        experiment: its name, `dataset/model/study`.

    Returns:
        seed, layer (from 1), then the columns of `by_category`.
    """
    name = f"microstructure/{experiment}".encode()
    tables = []
    for seed, layer, x in read_layers(runs, layers, held_out=held_out):
        rng = np.random.default_rng([random_seed, seed, layer, *name])
        table = by_category(x.activations, x.labels, x.index, rng)
        tables.append(with_keys(table, seed=seed, layer=layer))
    return pd.concat(tables, ignore_index=True)


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


def _answer(found: Patterns) -> str:
    if found.silhouette <= found.null_mean + DEVIATIONS * found.null_std:
        return "one"
    clear = found.by_bic > 1 and found.silhouette >= CLEAR and found.stability >= STABLE
    return "clear" if clear else "weak"


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))


def _components(activations: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Project (M, n) onto the leading principal components, (M, at most `COMPONENTS`) float64."""
    x = activations[:, activations.max(axis=0) > activations.min(axis=0)]
    if not x.size:
        return np.zeros((len(activations), 1))
    components = min(COMPONENTS, *x.shape)
    pca = PCA(components, svd_solver="randomized", random_state=_seed(rng))
    return pca.fit_transform(x.astype(np.float64))


def _mixture(x: np.ndarray, patterns: int, rng: np.random.Generator) -> GaussianMixture:
    # Bounded away from 0, lest a component shrink onto images that are all alike.
    floor = 1e-3 * x.var(axis=0).max() or 1.0
    mixture = GaussianMixture(
        patterns, covariance_type="diag", reg_covar=floor, random_state=_seed(rng)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # BIC judges what came out
        return mixture.fit(x)


def _silhouette(x: np.ndarray, labels: np.ndarray) -> float:
    """Return the silhouette of a cut; 0, by its definition, of a single piece."""
    return float(silhouette_score(x, labels)) if len(np.unique(labels)) > 1 else 0.0


def _null_silhouettes(
    activations: np.ndarray, patterns: int, rng: np.random.Generator
) -> np.ndarray:
    """Return the silhouettes of as many patterns in shuffled data, (`SHUFFLES`,)."""
    silhouettes = []
    for _ in range(SHUFFLES):
        x = _components(rng.permuted(activations, axis=0), rng)
        silhouettes.append(_silhouette(x, _mixture(x, patterns, rng).predict(x)))
    return np.array(silhouettes)


def _stability(x: np.ndarray, labels: np.ndarray, patterns: int, rng: np.random.Generator) -> float:
    scores = []
    for _ in range(RESAMPLES):
        half = rng.choice(len(x), len(x) // 2, replace=False)
        again = _mixture(x[half], patterns, rng).predict(x)
        scores.append(adjusted_rand_score(labels, again))
    return float(np.mean(scores))


def _nearest(x: np.ndarray, centre: np.ndarray, members: np.ndarray) -> list[int]:
    rows = np.flatnonzero(members)
    distance = ((x[rows] - centre) ** 2).sum(axis=1)
    return rows[np.argsort(distance, kind="stable")[:NEAREST]].tolist()
