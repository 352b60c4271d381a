"""What a table is: a row of the catalogue, and how it is made and printed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ffensembles.analysis import measurements
from ffensembles.errors import UserError
from ffensembles.experiments import Experiment, read_experiments
from ffensembles.files import Paths
from ffensembles.paper.tables import reported
from ffensembles.paper.tables.layout import Layout, arrange
from ffensembles.paper.tables.notes import nothing
from ffensembles.pipeline import selection as of
from ffensembles.pipeline.configuration import narrow
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

    key: int | str  # its number in the paper, or a name where the paper has no such table
    section: str  # of the paper: its place in the report
    title: str
    measured: Mapping[str, of.Selection]  # kinds of measurements, each with its experiments
    summarise: Callable[..., pd.DataFrame]  # the measurements, in that order, as a tidy table
    layout: Layout
    judged: Judged | None = None
    arranged: Callable[[Layout, pd.DataFrame], tuple[pd.DataFrame, str]] = arrange
    called: str = ""  # in the report, where it has no number
    notes: Callable[..., list[str]] = nothing  # of the measurements, what to say below

    @property
    def name(self) -> str:
        """What its files and its caption are called."""
        return f"table{self.key}" if self.in_paper else str(self.key)

    @property
    def label(self) -> str:
        """What the report calls it."""
        return self.called or f"Table {self.key}"

    @property
    def in_paper(self) -> bool:
        """Whether the paper has this table, and with it numbers to stand beside ours."""
        return isinstance(self.key, int)

    def sources(
        self, experiments: of.Experiments, config: Mapping[str, Any]
    ) -> dict[str, list[Experiment]]:
        """Return the kinds of measurements that it is made of, each with its experiments.

        Raises:
            UserError: the experiments lack what the table shows.
        """
        found = {kind: select(experiments) for kind, select in self.measured.items()}
        if not all(found.values()):
            raise UserError(f"{self.name} shows experiments that are not there; add their study")
        return found

    def settings(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return what of the config its numbers depend on."""
        return {"only": config["only"]} if "experiments" in self.measured else {}

    def read(self, files: Mapping[str, Paths], only: dict | None = None) -> list[Any]:
        """Read the measurements that it is made of, in order.

        Args:
            files: by kind.
            only: the key of the config that narrows the experiments, for a table of those.
        """
        return [_read(kind, files[kind], only) for kind in self.measured]

    def tabulate(self, measurements: Sequence[Any], paper: str | None = None) -> pd.DataFrame:
        """Make the tidy table.

        Args:
            measurements: as `read` gives them.
            paper: what the paper reports, to stand beside ours.
        """
        table = self.summarise(*measurements)
        return reported.with_reported(table, reported.read_reported(paper)) if paper else table

    def printed(self, table: pd.DataFrame, notes: Iterable[str] = ()) -> Printed:
        """Arrange the tidy table as the paper prints it, with notes at the end of its legend."""
        title = f"{self.label}: {self.title}" if self.in_paper else self.title
        grid, legend = self.arranged(self.layout, table)
        return Printed(self.name, title, grid, " ".join([legend, *notes]))


def _read(kind: str, paths: Paths, only: dict | None) -> object:
    if kind == "experiments":
        return of.main(narrow(read_experiments(paths[0]), only or {}))
    return measurements.read_sizes(paths) if kind == "ensembles" else measurements.read_all(paths)
