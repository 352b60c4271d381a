"""How similar two representations of the same images are: SVCCA, CKA and dCor (appendix J).

Nothing is subsampled. CKA and SVCCA need only the covariances of the units, distance correlation
only one tile of the distances at a time, so memory grows with the representations and no faster.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

METRICS = ("SVCCA", "CKA", "dCor")
COLUMNS = ["metric", "model_a", "model_b", "layer_a", "layer_b", "images", "value"]
ROWS = 1024  # of a tile of distances, and of a block whose covariance is added up


def cka(x: np.ndarray, y: np.ndarray) -> float:
    """Return the linear centred kernel alignment of two representations of the same images.

    ‖Xᵀ Y‖² / (‖Xᵀ X‖ ‖Yᵀ Y‖) with centred columns and Frobenius norms (Kornblith et al., 2019).

    Args:
        x: (M, n).
        y: (M, m).

    Returns:
        Between 0 and 1; NaN, not defined, if a representation is the same for all images.

    Raises:
        ValueError: the representations differ in their number of images.
    """
    return _cka(*_covariances(x, y))


def svcca(x: np.ndarray, y: np.ndarray, *, share: float = 0.99) -> float:
    """Return the mean canonical correlation of the leading components of two representations.

    Of each, the fewest principal components that hold a share of the sum of the singular values
    (Raghu et al., 2017, who speak of variance; the paper's numbers come with the values as such).

    Args:
        x: (M, n).
        y: (M, m).
        share: above 0 and up to 1.

    Returns:
        Between 0 and 1; NaN, not defined, if a representation is the same for all images.

    Raises:
        ValueError: the representations differ in their number of images.
    """
    return _svcca(*_covariances(x, y), share)


def distance_correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Return the distance correlation of two representations of the same images.

    The biased estimator, R_n, with Euclidean distances (Székely et al., 2007, definition 4).
    float32 representations give it to about 1e-5, float64 ones to about 1e-9.

    Args:
        x: (M, n).
        y: (M, m).

    Returns:
        Between 0 and 1; by definition 0 if a representation is the same for all images.

    Raises:
        ValueError: the representations differ in their number of images.
    """
    _check_images(x, y)
    return _distance_correlations([x, y], [(0, 1)])[0]


def compare_models(representations: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Compare each two models (Table 10).

    The paper's dCor is the square of the distance correlation as Székely et al. define it, of
    representations whose rows are divided by their norm.

    Args:
        representations: by the name of the model, (M, n) with its own n, rows of the same images.

    Returns:
        metric, model_a, model_b, images, value.

    Raises:
        ValueError: the representations differ in their number of images.
    """
    models, xs = list(representations), list(representations.values())
    for x in xs:
        _check_images(xs[0], x)
    units = [_varying(x) for x in xs]
    own = [_covariance(x, x) for x in units]
    pairs = list(combinations(range(len(models)), 2))
    rows = []
    distance = _distance_correlations([_directions(x) for x in xs], pairs)
    for (a, b), dcor in zip(pairs, distance, strict=True):
        covariances = own[a], own[b], _covariance(units[a], units[b])
        values = (_svcca(*covariances, 0.99), _cka(*covariances), dcor**2)
        rows += [
            (metric, models[a], models[b], len(xs[0]), value)
            for metric, value in zip(METRICS, values, strict=True)
        ]
    return pd.DataFrame(rows, columns=["metric", "model_a", "model_b", "images", "value"])


def compare_layers(layers: Sequence[np.ndarray]) -> pd.DataFrame:
    """Return the CKA of every pair of layers of one network (Figure 13).

    Args:
        layers: the representation of each layer, (M, n), rows of the same images.

    Returns:
        metric, layer_a, layer_b (from 1), images, value; both orders of each pair.
    """
    units = [_varying(x) for x in layers]
    own = [np.linalg.norm(_covariance(x, x)) for x in units]
    value = np.full((len(layers), len(layers)), np.nan)
    for a, b in combinations(range(len(layers)), 2):
        alignment = np.linalg.norm(_covariance(units[a], units[b])) ** 2
        value[a, b] = value[b, a] = _ratio(alignment, own[a] * own[b])
    np.fill_diagonal(value, [1 if norm else np.nan for norm in own])
    layer = np.arange(1, len(layers) + 1)
    return pd.DataFrame(
        {
            "metric": "CKA",
            "layer_a": np.repeat(layer, len(layers)),
            "layer_b": np.tile(layer, len(layers)),
            "images": len(layers[0]),
            "value": value.ravel(),
        }
    )


def _check_images(x: np.ndarray, y: np.ndarray) -> None:
    if len(x) != len(y):
        raise ValueError(f"representations of {len(x)} and of {len(y)} images do not compare")


def _varying(x: np.ndarray) -> np.ndarray:
    """Leave out units that never change: silent ones are many, and add nothing to any metric."""
    return x[:, x.max(axis=0) > x.min(axis=0)] if len(x) else x[:, :0]


def _directions(x: np.ndarray) -> np.ndarray:
    """Divide each row by its norm; rows of zeros stay."""
    norms = np.linalg.norm(x, axis=1, keepdims=True)
    return np.divide(x, norms, out=np.zeros_like(x), where=norms > 0)


def _means(x: np.ndarray) -> np.ndarray:
    return x.sum(axis=0, dtype=np.float64) / max(len(x), 1)


def _ratio(numerator: np.floating, denominator: np.floating) -> float:
    return float(numerator / denominator) if denominator else float("nan")


# CKA and SVCCA, from covariances (n, n), (m, m) and (n, m)


def _covariance(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the covariance of the units of x and y, (n, m) float64."""
    x_mean, y_mean = _means(x), _means(y)
    total = np.zeros((x.shape[1], y.shape[1]))
    for i in range(0, len(x), ROWS):
        block = x[i : i + ROWS] - x_mean
        # The product of a matrix with itself costs NumPy half as much.
        total += block.T @ (block if x is y else y[i : i + ROWS] - y_mean)
    return total / max(len(x), 1)


def _covariances(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    _check_images(x, y)
    x, y = _varying(x), _varying(y)
    return _covariance(x, x), _covariance(y, y), _covariance(x, y)


def _cka(xx: np.ndarray, yy: np.ndarray, xy: np.ndarray) -> float:
    return _ratio(np.linalg.norm(xy) ** 2, np.linalg.norm(xx) * np.linalg.norm(yy))


def _svcca(xx: np.ndarray, yy: np.ndarray, xy: np.ndarray, share: float) -> float:
    if not xy.size:
        return float("nan")
    correlations = np.linalg.svdvals(_whitening(xx, share).T @ xy @ _whitening(yy, share))
    return float(correlations.mean())


def _whitening(covariance: np.ndarray, share: float) -> np.ndarray:
    """Return what takes centred activations to their k leading components of variance 1, (n, k)."""
    variances, directions = (z[..., ::-1] for z in np.linalg.eigh(covariance))
    singular_values = np.sqrt(np.maximum(variances, 0))  # but for a factor
    held = np.cumsum(singular_values) / singular_values.sum()
    # With share = 1, what is left of the rank-deficient directions is rounding error.
    smallest = variances[0] * len(variances) * np.finfo(variances.dtype).eps
    k = min(np.searchsorted(held, share) + 1, np.count_nonzero(variances > smallest))
    return directions[:, :k] / singular_values[:k]


# Distance correlation, tile by tile


def _distance_correlations(
    xs: Sequence[np.ndarray], pairs: Sequence[tuple[int, int]]
) -> list[float]:
    """Return the distance correlation of each pair of representations of the same images.

    With distances a and b and their row means a. and b., the distance covariance of M images is
    Σ ab / M² − 2 Σ a.b. / M + a.. b.., where a.. is the mean of all. A constant added to all
    distances leaves it as it is, so a typical distance is taken off, lest those terms cancel. One
    pass over the tiles on and above the diagonal serves all pairs.

    Args:
        xs: representations, each (M, n) with its own n.
        pairs: which two of them to compare.
    """
    images = len(xs[0])
    if images < 2:
        return [float("nan")] * len(pairs)
    xs = [_centred(x) for x in xs]
    norms = [np.vecdot(x, x) for x in xs]
    typical = [np.sqrt(2 * norm.mean()) for norm in norms]
    products = dict.fromkeys([*pairs, *((i, i) for i in range(len(xs)))], 0.0)  # Σ ab
    means = np.zeros((len(xs), images))  # a.
    # Tiles are used again: new memory costs more time than all the arithmetic on a tile.
    workspace = np.empty((len(xs), ROWS, ROWS), np.result_type(*xs))
    for rows, columns in _tiles(images):
        once = rows == columns
        tiles = workspace[:, : rows.stop - rows.start, : columns.stop - columns.start]
        for i, (x, tile) in enumerate(zip(xs, tiles, strict=True)):
            _distances(x, norms[i], rows, columns, out=tile)
            tile -= typical[i]
            means[i, rows] += tile.sum(axis=1) / images
            if not once:
                means[i, columns] += tile.sum(axis=0) / images
        for a, b in products:
            total = np.vecdot(tiles[a], tiles[b]).sum(dtype=np.float64)
            products[a, b] += total if once else 2 * total
    covariance = {
        (a, b): product / images**2
        - 2 * np.mean(means[a] * means[b])
        + means[a].mean() * means[b].mean()
        for (a, b), product in products.items()
    }
    return [_correlation(covariance[a, b], covariance[a, a], covariance[b, b]) for a, b in pairs]


def _correlation(ab: float, aa: float, bb: float) -> float:
    return float(np.sqrt(max(ab, 0) / np.sqrt(aa * bb))) if aa > 0 and bb > 0 else 0.0


def _centred(x: np.ndarray) -> np.ndarray:
    # Distances do not see it, but the nearer to 0 the less cancels in |x|² + |y|² − 2xy.
    x = _varying(x)
    return x - _means(x).astype(x.dtype)


def _tiles(images: int) -> list[tuple[slice, slice]]:
    slices = [slice(i, min(i + ROWS, images)) for i in range(0, images, ROWS)]
    return [(rows, columns) for i, rows in enumerate(slices) for columns in slices[i:]]


def _distances(
    x: np.ndarray, norms: np.ndarray, rows: slice, columns: slice, out: np.ndarray
) -> None:
    """Write the Euclidean distances between some rows of x and others into `out`."""
    np.matmul(x[rows], x[columns].T, out=out)
    out *= -2
    out += norms[rows, None]
    out += norms[columns]
    # Less than this is rounding error, between images with the same (often silent) activations.
    out *= out > 8 * np.finfo(x.dtype).eps * norms[rows, None]
    if rows == columns:
        np.fill_diagonal(out, 0)
    np.sqrt(out, out=out)
