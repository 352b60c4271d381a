"""The tables: what each is made of, how it is printed, and how its numbers are judged.

A further table is a row here, a function that summarises its measurements, a caption in
workflow/report, and in config/reported what the paper reports.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from ffensembles.analysis import measurements
from ffensembles.analysis.sparsity import SPARSE
from ffensembles.errors import UserError
from ffensembles.experiments import Experiment, read_experiments
from ffensembles.files import Paths
from ffensembles.pipeline import selection as of
from ffensembles.pipeline.configuration import narrow
from ffensembles.printing.tables import Printed
from ffensembles.tables import reported, summaries
from ffensembles.tables.layout import DASHES, OVER_UNITS, Layout, arrange, arrange_significance


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

    def tabulate(
        self, files: Mapping[str, Paths], paper: str | None = None, only: dict | None = None
    ) -> pd.DataFrame:
        """Make the tidy table.

        Args:
            files: by kind.
            paper: what the paper reports, to stand beside ours.
            only: the key of the config that narrows the experiments, for a table of those.
        """
        table = self.summarise(*(_read(kind, files[kind], only) for kind in self.measured))
        return reported.with_reported(table, reported.read_reported(paper)) if paper else table

    def printed(self, table: pd.DataFrame) -> Printed:
        """Arrange the tidy table as the paper prints it."""
        title = f"{self.label}: {self.title}" if self.in_paper else self.title
        return Printed(self.name, title, *self.arranged(self.layout, table))


def _read(kind: str, paths: Paths, only: dict | None) -> object:
    if kind == "experiments":
        return of.main(narrow(read_experiments(paths[0]), only or {}))
    return measurements.read_sizes(paths) if kind == "ensembles" else measurements.read_all(paths)


ENSEMBLES, BALANCE = "4.2 Sparse ensembles", "4.5 Excitation and inhibition"
PROBES, L1_GOODNESS = "App. H Linear probes", "App. K ℓ1 goodness"

BY_DATASET = partial(Layout, ["model", "layer"], ["dataset"])
BY_MODEL = partial(Layout, ["dataset"], ["model"])
OF_UNITS = partial(Layout, ["dataset", "layer"], ["model"], cells=OVER_UNITS)
OF_PROBES = partial(Layout, ["dataset", "model"], ["category"])

# fmt: off
ROWS = (
    Table(1, "4.1 Accuracy", "Test-set classification accuracy",
          {"accuracy": of.main}, summaries.accuracy, BY_MODEL(), Judged(10, 0.01)),
    Table(2, ENSEMBLES, "Average sparsity of each layer",
          {"sparsity": of.main}, summaries.sparsity, BY_DATASET(),
          Judged(10, 0.02, threshold=SPARSE)),
    Table(3, ENSEMBLES, "Average fraction of units taking part in ensembles, in %",
          dict.fromkeys(["ensembles", "sparsity", "significance"], of.with_goodness),
          summaries.ensembles, BY_DATASET(".2f", note=DASHES), Judged(10, 0.5, relative=0.1)),
    Table(4, BALANCE, "Average fraction of positive weights (ρ⁺)",
          {"balance": of.main}, partial(summaries.balance, value="positive_fraction"),
          OF_UNITS(), Judged(1, 0.05, spread=False)),
    Table(5, BALANCE, "Average bias (β)",
          {"balance": of.main}, partial(summaries.balance, value="bias"),
          OF_UNITS(), Judged(1, 0.05, relative=0.15, spread=False)),
    Table(6, "App. C Training", "Hyperparameters",
          {"experiments": of.main}, summaries.hyperparameters,
          Layout(["model", "setting"], ["dataset"], "g", "the setting used",
                 "The paper gives batch size and units per layer in its text.")),
    Table(7, PROBES,
          "Linear probe accuracy on the missing category, for models trained without that category",
          {"probes": of.unseen}, summaries.probes_on_missing, OF_PROBES(), Judged(1, 0.05)),
    Table(8, PROBES,
          "Linear probe accuracy averaged across all categories, for models trained without one",
          {"probes": of.unseen_and_baselines, "accuracy": of.baselines}, summaries.probes_on_all,
          OF_PROBES(note="Avg: over all missing categories, where each was left out. Baseline: the "
                    "accuracy of the model itself, trained on all categories. No category missing: "
                    "a probe of that model."), Judged(1, 0.01)),
    Table(9, "App. I Regularised BP", "Sparsity of BP with ℓ1 regularisation of the activations",
          {"sparsity": of.l1_regularised}, summaries.sparsity,
          BY_DATASET(labels={"bp": "BP regularised"}), Judged(1, 0.02, threshold=SPARSE)),
    Table(10, "App. J Similarity", "Similarity of representations between models, by layer",
          {"similarity": of.with_all_models}, summaries.similarity,
          Layout(["dataset", "metric"], ["pair", "layer"], ".2f"), Judged(5, 0.03)),
    Table(11, L1_GOODNESS, "Test-set classification accuracy with ℓ1 goodness",
          {"accuracy": of.l1_goodness}, summaries.accuracy, BY_MODEL(), Judged(10, 0.01)),
    Table(12, L1_GOODNESS, "Average sparsity of each layer with ℓ1 goodness",
          {"sparsity": of.l1_goodness}, summaries.sparsity, BY_DATASET(),
          Judged(10, 0.02, threshold=SPARSE)),
    Table(13, L1_GOODNESS,
          "Average fraction of units taking part in ensembles with ℓ1 goodness, in %",
          dict.fromkeys(["ensembles", "sparsity"], of.l1_goodness),
          summaries.ensembles, BY_DATASET(".2f", note=DASHES), Judged(10, 0.5, relative=0.1)),
    Table("significance", "App. D Significance",
          "Appendix D: Units assigned to ensembles with p > 0.05 in the permutation test",
          dict.fromkeys(["significance", "sparsity"], of.with_goodness), summaries.insignificance,
          Layout(["dataset", "model", "study", "layer"], [], note="The paper: about 500 of "
                 "457,000, most of them in layer 2 of BP/FF on CIFAR10 (2.6 % there)."),
          arranged=arrange_significance, called="Permutation test"),
)
# fmt: on
TABLES = {table.key: table for table in ROWS}
