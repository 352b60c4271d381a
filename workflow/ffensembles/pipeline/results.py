"""The files that training and extraction write: where they lie, of which runs, and who reads them.

Measurements are such files, too: see `analysis/catalogue.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ffensembles import variants
from ffensembles.errors import UserError
from ffensembles.experiments import Experiment
from ffensembles.files import Paths
from ffensembles.lookup import named

if TYPE_CHECKING:
    import pandas as pd  # the rules import this module, so it stays light

Config = Mapping[str, Any]
Wildcards = Mapping[str, int]
# Of experiments that share a file, or whose files differ in seeds alone: the wildcards of each.
Choice = Callable[[Sequence[Experiment], Config], Iterable[Wildcards]]


def one_file(experiments: Sequence[Experiment], config: Config) -> Iterable[Wildcards]:
    """Choose the single file of experiments, whose path names no seed."""
    yield {}


def no_file(experiments: Sequence[Experiment], config: Config) -> Iterable[Wildcards]:
    """Choose nothing."""
    return ()


def every_run(experiments: Sequence[Experiment], config: Config) -> Iterable[Wildcards]:
    """Choose the runs that all of the experiments have."""
    first, *others = experiments
    return ({"seed": seed} for seed in first.runs if all(seed in e.runs for e in others))


def first_runs(experiments: Sequence[Experiment], config: Config) -> Iterable[Wildcards]:
    """Choose the first of the runs that all of the experiments have, as many as are compared."""
    return list(every_run(experiments, config))[: config["similarity_seeds"]]


def run_shown(experiments: Sequence[Experiment], config: Config) -> Iterable[Wildcards]:
    """Choose the run that figures show."""
    yield {"seed": config["figures"]["seed"]}


def every_block(experiments: Sequence[Experiment], config: Config) -> Iterable[Wildcards]:
    """Choose the blocks of seeds that are trained together."""
    ends = (end for e in experiments for end in blocks(e, config["seeds_per_job"]))
    return ({"first": first, "last": last} for first, last in ends)


def block_shown(experiments: Sequence[Experiment], config: Config) -> Iterable[Wildcards]:
    """Choose the block with the run that figures show."""
    seed = config["figures"]["seed"]
    return (b for b in every_block(experiments, config) if b["first"] <= seed <= b["last"])


@dataclass(frozen=True)
class Artefact:
    """One kind of file that the pipeline writes: where it lies for each experiment, and its reader.

    Attributes:
        name: what the jobs call it that read or write it.
        path: below the results; what is in braces names the experiment, and the run or block.
        runs: which runs or blocks of an experiment are wanted where the path names one.
        reader: the function of the library that reads such files into one table; where there is
            none, whoever needs such a file reads a part of it.
        needs: what a kind of model must have for it, as `variants.Description` knows it.
    """

    name: str
    path: str
    runs: Choice = one_file
    reader: str = ""
    needs: str = ""

    def exists_of(self, e: Experiment) -> bool:
        """Say whether an experiment's kind of model has what such a file needs."""
        return not self.needs or variants.describe(e.model).has(self.needs)

    def at(self, e: Experiment, **wildcards: int | str) -> str:
        """Return the path of one file of an experiment, below the results."""
        return self.path.format(dataset=e.dataset, model=e.model, study=e.study, **wildcards)

    def paths(self, experiments: Iterable[Experiment], config: Config) -> list[str]:
        """Return the paths of the wanted files of experiments, below the results."""
        unnamed = {name: f"{{{name}}}" for name in ("seed", "first", "last")}
        sharing: dict[str, list[Experiment]] = {}
        for e in filter(self.exists_of, experiments):
            sharing.setdefault(self.at(e, **unnamed), []).append(e)
        return [
            path.format(**wildcards)
            for path, rows in sharing.items()
            for wildcards in self.runs(rows, config)
        ]

    def read(self, paths: Paths) -> Any:
        """Return what the files hold; their paths, where they are read in part.

        Raises:
            UserError: a table is of other experiments than its place says.
        """
        if not self.reader:
            return paths
        table = named(self.reader)(paths)
        self._check_places(table, paths)
        return table

    def _check_places(self, table: pd.DataFrame, paths: Paths) -> None:
        """Hold what the rows say that they are of against what the paths say."""
        pattern = re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", self.path) + "$")
        places = [found.groupdict() for path in paths if (found := pattern.search(str(path)))]
        if len(places) < len(paths) or not places:
            return
        names = [name for name in places[0] if name in table]
        known = {tuple(place[name] for name in names) for place in places}
        for row in table[names].drop_duplicates().itertuples(index=False):
            if (key := tuple(map(str, row))) not in known:
                raise UserError(
                    f"{paths[0]}, or another file of its kind, holds what was measured of "
                    f"{' / '.join(key)}, which is not its place; remove it and run again"
                )


# The experiments themselves, whose settings a table may show; they come with the job.
EXPERIMENTS = Artefact("experiments", "", no_file)
EXPERIMENT = "{dataset}/{model}/{study}"
DATASET = Artefact("dataset", "datasets/{dataset}.npz")
DIGEST = Artefact("digest", "datasets/{dataset}.sha256")
MODELS = Artefact(
    "models", f"models/{EXPERIMENT}/seeds-{{first}}-{{last}}.safetensors", every_block
)
LOGS = Artefact("logs", MODELS.path.replace(".safetensors", ".log.parquet"), every_block)
SNAPSHOTS = Artefact(
    "snapshots", MODELS.path.replace(".safetensors", ".snapshots.safetensors"), block_shown
)
REPRESENTATIONS = Artefact(
    "representations", f"representations/{EXPERIMENT}/seed-{{seed}}.parquet", every_run
)
RUN_SHOWN = Artefact("representations", REPRESENTATIONS.path, run_shown)


def blocks(experiment: Experiment, seeds_per_job: int) -> list[tuple[int, int]]:
    """Cut the seeds into blocks (first, last) without gaps; more seeds leave full blocks alone."""
    found: list[tuple[int, int]] = []
    for seed in experiment.runs:
        first, last = found[-1] if found else (seed, seed - 2)
        if seed == last + 1 and seed < first + seeds_per_job:
            found[-1] = first, seed
        else:
            found.append((seed, seed))
    return found


def block_of(experiment: Experiment, seed: int, seeds_per_job: int) -> tuple[int, int]:
    """Return the block (first, last) that a seed of an experiment is in."""
    return next(b for b in blocks(experiment, seeds_per_job) if b[0] <= seed <= b[1])
