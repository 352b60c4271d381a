"""How similar two representations of the same images are: SVCCA, CKA and dCor (appendix J).

Nothing is subsampled. CKA and SVCCA need only the covariances of the units, distance correlation
only one tile of the distances at a time, so memory grows with the representations and no faster.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from ffensembles.analysis.distance_correlation import (
    distance_correlations,
    unit_means,
    varying_units,
)
from ffensembles.errors import UserError
from ffensembles.experiments import Experiment, check_identity
from ffensembles.files import Paths, read_metadata
from ffensembles.printing.names import METRICS
from ffensembles.progress import progress
from ffensembles.representations.stored import read

COLUMNS = ["metric", "model_a", "model_b", "layer_a", "layer_b", "images", "value"]
SHARE = 0.99  # of the sum of the singular values, which the components of SVCCA hold
ROWS = 1024  # of a block whose covariance is added up


def measure_similarity(experiments: Sequence[Experiment], **runs: Paths) -> pd.DataFrame:
    """Compare each two models layer by layer, on all test images (Table 10).

    Args:
        experiments: one for each model; their networks have equally many layers.
        runs: by the name of the model, the representations of one run.

    Returns:
        metric, model_a, model_b, layer_a, layer_b (the same, from 1), images, value; of a model
        whose run diverged in training there are no images, and the value is NaN.

    Raises:
        ValueError: the representations differ in their number of images.
    """
    seeds, diverged = set(), set()
    for e in experiments:
        (path,) = runs[e.model]
        about = read_metadata(path)
        check_identity(path, about, e)
        seeds.add(about.get("seed"))
        if about.get("diverged"):
            diverged.add(e.model)
    if len(seeds) > 1:
        raise UserError(f"{path}: runs of different seeds are not compared; remove it, run again")
    tables = []
    layers = experiments[0].layers
    bar = progress(layers, "similarity", "layer")
    for layer in range(1, layers + 1):
        sound = {m: _all_images(path, layer) for m, (path,) in runs.items() if m not in diverged}
        compared = [compare_models(sound)] if len(sound) > 1 else []
        compared += [_not_compared(pair) for pair in combinations(runs, 2) if diverged & {*pair}]
        tables += [table.assign(layer_a=layer, layer_b=layer) for table in compared]
        bar.update()
    bar.close()
    return pd.concat(tables, ignore_index=True)[COLUMNS]


def measure_layer_similarity(experiment: Experiment, representations: Paths) -> pd.DataFrame:
    """Compare the layers of one run with each other, on all test images (Figure 13).

    Args:
        experiment: the run's.
        representations: its file, and no other.

    Returns:
        metric, model_a, model_b (the same), layer_a, layer_b (from 1), images, value; without
        images, NaN, where the run diverged in training.
    """
    (path,) = representations
    check_identity(path, read_metadata(path), experiment)
    layers = range(1, experiment.layers + 1)
    table = compare_layers([_all_images(path, layer) for layer in layers])
    return table.assign(model_a=experiment.model, model_b=experiment.model)[COLUMNS]


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
        if len(x) != len(xs[0]):
            raise ValueError(
                f"representations of {len(xs[0])} and of {len(x)} images do not compare"
            )
    units = [varying_units(x) for x in xs]
    own = [covariance(x, x) for x in units]
    pairs = list(combinations(range(len(models)), 2))
    rows = []
    distance = distance_correlations([_directions(x) for x in xs], pairs)
    for (a, b), dcor in zip(pairs, distance, strict=True):
        covariances = own[a], own[b], covariance(units[a], units[b])
        values = (svcca(*covariances), cka(*covariances), dcor**2)
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
    units = [varying_units(x) for x in layers]
    own = [np.linalg.norm(covariance(x, x)) for x in units]
    value = np.full((len(layers), len(layers)), np.nan)
    for a, b in combinations(range(len(layers)), 2):
        alignment = np.linalg.norm(covariance(units[a], units[b])) ** 2
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


def _not_compared(models: tuple[str, str]) -> pd.DataFrame:
    a, b = models
    return pd.DataFrame(
        {"metric": [*METRICS], "model_a": a, "model_b": b, "images": 0, "value": float("nan")}
    )


def _all_images(path: Path | str, layer: int) -> np.ndarray:
    return read(path, layer, correct_only=False).activations


def _directions(x: np.ndarray) -> np.ndarray:
    """Divide each row by its norm; rows of zeros stay."""
    norms = np.linalg.norm(x, axis=1, keepdims=True)
    return np.divide(x, norms, out=np.zeros_like(x), where=norms > 0)


def _ratio(numerator: np.floating, denominator: np.floating) -> float:
    return float(numerator / denominator) if denominator else float("nan")


# From covariances (n, n), (m, m) and (n, m)


def covariance(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the covariance of the units of x and y, (n, m) float64."""
    x_mean, y_mean = unit_means(x), unit_means(y)
    total = np.zeros((x.shape[1], y.shape[1]))
    for i in range(0, len(x), ROWS):
        block = x[i : i + ROWS] - x_mean
        # The product of a matrix with itself costs NumPy half as much.
        total += block.T @ (block if x is y else y[i : i + ROWS] - y_mean)
    return total / max(len(x), 1)


def cka(xx: np.ndarray, yy: np.ndarray, xy: np.ndarray) -> float:
    """Return the linear centred kernel alignment of two representations of the same images.

    ‖Xᵀ Y‖² / (‖Xᵀ X‖ ‖Yᵀ Y‖) with centred columns and Frobenius norms (Kornblith et al., 2019):
    between 0 and 1; NaN, not defined, if a representation is the same for all images.
    """
    return _ratio(np.linalg.norm(xy) ** 2, np.linalg.norm(xx) * np.linalg.norm(yy))


def svcca(xx: np.ndarray, yy: np.ndarray, xy: np.ndarray, share: float = SHARE) -> float:
    """Return the mean canonical correlation of the leading components of two representations.

    Of each, the fewest principal components that hold a share, above 0 and up to 1, of the sum of
    the singular values (Raghu et al., 2017, who speak of variance; the paper's numbers come with
    the values as such). It is between 0 and 1; NaN, not defined, if a representation is the same
    for all images.
    """
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
