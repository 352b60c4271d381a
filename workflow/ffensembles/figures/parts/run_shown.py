"""The rows of one run in the tidy frames of the analyses, and what that run is called."""

import logging

import numpy as np
import pandas as pd

from ffensembles.errors import UserError
from ffensembles.printing.names import CATEGORIES, DATASETS, MODELS
from ffensembles.representations.stored import Representation

log = logging.getLogger(__name__)


def select(frame: pd.DataFrame, **wanted: int | str) -> pd.DataFrame:
    """Return the rows of `frame` whose columns equal the wanted values, e.g. seed=0, layer=1.

    Raises:
        UserError: there is none; the message lists the values that there are.
    """
    rows = frame
    for column, value in wanted.items():
        rows = rows[rows[column] == value]
        if rows.empty:
            known = ", ".join(str(known) for known in sorted(frame[column].dropna().unique()))
            raise UserError(
                f"figures: there is no {column} {value} in {title(frame)}; choose among {known}"
            )
    return rows


def title(frame: pd.DataFrame) -> str:
    """Name a run in print by the first row of its frame: model, dataset, study unless main."""
    row = frame.iloc[0]
    study = "" if row["study"] == "main" else f", {row['study']}"
    return f"{MODELS[row['model']]} on {DATASETS[row['dataset']]}{study}"


def by_experiment(frame: pd.DataFrame) -> list[pd.DataFrame]:
    """Split a frame into its experiments, in the order in which they stand."""
    return [rows for _, rows in frame.groupby(["dataset", "model", "study"], sort=False)]


def dataset_of(frame: pd.DataFrame) -> str:
    """Return the identifier of the frame's dataset."""
    return str(frame["dataset"].iat[0])


def categories_of(frame: pd.DataFrame) -> list[str]:
    """Return the names of the categories of the frame's dataset."""
    return CATEGORIES[dataset_of(frame)]


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
