"""What a study of the user's own gets: the paper's tables and figures, without its numbers.

A study is its user's own where its name is not one of the paper's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ffensembles.experiments import Experiment
from ffensembles.extras.studies.measurements import GROUPS_TABLE
from ffensembles.paper.figures.catalogue import BALANCE, DATASET, RUN, SPARSITY
from ffensembles.paper.tables.catalogue import OF_ENSEMBLES, OF_LAYERS
from ffensembles.paper.tables.catalogue import TABLES as OF_PAPER
from ffensembles.paper.tables.layout import DASHES, STARS, Layout
from ffensembles.pipeline.results import Artefact
from ffensembles.pipeline.selection import Experiments, of_paper

# fmt: off
ROWS = (
    replace(OF_PAPER["table1"], name="accuracy"),
    replace(OF_PAPER["table2"], name="sparsity"),
    replace(OF_PAPER["table3"], name="ensembles",
            layout=replace(OF_ENSEMBLES, note=f"{DASHES} {STARS}")),
    replace(OF_PAPER["table4"], name="positive-weights"),
    replace(OF_PAPER["table5"], name="bias"),
    replace(OF_PAPER["significance"], title="Units assigned to ensembles with p > 0.05 in the "
            "permutation test", layout=Layout(OF_LAYERS, [], cells="All sparse layers")),
    GROUPS_TABLE,
)
# fmt: on
TABLES = {table.name: table for table in ROWS}
PUBLISHED = ("accuracy", "sparsity", "ensembles", "groups")  # on docs/beyond.md


@dataclass(frozen=True)
class StudyFigure:
    """A figure of each dataset of a study: of one model, or of all its models.

    Attributes:
        name: of its files.
        draw: module and function.
        files: what it is made of.
        of_model: whether it shows a single model.
        of_run: whether it shows a single run, and its first layer.
        examples: how many categories it shows at most, where it shows examples.
    """

    name: str
    draw: str
    files: tuple[Artefact, ...]
    of_model: bool = False
    of_run: bool = True
    examples: int = 0

    @property
    def place(self) -> str:
        """Where its files lie, below the folder of the study."""
        return f"{{dataset}}/{{model}}/{self.name}" if self.of_model else f"{{dataset}}/{self.name}"

    def settings(self, seed: int, categories: Sequence[str]) -> dict[str, Any]:
        """Return the arguments of its function that are no files."""
        settings: dict[str, Any] = {"seed": seed, "layer": 1} if self.of_run else {}
        if self.examples:
            settings["examples"] = list(range(min(self.examples, len(categories))))
        return settings


# fmt: off
FIGURES = (
    StudyFigure("activation-patterns", "activation_patterns.of_run", (*RUN, DATASET),
                of_model=True, examples=3),
    StudyFigure("shared-units", "shared_units.of_run", (*RUN, DATASET), of_model=True, examples=2),
    StudyFigure("category-sparsity", "sparsity.category_sparsity", (SPARSITY,), of_run=False),
    StudyFigure("balance", "balance.positive_fractions", (BALANCE,)),
)
# fmt: on


def own_studies(experiments: Experiments) -> dict[str, list[Experiment]]:
    """Return the studies that are not the paper's, by name, each with its experiments.

    Those of the ablation are not among them, which have a table of their own, on demand, and those
    of a sweep are shown beside each other.
    """
    found: dict[str, list[Experiment]] = {}
    paper = of_paper(experiments)
    for e in experiments:
        if e not in paper and not e.sweep and not e.study.startswith("ablation-"):
            found.setdefault(e.study, []).append(e)
    return found
