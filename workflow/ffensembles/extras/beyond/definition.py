"""How much hangs on the definition of an ensemble, and of sparsity.

The paper calls a unit active where x̄ > 2·LOO. Here the 2 is swept, and Hoyer's sparsity stands
beside the measures that neuroscientists use.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ffensembles.analysis.ensembles import active_units, category_means, jaccard, leave_one_out
from ffensembles.analysis.sparsity import hoyer

FACTORS = (1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0)


def treves_rolls(rates: np.ndarray) -> np.ndarray:
    """Return the sparseness of each row of non-negative rates, (M, n) to (M,) float64.

    S = (1 − a) / (1 − 1/n), the form of Vinje & Gallant (2000), with the a = (Σ r / n)² / (Σ r² /
    n) of Treves & Rolls (1991): 1 where a single entry is not 0, 0 where all are equal, NaN where
    all are 0. Of an image over the units it is *population* sparseness; of a unit
    over the images, `treves_rolls(x.T)`, *lifetime* sparseness.

    Raises:
        ValueError: rows of a single entry have no sparseness.
    """
    n = rates.shape[1]
    if n < 2:
        raise ValueError(f"sparseness needs two entries or more, got {n}")
    mean = rates.mean(axis=1, dtype=np.float64)
    square = np.einsum("mn,mn->m", rates, rates, dtype=np.float64) / n
    a = np.divide(mean**2, square, out=np.full(len(rates), np.nan), where=square > 0)
    return (1 - a) / (1 - 1 / n)


def sweep(means: np.ndarray, loo: np.ndarray, factors: Sequence[float]) -> pd.DataFrame:
    """Return what becomes of the ensembles of one layer under each factor.

    Args:
        means: x̄, (C, n).
        loo: LOO, (C, n).
        factors: in place of the paper's 2.

    Returns:
        measure, factor, value. The measures: `size` (mean over the categories of the share of
        units in the ensemble), `overlap` (mean Jaccard similarity of two categories, where it is
        defined), `in_one` and `in_none` (shares of the units in exactly one ensemble, in none).
    """
    rows: list[tuple[str, float, float]] = []
    pairs = np.triu_indices(len(means), 1)
    for factor in factors:
        active = active_units(means, loo, factor)
        memberships = active.sum(axis=0)
        rows += [
            ("size", factor, active.mean()),
            ("overlap", factor, _mean(jaccard(active)[pairs])),
            ("in_one", factor, (memberships == 1).mean()),
            ("in_none", factor, (memberships == 0).mean()),
        ]
    return pd.DataFrame(rows, columns=["measure", "factor", "value"])


def measure_definition(
    activations: np.ndarray,
    labels: np.ndarray,
    rng: np.random.Generator,
    *,
    factors: Sequence[float] = FACTORS,
) -> pd.DataFrame:
    """Measure one representation under several definitions.

    Args:
        activations: (M, n).
        labels: (M,), the category of each row.
        rng: permutes the labels.
        factors: in place of the paper's 2.

    Returns:
        measure, factor, value: those of `sweep`; `by_chance`, the size where the labels are
        permuted; and without a factor (NaN) `hoyer`, `population` and `lifetime` (means over the
        images, or units, that have one) and `silent_units` (the share of units that are 0 for all
        images). Without images every value is NaN.
    """
    if not len(activations):
        nothing = np.zeros((2, activations.shape[1]))
        return measure_definition(nothing, np.zeros(2), rng, factors=factors).assign(value=np.nan)

    def swept(labels: np.ndarray) -> pd.DataFrame:
        means = category_means(activations, labels, np.unique(labels))
        return sweep(means, leave_one_out(means), factors)

    chance = swept(rng.permutation(labels))
    chance = chance[chance["measure"] == "size"].assign(measure="by_chance")
    values = {
        "hoyer": _mean(hoyer(activations)),
        "population": _mean(treves_rolls(activations)),
        "lifetime": _mean(treves_rolls(activations.T)) if len(activations) > 1 else np.nan,
        "silent_units": float((activations.max(axis=0) == 0).mean()),
    }
    plain = pd.DataFrame(
        {"measure": list(values), "factor": np.nan, "value": list(values.values())}
    )
    return pd.concat([plain, swept(labels), chance], ignore_index=True)


def _mean(values: np.ndarray) -> float:
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if defined.size else float("nan")
