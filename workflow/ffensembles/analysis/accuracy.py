"""Accuracy on the test images (Tables 1 and 11)."""

import pandas as pd

from ffensembles.analysis.measurements import Runs
from ffensembles.files import read_frame


def measure_accuracy(runs: Runs) -> pd.DataFrame:
    """Count the test images whose category each of several runs predicts.

    Returns:
        seed, images (all test images), correct (how many of them), accuracy (their share).
    """
    rows = []
    for seed, path in runs:
        images = read_frame(path, columns=["label", "prediction"])
        correct = images["label"] == images["prediction"]
        rows.append((seed, len(images), correct.sum(), correct.mean()))
    return pd.DataFrame(rows, columns=["seed", "images", "correct", "accuracy"])
