"""The questions that the paper leaves open: what each is asked of, how it is shown and answered.

A further question needs a row here, a measurement, a table, figures that are also listed in
`figures/catalogue.py`, and a caption in `captions`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ffensembles.errors import UserError
from ffensembles.experiments import Experiment
from ffensembles.extras.beyond import answers, tables
from ffensembles.extras.beyond.measurements import MEASURED
from ffensembles.pipeline.results import Artefact
from ffensembles.pipeline.selection import Experiments
from ffensembles.printing.tables import Printed


@dataclass(frozen=True)
class Question:
    """One question, a row of the catalogue."""

    number: int
    name: str  # of its measurement, table and captions
    text: str
    summarise: Callable[[pd.DataFrame], pd.DataFrame]
    printed: Callable[[pd.DataFrame], Printed]
    figures: tuple[str, ...]
    answer: Callable[[pd.DataFrame], answers.Answer]  # from the summary of one model on one dataset
    one_run: bool = False  # is it asked of the run that figures show, and of no other?

    @property
    def measured(self) -> Artefact:
        """What answers it."""
        return MEASURED[self.name]

    @property
    def label(self) -> str:
        """What the report calls it."""
        return f"{self.number} {self.name.capitalize()}"

    def about(self, experiments: Experiments, config: Mapping[str, Any]) -> list[Experiment]:
        """Return the experiments that it would be asked of, had their kinds what it needs."""
        studies: Collection[str] = config["beyond"]["studies"]
        seed = config["figures"]["seed"]
        return [
            e for e in experiments if e.study in studies and (seed in e.runs or not self.one_run)
        ]

    def sources(
        self, experiments: Experiments, config: Mapping[str, Any]
    ) -> dict[Artefact, list[Experiment]]:
        """Return its measurements with the experiments that it is asked of.

        Raises:
            UserError: the experiments lack the dataset that its figures show.
        """
        asked = [e for e in self.about(experiments, config) if self.measured.exists_of(e)]
        shown = config["figures"]["beyond"]["dataset"]
        if not any(e.study == "main" and e.dataset == shown for e in asked):
            raise UserError(
                f"config: figures.beyond.dataset: the study main of {shown} is not among the "
                "experiments and beyond.studies"
            )
        return {self.measured: asked}


# fmt: off
ROWS = (
    Question(1, "dynamics", "How do ensembles form and change during training?",
             tables.dynamics, tables.printed_dynamics, ("dynamics", "raster"), answers.dynamics,
             one_run=True),
    Question(2, "pruning", "Do ensembles say which units can be pruned?",
             tables.pruning, tables.printed_pruning, ("pruning",), answers.pruning),
    Question(3, "microstructure", "Has a category several activation patterns?",
             tables.microstructure, tables.printed_microstructure, ("microstructure",),
             answers.microstructure),
    Question(4, "assemblies", "Would one who knows no labels find the same ensembles?",
             tables.assemblies, tables.printed_assemblies, ("assemblies",), answers.assemblies),
    Question(5, "definition", "How much hangs on the factor 2 in the definition of an ensemble?",
             tables.definition, tables.printed_definition, ("definition",), answers.definition),
)
# fmt: on
QUESTIONS = {question.name: question for question in ROWS}
