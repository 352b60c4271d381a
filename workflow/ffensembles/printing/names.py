"""What the models, datasets and categories are called in print.

Those of datasets stand in the configuration. A job takes them over with `know` before it draws or
prints, as a program takes over its user's language.
"""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

MODELS = {"ff": "FF", "bpff": "BP/FF", "bp": "BP"}
PAIRS = {f"{a}-{b}": f"{MODELS[a]} v {MODELS[b]}" for a, b in combinations(MODELS, 2)}
METRICS = ("SVCCA", "CKA", "dCor")  # of similarity

DATASETS: dict[str, str] = {}  # in the order in which tables have them
CATEGORIES: dict[str, list[str]] = {}

DASH = "–"  # where there is no value


def know(datasets: Mapping[str, Mapping[str, Any]]) -> None:
    """Take over what datasets and their categories are called: {dataset: {name, categories}}."""
    for dataset, printed in datasets.items():
        DATASETS[dataset] = printed["name"]
        CATEGORIES[dataset] = list(printed["categories"])
