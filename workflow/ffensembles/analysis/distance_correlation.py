"""Distance correlation of two representations of the same images (appendix J).

Only one tile of the distances between images is in memory at a time.
"""

from collections.abc import Sequence

import numpy as np

ROWS = 1024  # of a tile


def distance_correlations(
    xs: Sequence[np.ndarray], pairs: Sequence[tuple[int, int]]
) -> list[float]:
    """Return the distance correlation of each pair of representations of the same images.

    The biased estimator, R_n, with Euclidean distances (Székely et al., 2007, definition 4).
    float32 representations give it to about 1e-5, float64 ones to about 1e-9.

    With distances a and b and their row means a. and b., the distance covariance of M images is
    Σ ab / M² − 2 Σ a.b. / M + a.. b.., where a.. is the mean of all. A constant added to all
    distances leaves it as it is, so a typical distance is taken off, lest those terms cancel. One
    pass over the tiles on and above the diagonal serves all pairs.

    Args:
        xs: representations, each (M, n) with its own n.
        pairs: which two of them to compare.

    Returns:
        Between 0 and 1; by definition 0 if a representation is the same for all images.
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


def varying_units(x: np.ndarray) -> np.ndarray:
    """Leave out units that never change: silent ones are many, and add nothing to any metric."""
    return x[:, x.max(axis=0) > x.min(axis=0)] if len(x) else x[:, :0]


def unit_means(x: np.ndarray) -> np.ndarray:
    """Return the mean of each unit over all images, (M, n) to (n,) float64; 0 without images."""
    return x.sum(axis=0, dtype=np.float64) / max(len(x), 1)


def _correlation(ab: float, aa: float, bb: float) -> float:
    return float(np.sqrt(max(ab, 0) / np.sqrt(aa * bb))) if aa > 0 and bb > 0 else 0.0


def _centred(x: np.ndarray) -> np.ndarray:
    # Distances do not see it, but the nearer to 0 the less cancels in |x|² + |y|² − 2xy.
    x = varying_units(x)
    return x - unit_means(x).astype(x.dtype)


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
