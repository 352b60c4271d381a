"""The figures of the questions, by their names in the catalogue of questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ffensembles.extras.beyond.figures import (
    assemblies,
    definition,
    dynamics,
    microstructure,
    pruning,
)


@dataclass(frozen=True)
class Material:
    """What figures are drawn from."""

    frame: pd.DataFrame  # the measurements
    table: pd.DataFrame  # their summary
    images: np.ndarray  # of the test set shown, (M, C, H, W) uint8
    dataset: str  # which is shown
    category: int  # where one is shown
    seed: int  # of the run shown


FIGURES: Mapping[str, Callable[[Material], Figure]] = {
    "dynamics": lambda m: dynamics.courses(m.table, dataset=m.dataset),
    "raster": lambda m: dynamics.raster(m.frame, dataset=m.dataset, category=m.category),
    "pruning": lambda m: pruning.accuracies(m.table, dataset=m.dataset),
    "microstructure": lambda m: microstructure.nearest_images(
        m.frame, m.images, dataset=m.dataset, seed=m.seed
    ),
    "assemblies": lambda m: assemblies.best_matches(m.frame, dataset=m.dataset),
    "definition": lambda m: definition.factors(m.table, dataset=m.dataset),
}
