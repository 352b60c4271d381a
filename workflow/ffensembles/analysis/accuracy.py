"""Accuracy on the test images (Tables 1 and 11)."""

import pandas as pd

from ffensembles.analysis.measurements import Runs
from ffensembles.files import read_frame


def measure_accuracy(runs: Runs) -> pd.DataFrame:
    """Count the test images whose category each of several runs predicts.

    Returns:
        seed, category (NA in a run's first row: all of them; then one row for each that has
        images), images (all test images of these), correct (how many of them), accuracy (their
        share), balanced_accuracy (the mean of the shares within the categories that have images).
    """
    rows = []
    for seed, path in runs:
        images = read_frame(path, columns=["label", "prediction"])
        correct = images["label"] == images["prediction"]
        within = dict(list(correct.groupby(images["label"])))
        balanced = correct.groupby(images["label"]).mean().mean()
        rows.append((seed, pd.NA, len(correct), correct.sum(), correct.mean(), balanced))
        rows += [(seed, c, len(x), x.sum(), x.mean(), x.mean()) for c, x in within.items()]
    columns = ["seed", "category", "images", "correct", "accuracy", "balanced_accuracy"]
    return pd.DataFrame(rows, columns=columns).astype({"category": "Int64"})
