"""What a table is: a row of the catalogue, and how it is made and printed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ffensembles.errors import UserError
from ffensembles.experiments import Experiment
from ffensembles.files import Paths
from ffensembles.paper.tables import reported
from ffensembles.paper.tables.layout import Layout, arrange
from ffensembles.pipeline.results import EXPERIMENTS, Artefact
from ffensembles.pipeline.selection import Experiments, Selection
from ffensembles.printing.tables import Printed


@dataclass(frozen=True)
class Judged:
    """How the cells of a table are held against the paper's; docs/scorecard.md gives reasons."""

    runs: int  # behind each reported number
    margin: float  # the largest difference without practical meaning …
    relative: float = 0.0  # … or this part of the reported value, where that is more
    spread: bool = True  # is the std over runs? Tables 4 and 5 give it over units
    threshold: float | None = None  # a difference across it matters, however small


@dataclass(frozen=True)
class Table:
    """One table, a row of the catalogue."""

    name: str  # of its files and its caption; table1 is the paper's Table 1
    section: str  # of the paper: its place in the report
    title: str
    measured: Mapping[Artefact, Selection]  # what it is made of, each of its experiments
    summarise: Callable[..., pd.DataFrame]  # the measurements, in that order, as a tidy table
    layout: Layout
    judged: Judged | None = None
    arranged: Callable[[Layout, pd.DataFrame], tuple[pd.DataFrame, str]] = arrange
    called: str = ""  # in the report, where it has no number
    notes: Callable[..., list[str]] = lambda *_: []  # of the measurements, what to say below

    @property
    def number(self) -> int | None:
        """Its number in the paper, whose numbers then stand beside ours; None of any other."""
        found = re.fullmatch(r"table(\d+)", self.name)
        return int(found[1]) if found else None

    @property
    def label(self) -> str:
        """What the report calls it."""
        return self.called or f"Table {self.number}"

    def sources(
        self, experiments: Experiments, config: Mapping[str, Any]
    ) -> dict[Artefact, list[Experiment]]:
        """Return the measurements that it is made of, each with its experiments.

        Raises:
            UserError: the experiments lack what the table shows.
        """
        found = {
            artefact: [e for e in select(experiments) if artefact.exists_of(e)]
            for artefact, select in self.measured.items()
        }
        if not all(found.values()):
            raise UserError(f"{self.name} shows experiments that are not there; add their study")
        return found

    def read(self, files: Mapping[str, Paths], experiments: Sequence[Experiment] = ()) -> list[Any]:
        """Read the measurements that it is made of, in order.

        Args:
            files: by the name of the measurement.
            experiments: those whose settings it shows, if it shows any.
        """
        return [
            experiments if artefact == EXPERIMENTS else artefact.read(files[artefact.name])
            for artefact in self.measured
        ]

    def tabulate(
        self,
        measurements: Sequence[Any],
        paper: str | None = None,
        copies: Mapping[str, str] | None = None,
    ) -> pd.DataFrame:
        """Make the tidy table.

        Args:
            measurements: as `read` gives them.
            paper: what the paper reports, to stand beside ours.
            copies: datasets that stand for one of the paper's, as `reported.read_reported` has it.
        """
        table = self.summarise(*measurements)
        if not paper:
            return table
        return reported.with_reported(table, reported.read_reported(paper, copies))

    def printed(self, table: pd.DataFrame, notes: Iterable[str] = ()) -> Printed:
        """Arrange the tidy table as the paper prints it, with notes at the end of its legend."""
        title = f"{self.label}: {self.title}" if self.number else self.title
        grid, legend = self.arranged(self.layout, table)
        return Printed(self.name, title, grid, " ".join([legend, *notes]))
