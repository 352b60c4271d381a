"""The rows of one run in the tidy frames of the analyses, and what that run is called."""

import logging

import numpy as np
import pandas as pd

from ffensembles.paper.figures.parts.words import names_in_figures
from ffensembles.printing.names import DATASETS, MODELS
from ffensembles.representations.stored import Representation

log = logging.getLogger(__name__)


NONE_CORRECT = "no test image is classified correctly"


class NothingToShow(Exception):
    """The run shown was not measured; the message says why, to stand in the figure's place."""


def select(frame: pd.DataFrame, **wanted: int | str) -> pd.DataFrame:
    """Return the rows of `frame` whose columns equal the wanted values, e.g. seed=0, layer=1.

    Raises:
        NothingToShow: there is none. Which runs and layers there are is known before anything
            runs; measurements lack one that classifies no image correctly.
    """
    rows = frame
    for column, value in wanted.items():
        rows = rows[rows[column] == value]
    if rows.empty:
        of = f"{title(frame)}: " if len(frame) else ""
        raise NothingToShow(of + NONE_CORRECT)
    return rows


def in_main(frame: pd.DataFrame, dataset: str, **wanted: int) -> tuple[pd.DataFrame, list[str]]:
    """Return the rows of the main study on a dataset, and its models in their order.

    Raises:
        NothingToShow: there is none.
    """
    rows = frame[(frame["dataset"] == dataset) & (frame["study"] == "main")]
    for column, value in wanted.items():
        rows = rows[rows[column] == value]
    if rows.empty:
        raise NothingToShow(f"{DATASETS[dataset]}: too few test images are classified correctly")
    return rows, [model for model in MODELS if model in set(rows["model"])]


def title(frame: pd.DataFrame) -> str:
    """Name a run in print by the first row of its frame: model, dataset, study unless main."""
    row = frame.iloc[0]
    study = "" if row["study"] == "main" else f", {row['study']}"
    return f"{MODELS[row['model']]} on {DATASETS[row['dataset']]}{study}"


def by_experiment(frame: pd.DataFrame, fewest: int = 1) -> list[pd.DataFrame]:
    """Split a frame into its experiments, in the order in which they stand.

    Raises:
        NothingToShow: there are fewer than `fewest`.
    """
    found = [rows for _, rows in frame.groupby(["dataset", "model", "study"], sort=False)]
    if len(found) < fewest:
        raise NothingToShow(NONE_CORRECT if fewest == 1 else f"in a study {NONE_CORRECT}")
    return found


def dataset_of(frame: pd.DataFrame) -> str:
    """Return the identifier of the frame's dataset."""
    return str(frame["dataset"].iat[0])


def categories_of(frame: pd.DataFrame) -> list[str]:
    """Return the names of the categories of the frame's dataset."""
    return names_in_figures(dataset_of(frame))


def choose_examples(representation: Representation, wanted: list[int]) -> list[int]:
    """Return the wanted categories, others in place of those without images.

    A network that was trained for a moment may classify no image of a category correctly.
    """
    there = np.unique(representation.labels).tolist()
    chosen = [category for category in wanted if category in there]
    if missing := [category for category in wanted if category not in there]:
        log.warning("figures: no image of the categories %s is classified correctly", missing)
        chosen += [category for category in there if category not in chosen][: len(missing)]
    return chosen


def have_images(ensembles: pd.DataFrame) -> np.ndarray:
    """Say of which categories, (C,), the run and layer have correctly classified images."""
    categories = np.arange(len(categories_of(ensembles)))
    return np.isin(categories, ensembles["category"].to_numpy())


def by_category(ensembles: pd.DataFrame, column: str) -> np.ndarray:
    """Arrange a column of the ensembles of one run and layer as an array (categories, units).

    A category without correctly classified images has no ensemble: NaN, or no active units, which
    `have_images` tells from an empty one.
    """
    wide = ensembles.pivot(index="category", columns="unit", values=column)
    absent = False if column == "active" else np.nan
    return wide.reindex(range(len(categories_of(ensembles))), fill_value=absent).to_numpy()
