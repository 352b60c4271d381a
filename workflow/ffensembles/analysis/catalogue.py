"""The measurements: what each is made of, the function that makes it, and where it lies.

A further measurement is a row here and its function, which takes what the row says that it reads,
and returns a tidy table, or several by their names. The columns that name the experiment are put
before those of the table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ffensembles.experiments import Experiment
from ffensembles.paper_models import FF, PAPER_MODELS
from ffensembles.pipeline import selection
from ffensembles.pipeline.results import (
    DATASET,
    EXPERIMENT,
    MODELS,
    REPRESENTATIONS,
    Artefact,
    Config,
    every_run,
    first_runs,
)

# Of the experiments that a path names, those that are measured; the second argument is all of them.
Chosen = Callable[[Sequence[Experiment], Sequence[Experiment]], list[Experiment]]


def all_named(named: Sequence[Experiment], experiments: Sequence[Experiment]) -> list[Experiment]:
    """Choose all experiments that a path names."""
    return list(named)


@dataclass(frozen=True)
class Measurement:
    """One job of the analysis.

    Attributes:
        name: of its rule.
        measure: the function. It takes the experiment, the files that it reads as lists of paths,
            by their names (a dataset is loaded), and its settings.
        makes: the files that it writes.
        reads: the files that it reads.
        settings: keys of the config, by the name of the argument.
        only: columns of the experiments that are measured, beside those that a path names.
        chosen: of these, those that are measured.
        compares: whether the function takes several experiments, and their files by model.
        threads: how many.
        networks: whether it runs networks, on a GPU where it is given one.
    """

    name: str
    measure: str
    makes: tuple[Artefact, ...]
    reads: tuple[Artefact, ...]
    settings: Mapping[str, str] = field(default_factory=dict)
    only: Mapping[str, str] = field(default_factory=dict)
    chosen: Chosen = all_named
    compares: bool = False
    threads: int = 1
    networks: bool = False

    def arguments(self, config: Config) -> dict[str, Any]:
        """Return what of the config the function takes."""
        found = {name: _value(config, key) for name, key in self.settings.items()}
        return found | ({"device": config["device"]} if self.networks else {})

    @property
    def place(self) -> str:
        """What tells one of its jobs from another: the wildcards of its files, as a path."""
        return "/".join(re.findall(r"{\w+}", self.makes[0].path))

    def experiments(
        self, wildcards: Mapping[str, str], experiments: Sequence[Experiment]
    ) -> list[Experiment]:
        """Return the experiments that a job measures; none where the path names no such."""
        columns = {name: value for name, value in wildcards.items() if name != "seed"}
        found = self.chosen(selection.select(experiments, **columns, **self.only), experiments)
        return [e for e in found if all(artefact.exists_of(e) for artefact in self.makes)]

    def about(self, wildcards: Mapping[str, str]) -> str:
        """Say in words which rows of the table of experiments a job measures."""
        named = " / ".join(value for name, value in wildcards.items() if name != "seed")
        only = ", ".join(f"{name} {value}" for name, value in self.only.items())
        return f"{named} in {only}" if only else named

    def inputs(
        self, experiments: Sequence[Experiment], config: Config, seed: str | None = None
    ) -> dict[str, list[str]]:
        """Return the files that a job reads, by name; of one run, where the path names its seed."""
        found: dict[str, dict[str, None]] = {}
        for artefact in self.reads:
            for e in experiments:
                by_model = self.compares and "{model}" in artefact.path
                paths = artefact.paths([e], config) if seed is None else [artefact.at(e, seed=seed)]
                files = found.setdefault(e.model if by_model else artefact.name, {})
                files.update(dict.fromkeys(paths))
        return {name: list(paths) for name, paths in found.items()}


def _value(config: Config, key: str) -> Any:
    """Return what a config holds under a key such as `significance.method`."""
    for part in key.split("."):
        config = config[part]
    return config


def _probed(named: Sequence[Experiment], experiments: Sequence[Experiment]) -> list[Experiment]:
    """Choose the models of a study that the paper puts probes to, or all of them."""
    shown = [*selection.baselines(experiments), *selection.unseen(experiments)]
    return [e for e in named if e in shown] or list(named)


def _of_paper(named: Sequence[Experiment], experiments: Sequence[Experiment]) -> list[Experiment]:
    """Choose the models that the paper compares."""
    return [e for e in named if e.model in PAPER_MODELS]


table = partial(Artefact, reader="analysis.measurements.read_all")
OF_EXPERIMENT = f"analysis/{EXPERIMENT}"

ACCURACY = table("accuracy", f"{OF_EXPERIMENT}/accuracy.parquet")
SPARSITY = table("sparsity", f"{OF_EXPERIMENT}/sparsity.parquet")
ENSEMBLES = table("ensembles", f"{OF_EXPERIMENT}/ensembles.parquet")
# The same file, of which a part is read: the sizes of all ensembles, the units of those of layer 1.
SIZES = Artefact("sizes", ENSEMBLES.path, reader="analysis.measurements.read_sizes")
MEMBERS = Artefact("members", ENSEMBLES.path, reader="analysis.measurements.read_members")
SIGNIFICANCE = table("significance", f"{OF_EXPERIMENT}/significance.parquet")
BALANCE = table("balance", f"{OF_EXPERIMENT}/balance.parquet", needs="incoming")
TRAINING_SPARSITY = table("training_sparsity", f"{OF_EXPERIMENT}/training-sparsity.parquet")
PROBES = table("probes", "analysis/{dataset}/{study}/probes.parquet")
SIMILARITY = table("similarity", "analysis/{dataset}/similarity/seed-{seed}.parquet", first_runs)
LAYER_SIMILARITY = table(
    "layer_similarity", "analysis/{dataset}/layer-similarity/seed-{seed}.parquet", every_run
)

MEASUREMENTS = (
    Measurement(
        "measure_representations",
        "analysis.representations.measure_representations",
        makes=(ACCURACY, SPARSITY, ENSEMBLES, SIGNIFICANCE),
        reads=(REPRESENTATIONS,),
        settings={
            "method": "significance.method",
            "shuffles": "significance.shuffles",
            "random_seed": "random_seed",
        },
    ),
    Measurement(
        "measure_balance",
        "analysis.balance.measure_balance",
        makes=(BALANCE,),
        reads=(MODELS,),
    ),
    Measurement(
        "measure_training_sparsity",
        "analysis.training_sparsity.measure_training_sparsity",
        makes=(TRAINING_SPARSITY,),
        reads=(MODELS, DATASET),
        threads=4,
        networks=True,
    ),
    # One job for all models of a study: it spends as long on loading what it needs as on a small
    # fit.
    Measurement(
        "fit_probes",
        "analysis.probes.measure_probes",
        makes=(PROBES,),
        reads=(MODELS, DATASET),
        settings={"layers": "probe_layers"},
        chosen=_probed,
        compares=True,
        threads=4,
        networks=True,
    ),
    Measurement(
        "measure_similarity",
        "analysis.similarity.measure_similarity",
        makes=(SIMILARITY,),
        reads=(REPRESENTATIONS,),
        only={"study": "main"},
        chosen=_of_paper,
        compares=True,
        threads=4,
    ),
    Measurement(
        "measure_layer_similarity",
        "analysis.similarity.measure_layer_similarity",
        makes=(LAYER_SIMILARITY,),
        reads=(REPRESENTATIONS,),
        only={"study": "main", "model": FF},
        threads=4,
    ),
)
