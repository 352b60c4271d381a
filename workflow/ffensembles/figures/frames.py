"""The rows of one run in the tidy frames of the analyses, and what that run is called."""

import numpy as np
import pandas as pd

from ffensembles.errors import UserError
from ffensembles.names import CATEGORIES, DATASETS, MODELS
from ffensembles.representations import Representation


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


def dataset_of(frame: pd.DataFrame) -> str:
    """Return the identifier of the frame's dataset."""
    return str(frame["dataset"].iat[0])


def categories_of(frame: pd.DataFrame) -> list[str]:
    """Return the names of the categories of the frame's dataset."""
    return CATEGORIES[dataset_of(frame)]


def model_of(frame: pd.DataFrame) -> str:
    """Return the identifier of the frame's model."""
    return str(frame["model"].iat[0])


def images_of(representation: Representation, category: int) -> np.ndarray:
    """Return the rows of a category's images in a representation.

    Raises:
        UserError: there is none.
    """
    rows = np.flatnonzero(representation.labels == category)
    if not rows.size:
        raise UserError(
            f"figures: the network shown classifies no image of category {category} correctly; "
            "choose other examples"
        )
    return rows


def by_category(ensembles: pd.DataFrame, column: str) -> np.ndarray:
    """Arrange a column of the ensembles of one run and layer as an array (categories, units).

    A category without correctly classified images has no ensemble: NaN, or no active units.
    """
    wide = ensembles.pivot(index="category", columns="unit", values=column)
    absent = False if column == "active" else np.nan
    return wide.reindex(range(len(categories_of(ensembles))), fill_value=absent).to_numpy()
