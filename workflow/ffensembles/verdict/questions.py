"""The questions that the paper leaves open: what each is asked of, how it is shown and answered.

A further question is a row here, its measurement, table and figure, and two captions in
workflow/report.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ffensembles.errors import UserError
from ffensembles.experiments import Experiment
from ffensembles.figures.beyond import assemblies, definition, dynamics, microstructure, pruning
from ffensembles.pipeline.selection import Experiments
from ffensembles.printing.tables import Printed
from ffensembles.tables import beyond as tables
from ffensembles.verdict import answers


@dataclass(frozen=True)
class Material:
    """What figures are drawn from."""

    frame: pd.DataFrame  # the measurements
    table: pd.DataFrame  # their summary
    images: np.ndarray  # of the test set shown, (M, C, H, W) uint8
    dataset: str  # which is shown
    category: int  # where one is shown
    seed: int  # of the run shown


@dataclass(frozen=True)
class Question:
    """One question, a row of the catalogue."""

    number: int
    name: str  # of its measurement, table and captions
    text: str
    summarise: Callable[[pd.DataFrame], pd.DataFrame]
    printed: Callable[[pd.DataFrame], Printed]
    figures: Mapping[str, Callable[[Material], Figure]]
    answer: Callable[[pd.DataFrame], answers.Answer]  # from the summary of one model on one dataset
    one_run: bool = False  # is it asked of the run that figures show, and of no other?

    @property
    def label(self) -> str:
        """What the report calls it."""
        return f"{self.number} {self.name.capitalize()}"

    def sources(
        self, experiments: Experiments, config: Mapping[str, Any]
    ) -> dict[str, list[Experiment]]:
        """Return the kind of its measurements with the experiments that it is asked of.

        Raises:
            UserError: the experiments lack the dataset that its figures show.
        """
        figures = config["figures"]
        fewest = figures["seed"] + 1 if self.one_run else 1
        studies: Collection[str] = config["beyond"]["studies"]
        asked = [e for e in experiments if e.study in studies and len(e.runs) >= fewest]
        shown = figures["beyond"]["dataset"]
        if not any(e.study == "main" and e.dataset == shown for e in asked):
            raise UserError(
                f"config: figures.beyond.dataset: the study main of {shown} is not among the "
                "experiments and beyond.studies"
            )
        return {self.name: asked}


ROWS = (
    Question(
        1,
        "dynamics",
        "How do ensembles form and change during training?",
        tables.dynamics,
        tables.printed_dynamics,
        {
            "dynamics": lambda m: dynamics.courses(m.table, dataset=m.dataset),
            "raster": lambda m: dynamics.raster(m.frame, dataset=m.dataset, category=m.category),
        },
        answers.dynamics,
        one_run=True,
    ),
    Question(
        2,
        "pruning",
        "Do ensembles say which units can be pruned?",
        tables.pruning,
        tables.printed_pruning,
        {"pruning": lambda m: pruning.accuracies(m.table, dataset=m.dataset)},
        answers.pruning,
    ),
    Question(
        3,
        "microstructure",
        "Has a category several activation patterns?",
        tables.microstructure,
        tables.printed_microstructure,
        {
            "microstructure": lambda m: microstructure.nearest_images(
                m.frame, m.images, dataset=m.dataset, seed=m.seed
            )
        },
        answers.microstructure,
    ),
    Question(
        4,
        "assemblies",
        "Would one who knows no labels find the same ensembles?",
        tables.assemblies,
        tables.printed_assemblies,
        {"assemblies": lambda m: assemblies.best_matches(m.frame, dataset=m.dataset)},
        answers.assemblies,
    ),
    Question(
        5,
        "definition",
        "How much hangs on the factor 2 in the definition of an ensemble?",
        tables.definition,
        tables.printed_definition,
        {"definition": lambda m: definition.factors(m.table, dataset=m.dataset)},
        answers.definition,
    ),
)
QUESTIONS = {question.name: question for question in ROWS}
