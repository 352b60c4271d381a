"""What models, datasets and categories are called in print.

Models say themselves what they are called. What datasets and categories are called stands in the
config; a job hands it over once, with `name_datasets`, before it draws or prints. It belongs to the
process, as a locale does: every table, note, figure and claim prints some of these names, and as a
parameter they would pass through each function between.
"""

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from ffensembles import variants
from ffensembles.errors import UserError
from ffensembles.paper_models import PAPER_MODELS


class OfModels(Mapping[str, Any]):
    """One thing that every kind of model says of itself, by its name in the table of experiments.

    It is read when it is asked for, in the order in which tables have the models.
    """

    def __init__(self, what: str) -> None:
        """Name an attribute of `variants.Description`."""
        self.what = what

    def __getitem__(self, model: str) -> Any:
        try:
            variants.file_of("model", model)
        except UserError:
            raise KeyError(model) from None
        return getattr(variants.describe(model), self.what)

    def __iter__(self) -> Iterator[str]:
        return iter(variants.names("model"))

    def __len__(self) -> int:
        return len(variants.names("model"))


MODELS: Mapping[str, str] = OfModels("name")
PAIRS = {f"{a}-{b}": f"{MODELS[a]} v {MODELS[b]}" for a, b in combinations(PAPER_MODELS, 2)}
METRICS = ("SVCCA", "CKA", "dCor")  # of similarity

DATASETS: dict[str, str] = {}  # in the order in which tables have them
CATEGORIES: dict[str, list[str]] = {}

DASH = "–"  # where there is no value


def dataset_and_model(dataset: object, model: object) -> str:
    """Name both; a dataset that was published under another configuration may have no name."""
    return f"{DATASETS.get(str(dataset), dataset)}, {MODELS[str(model)]}"


def name_datasets(datasets: Mapping[str, Mapping[str, Any]]) -> None:
    """Say what datasets and their categories are called: {dataset: {name, categories}}."""
    for dataset, printed in datasets.items():
        DATASETS[dataset] = printed["name"]
        CATEGORIES[dataset] = list(printed["categories"])
