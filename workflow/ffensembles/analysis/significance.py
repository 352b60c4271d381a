"""Whether units are in an ensemble by chance: the permutation test (appendix D).

A unit i is in the ensemble of a category when δ_i = x̄_i − 2·LOO_i > 0. The null hypothesis
shuffles each row of X_c. That leaves the sum of every row alone, so x̄_i alone decides: δ_i under
a shuffle exceeds the observed δ_i just when x̄_i does. And x̄_i has the same null distribution for
every unit: that of the mean of one uniformly random entry of each row.
"""

import logging
from math import erfc, sqrt

import numpy as np
import pandas as pd

from ffensembles.analysis.measurements import Runs, read_layers, with_keys
from ffensembles.progress import progress

METHODS = ("shuffle", "exact")
INSIGNIFICANT_P = 0.05  # a unit with a larger p-value may be in its ensemble by chance
FEW_IMAGES = 8  # for so few, activations that are exactly 0 show in the law of their mean

log = logging.getLogger(__name__)


def p_values(
    activations: np.ndarray,
    units: np.ndarray,
    *,
    method: str = "shuffle",
    shuffles: int = 200,
    rng: np.random.Generator | None = None,
) -> np.ndarray:
    """Return the p-value of each of some units of one category.

    Args:
        activations: X_c, (M_c, n).
        units: (u,), which units to test, distinct and counted from 0.
        method: `shuffle` is the paper's: the share of `shuffles` row-wise shuffles under which
            δ exceeds the observed one, a multiple of 1/`shuffles`. `exact` is what that share
            tends to as the shuffles grow in number: for few images by convolution, for more by
            a saddlepoint approximation whose error is a small fraction of the p-value itself,
            however small that is, and far below the noise of 200 shuffles.
        shuffles: how many shuffles, for `shuffle`.
        rng: draws the shuffles, for `shuffle`.

    Returns:
        (u,) float64.

    Raises:
        ValueError: there are no images, the method is unknown, or `shuffle` has no generator.
    """
    if not len(activations):
        raise ValueError("a category without images has no p-values")
    units = np.asarray(units, dtype=np.intp)
    if not units.size:
        return np.empty(0)
    observed = activations[:, units].mean(axis=0, dtype=np.float64)
    if method == "exact":
        few = len(activations) <= FEW_IMAGES
        tail = (
            _convolved_tail(activations, units) if few else _saddlepoint_tail(activations, observed)
        )
        # No shuffle exceeds the mean of the largest entries, not even by an error of rounding.
        return np.where(observed < activations.max(axis=1).mean(dtype=np.float64), tail, 0)
    if method != "shuffle":
        raise ValueError(f"method: {method!r} is none of {', '.join(METHODS)}")
    if rng is None:
        raise ValueError("the method shuffle needs a random generator")
    return (shuffled_means(activations, len(units), shuffles, rng) > observed).mean(axis=0)


def measure_significance(
    runs: Runs,
    layers: int,
    ensembles: pd.DataFrame,
    *,
    held_out: int | None = None,
    method: str = "shuffle",
    shuffles: int = 200,
    random_seed: int = 0,
    experiment: str = "",
) -> pd.DataFrame:
    """Test every unit of every ensemble of several runs; one layer is in memory at a time.

    Args:
        runs: which they are.
        layers: how many layers there are.
        ensembles: seed, layer, category and unit of every unit that is active in a category.
        held_out: the category that the runs never saw, all of whose images count.
        method: see `p_values`; so is `shuffles`.
        random_seed: what the shuffles are drawn from, together with seed and layer, and with
        experiment: the name that all runs share.

    Returns:
        seed, layer (from 1), category, unit, p_value.
    """
    runs = list(runs)
    name = f"significance/{experiment}".encode()
    tables = []
    bar = progress(len(runs) * layers, "significance", "layer")
    for seed, layer, x in read_layers(runs, layers, held_out=held_out):
        table = ensemble_p_values(
            x.activations,
            x.labels,
            ensembles[(ensembles["seed"] == seed) & (ensembles["layer"] == layer)],
            method=method,
            shuffles=shuffles,
            rng=np.random.default_rng([random_seed, seed, layer, *name]),
        )
        tables.append(with_keys(table, seed=seed, layer=layer))
        bar.update()
    bar.close()
    table = pd.concat(tables, ignore_index=True)
    above = (table["p_value"] > INSIGNIFICANT_P).sum()
    log.info("%d of %d units have p > %g", above, len(table), INSIGNIFICANT_P)
    return table


def ensemble_p_values(
    activations: np.ndarray,
    labels: np.ndarray,
    ensembles: pd.DataFrame,
    *,
    method: str = "shuffle",
    shuffles: int = 200,
    rng: np.random.Generator | None = None,
) -> pd.DataFrame:
    """Test every unit of every ensemble of one representation.

    Args:
        activations: X, (M, n).
        labels: (M,), the category of each row.
        ensembles: category and unit, one row per unit that is active in a category.
        method: see `p_values`; so are `shuffles` and `rng`.

    Returns:
        category, unit, p_value, in the order of `ensembles`.
    """
    table = ensembles[["category", "unit"]].reset_index(drop=True)
    p_value = np.empty(len(table))
    for category, rows in table.groupby("category").indices.items():
        p_value[rows] = p_values(
            activations[labels == category],
            table["unit"].to_numpy()[rows],
            method=method,
            shuffles=shuffles,
            rng=rng,
        )
    return table.assign(p_value=p_value)


def shuffled_means(
    activations: np.ndarray, units: int, shuffles: int, rng: np.random.Generator
) -> np.ndarray:
    """Return x̄ of `units` units under row-wise shuffles, (shuffles, units) float64.

    Every row is shuffled once; each shuffle then rotates every row by a random offset of its own.
    A shuffled row, rotated, is a shuffled row, so each shuffle by itself is exactly the paper's.
    So are the values that one unit takes under all of them: the offsets are independent, hence so
    are the values, and each p-value has the law it has in the paper. Only values of *different*
    units under *different* shuffles, independent in the paper, are not quite so here.
    """
    images, n = activations.shape
    shuffled = rng.permuted(activations, axis=1)
    wrapped = np.concatenate([shuffled, shuffled[:, : units - 1]], axis=1)
    # Which units are tested no longer matters, so they can be neighbours: a contiguous window.
    windows = np.lib.stride_tricks.sliding_window_view(wrapped, units, axis=1)
    rows = np.arange(images)
    means = np.empty((shuffles, units))
    for i in range(shuffles):
        windows[rows, rng.integers(n, size=images)].mean(axis=0, dtype=np.float64, out=means[i])
    return means


def _convolved_tail(activations: np.ndarray, units: np.ndarray, grid: int = 2**16) -> np.ndarray:
    """Return the null probability that x̄ exceeds that of each unit, on a grid of means."""
    images, n = activations.shape
    above = activations - activations.min(axis=1, keepdims=True)
    steps = np.rint(above * (grid / images / max(above.max(), 1e-30))).astype(np.intp)
    law = np.ones(grid + 1, dtype=complex)
    for row in steps:
        law *= np.fft.rfft(np.bincount(row, minlength=2 * grid) / n)
    tail = np.cumsum(np.fft.irfft(law)[::-1])[::-1]  # of a sum of at least so many steps
    return np.clip(tail[steps[:, units].sum(axis=0) + 1], 0, 1)


def _saddlepoint_tail(activations: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Return the null probability that x̄ exceeds each observed value, (u,) to (u,).

    The saddlepoint approximation of Lugannani and Rice (1980) in the form of Barndorff-Nielsen
    (1986): 1 − Φ(r*) with r* = w + log(u/w)/w, where w and u come from the cumulant generating
    function of the mean and the saddlepoint θ of the observed value. r* is a smooth function of
    the value, so it is computed at a few θ and interpolated.
    """
    rows = activations.mean(axis=1, dtype=np.float64)
    mean = rows.mean()
    p_value = np.empty(len(observed))
    for sign, side in ((1, observed >= mean), (-1, observed < mean)):
        if side.any():
            deviations = sign * (activations - rows[:, None].astype(activations.dtype))
            scores = sign * _normal_scores(deviations, sign * (observed[side] - mean))
            p_value[side] = [erfc(score / sqrt(2)) / 2 for score in scores]
    return p_value


def _normal_scores(deviations: np.ndarray, targets: np.ndarray, nodes: int = 8) -> np.ndarray:
    """Return r* of each target ≥ 0, a mean of one entry of each row of `deviations` (M, n)."""
    images, n = deviations.shape
    scale = max(deviations.max(), -deviations.min())
    if scale < np.finfo(deviations.dtype).tiny:
        return np.full(len(targets), np.inf)
    deviations, targets = deviations / scale, targets / float(scale)
    squares = np.square(deviations)
    second = squares.mean(axis=1).sum(dtype=np.float64) / images**2
    third = np.vecdot(squares, deviations).sum(dtype=np.float64) / n / images**3

    # The nodes run from below the smallest target, but not nearer to 0 than where w and u cancel,
    # to the largest, placed by the first three cumulants; then on, should they not reach it.
    spread = np.sqrt(second)
    start = max(targets.min() / 2, 0.3 * spread)
    reach = max(targets.max(), spread)
    steps = start + (reach - start) * np.linspace(0, 1, nodes) ** 2
    theta = 2 * steps / (second + np.sqrt(second**2 + 2 * max(third, 0) * steps)) / images
    limit = 0.9 * np.log(np.finfo(deviations.dtype).max) / deviations.max()
    theta = np.minimum(theta, limit)
    x, r = _saddlepoints(deviations, theta)
    last = theta[-1:]
    while x[-1] < reach and last < limit:
        last = np.minimum(2 * last, limit)
        x, r = np.hstack([(x, r), _saddlepoints(deviations, last)])

    # At the mean itself r* tends to a sixth of the skewness.
    x, first = np.unique(np.append(0, x), return_index=True)
    r = np.maximum.accumulate(np.append(third / second**1.5 / 6, r)[first])
    return _interpolate(np.minimum(targets, x[-1]), x, r)


def _interpolate(x: np.ndarray, nodes: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Interpolate values that never decrease by cubics that do not either (Fritsch and Carlson)."""
    # SciPy's PchipInterpolator takes other slopes, with which so few nodes do less well: the
    # largest error of a p-value is half as large again.
    slopes = np.gradient(values, nodes, edge_order=2 if len(nodes) > 2 else 1)
    secants = np.diff(values) / np.diff(nodes)
    steepest = 3 * np.minimum(np.append(secants, np.inf), np.insert(secants, 0, np.inf))
    slopes = np.clip(slopes, 0, steepest)
    i = np.clip(np.searchsorted(nodes, x) - 1, 0, len(nodes) - 2)
    width = nodes[i + 1] - nodes[i]
    rise = values[i + 1] - values[i]
    s = (x - nodes[i]) / width
    bend = (1 - s) * (slopes[i] * width - rise) - s * (slopes[i + 1] * width - rise)
    return values[i] + s * rise + s * (1 - s) * bend


def _saddlepoints(deviations: np.ndarray, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean whose saddlepoint is θ, and its r*, for each θ > 0: (t,) and (t,)."""
    images, n = deviations.shape
    cgf, mean, variance = np.zeros((3, len(theta)))
    block = max(1, 2**17 // (n * len(theta)))  # stays in the processor's cache
    for i in range(0, images, block):
        x = deviations[i : i + block, None, :]
        weights = np.exp(theta.astype(x.dtype)[:, None] * x)  # (block, t, n)
        total = weights.sum(axis=-1)
        first = np.vecdot(weights, x) / total
        second = np.vecdot(weights, x * x) / total
        cgf += np.log(total / n).sum(axis=0, dtype=np.float64)
        mean += first.sum(axis=0, dtype=np.float64)
        variance += (second - first**2).sum(axis=0, dtype=np.float64)
    w = np.sqrt(2 * np.maximum(theta * mean - cgf, 0))
    u = theta * np.sqrt(np.maximum(variance, 0))
    with np.errstate(divide="ignore", invalid="ignore"):
        r = w + np.log(u / w) / w
    return mean / images, np.where(np.isfinite(r), r, w)
