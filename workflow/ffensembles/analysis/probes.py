"""Linear probes: how well categories can be read off a representation (App. H)."""

import logging
import warnings

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

ITERATIONS = 100  # of the solver; what the accuracies in docs/deviations.rst were measured with

log = logging.getLogger(__name__)


def fit_probe(
    activations: np.ndarray, labels: np.ndarray, *, iterations: int = ITERATIONS
) -> Pipeline:
    """Fit a multinomial logistic regression, by L-BFGS with scikit-learn's default penalty.

    Each unit is standardised first, by the rows given here. Otherwise the penalty would weigh on
    a model by the scale of its activations, which without an embedded label are some thirty times
    smaller in BP/FF's first layer than in FF's.

    Args:
        activations: (M, n), float32 is kept.
        labels: (M,), the category of each row.
        iterations: where the solver stops at the latest; whether it had converged is logged.
    """
    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=iterations))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # logged below
        probe.fit(activations, labels)
    taken = int(probe[-1].n_iter_.max())
    log.info(
        "probe of %d units on %d images: %s after %d iterations",
        activations.shape[1],
        activations.shape[0],
        "stopped" if taken >= iterations else "converged",
        taken,
    )
    return probe


def evaluate(probe: Pipeline, activations: np.ndarray, labels: np.ndarray) -> pd.DataFrame:
    """Return the accuracy of a probe, over all and within each category.

    Args:
        probe: as `fit_probe` gives it.
        activations: (M, n), of images that the probe was not fitted to.
        labels: (M,), the category of each row.

    Returns:
        Columns category (NA in the first row: all categories), images, accuracy; one row for
        each category that has images.
    """
    correct = probe.predict(activations) == labels
    categories = np.unique(labels)
    rows = [correct, *(correct[labels == category] for category in categories)]
    return pd.DataFrame(
        {
            "category": pd.Series([pd.NA, *categories], dtype="Int64"),
            "images": [len(row) for row in rows],
            "accuracy": [row.mean() for row in rows],
        }
    )
