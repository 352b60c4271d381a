"""How many dimensions the images of a dataset take up: their participation ratio."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ffensembles.analysis.catalogue import Measurement, table
from ffensembles.data.datasets import Dataset
from ffensembles.experiments import Experiment
from ffensembles.pipeline.results import DATASET

ROWS = 4096  # images that are in memory as floats at once


def participation_ratio(images: np.ndarray) -> float:
    """Return (Σλ)² / Σλ² of the eigenvalues λ of the covariance between pixels.

    It is 1 where all images lie on a line, and the number of pixels where these vary alike and
    independently. Gao et al., A theory of multineuronal dimensionality, dynamics and measurement,
    2017. It needs no eigenvalues: their sum is the trace, that of their squares the squared norm.

    Args:
        images: (N, …), of any type.
    """
    flat = images.reshape(len(images), -1)
    mean = flat.mean(0, dtype=np.float64)
    product = np.zeros((flat.shape[1], flat.shape[1]))
    for start in range(0, len(flat), ROWS):
        centred = flat[start : start + ROWS] - mean
        product += centred.T @ centred
    return float(np.trace(product) ** 2 / np.square(product).sum())


def measure_participation(experiment: Experiment, dataset: Dataset) -> pd.DataFrame:
    """Measure the training images, as they come.

    Returns:
        participation (the ratio), pixels (in all channels).
    """
    images = dataset.train.images
    return pd.DataFrame(
        {"participation": [participation_ratio(images)], "pixels": [images[0].size]}
    )


PARTICIPATION = table("participation", "analysis/{dataset}/participation.parquet")
MEASUREMENT = Measurement(
    "measure_participation",
    "extras.sweeps.participation.measure_participation",
    makes=(PARTICIPATION,),
    reads=(DATASET,),
)
