"""Linear probes: how well a category can be read from a representation (App. H)."""

from __future__ import annotations

import logging
import warnings

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

log = logging.getLogger(__name__)

ITERATIONS = 100  # of L-BFGS; the accuracy has settled by then


def fit_probe(activations: np.ndarray, labels: np.ndarray, iterations: int = ITERATIONS) -> Pipeline:
    """Fit a multinomial logistic regression on standardised activations.

    Units differ in scale by orders of magnitude, above all between layers, hence the
    standardisation; units that never vary stay 0. Whether the solver converged goes to the log:
    for a probe it need not.

    Args:
        activations: (N, units) float32.
        labels: (N,) categories.
        iterations: of the solver, at most.
    """
    # The copy for the pipeline is the one large array here; it stays float32.
    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=iterations))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        probe.fit(activations, labels)
    converged = not any(issubclass(w.category, ConvergenceWarning) for w in caught)
    log.info("probe of %d units: %s", activations.shape[1], "converged" if converged else "stopped")
    return probe


def probe_accuracy(probe: Pipeline, activations: np.ndarray, labels: np.ndarray) -> pd.DataFrame:
    """Return the accuracy over all images (category NA) and within each category.

    Returns:
        category (nullable), images, accuracy.
    """
    images = pd.DataFrame({"category": labels, "correct": probe.predict(activations) == labels})
    by_category = images.groupby("category")["correct"].agg(["size", "mean"]).reset_index()
    overall = pd.DataFrame(
        {"category": [pd.NA], "size": [len(images)], "mean": [images["correct"].mean()]}
    )
    table = pd.concat([overall.astype({"category": "Int64"}), by_category.astype({"category": "Int64"})])
    return table.rename(columns={"size": "images", "mean": "accuracy"}).reset_index(drop=True)
