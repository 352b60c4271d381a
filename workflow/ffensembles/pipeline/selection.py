"""Which experiments tables, figures and claims are made of, by the columns of their table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from ffensembles import paper_models as models
from ffensembles.errors import UserError
from ffensembles.experiments import Experiment
from ffensembles.pipeline.results import Artefact, Config

Experiments = Collection[Experiment]
Selection = Callable[[Experiments], list[Experiment]]


# The paper's studies of models that know every category.
ALL_CATEGORIES = ("main", "l1-goodness", "l1-regularised")


class Row(Protocol):
    """A row of a catalogue: a table or a figure."""

    def sources(self, experiments: Experiments, config: Config) -> dict[Artefact, list[Experiment]]:
        """Return what it reads of which experiments; a UserError says what these lack."""


Shown = Mapping[str, Any]  # what the config says of a figure, and the seed of the run it shows
Choice = Callable[[Experiments, Shown], list[Experiment]]


def select(experiments: Experiments, **wanted: object) -> list[Experiment]:
    """Return the experiments whose columns hold the wanted values, in the order of the table."""
    return [
        e for e in experiments if all(getattr(e, name) == value for name, value in wanted.items())
    ]


main = partial(select, study="main")  # what most of the paper is about
l1_goodness = partial(select, study="l1-goodness")  # FF and BP/FF, goodness is the ℓ1 norm (App. K)
l1_regularised = partial(select, study="l1-regularised")  # BP, activations have a penalty (App. I)


def with_goodness(experiments: Experiments) -> list[Experiment]:
    """Return the models of the main study whose ensembles are counted: of BP the paper has none."""
    return [e for e in main(experiments) if e.model != models.BP]


def unseen(experiments: Experiments) -> list[Experiment]:
    """Return what was trained without one of the categories (section 4.4, App. H).

    Of several studies that hold out the same category it is the first in the table.
    """
    found: dict[tuple[str, str, int], Experiment] = {}
    for e in experiments:
        if e.held_out is not None:
            found.setdefault((e.dataset, e.model, e.held_out), e)
    return list(found.values())


def baselines(experiments: Experiments) -> list[Experiment]:
    """Return the main study on the datasets of which a category was held out."""
    datasets = {e.dataset for e in unseen(experiments)}
    return [e for e in main(experiments) if e.dataset in datasets]


def unseen_and_baselines(experiments: Experiments) -> list[Experiment]:
    """Return the baselines and what is held against them; none where one of them is lacking."""
    found = baselines(experiments)
    return [*found, *unseen(experiments)] if found else []


def with_all_models(experiments: Experiments) -> list[Experiment]:
    """Return the paper's models in the main study, on the datasets on which all were trained."""
    found = [e for e in main(experiments) if e.model in models.PAPER_MODELS]
    return _on_datasets_with(models.PAPER_MODELS, found)


def with_ff(experiments: Experiments) -> list[Experiment]:
    """Return the main study on the datasets on which FF was trained."""
    return _on_datasets_with([models.FF], main(experiments))


def of_paper(experiments: Experiments) -> list[Experiment]:
    """Return the paper's studies: those of all categories, and those without one of them."""
    return [e for e in experiments if e.study in ALL_CATEGORIES or e.held_out is not None]


def seed_shown(experiments: Experiments, wanted: int) -> int:
    """Return the run of some experiments that figures show: the wanted one, where all have it.

    Else it is the first that all have, or the first of the first experiment.
    """
    first, *others = experiments
    shared = [seed for seed in first.runs if all(seed in e.runs for e in others)]
    return wanted if wanted in shared else (shared or list(first.runs))[0]


def _on_datasets_with(wanted: Collection[str], rows: Experiments) -> list[Experiment]:
    return [e for e in rows if {*wanted} <= {o.model for o in rows if o.dataset == e.dataset}]


# Of the dataset and the run that a figure shows; a UserError says what is lacking.

FF = {"model": models.FF, "study": "main"}
BPFF = {"model": models.BPFF, "study": "main"}
BP = {"model": models.BP, "study": "main"}
FF_L1_GOODNESS = {"model": models.FF, "study": "l1-goodness"}
BP_L1_REGULARISED = {"model": models.BP, "study": "l1-regularised"}


def runs(*wanted: dict[str, str]) -> Choice:
    """Choose, on the dataset shown, the experiments with these columns; each has the run."""
    return lambda experiments, shown: [_find(experiments, shown, **row) for row in wanted]


def unseen_shown(experiments: Experiments, shown: Shown) -> list[Experiment]:
    """Choose FF trained without the category, or without each of the categories, shown."""
    held_out = shown["held_out"]
    categories = held_out if isinstance(held_out, list) else [held_out]
    return [_find(experiments, shown, model=models.FF, held_out=k) for k in categories]


def all_models(experiments: Experiments, shown: Shown) -> list[Experiment]:
    """Choose every model on the dataset shown; FF is one of them."""
    _find(experiments, shown, **FF)
    return select(main(experiments), dataset=shown["dataset"])


def all_datasets(experiments: Experiments, shown: Shown) -> list[Experiment]:
    """Choose all datasets with FF."""
    return with_ff(experiments) or [_find(experiments, shown, **FF)]


def _find(experiments: Experiments, shown: Shown, **wanted: object) -> Experiment:
    wanted = {"dataset": shown["dataset"]} | wanted if "dataset" in shown else wanted
    for e in select(experiments, **wanted):
        if shown["seed"] in e.runs:
            return e
    columns = ", ".join(f"{name} {value}" for name, value in wanted.items())
    raise UserError(
        f"no experiment with {columns} has a run {shown['seed']} (config: figures.seed)"
    )


def shown_by(row: Row, experiments: Experiments, config: Config) -> list[Experiment]:
    """Return the experiments that a row of a catalogue shows, each once.

    Raises:
        UserError: the experiments lack what it shows.
    """
    sources = row.sources(experiments, config)
    return list(dict.fromkeys(e for chosen in sources.values() for e in chosen))


def left_out(wanted: Mapping[Artefact, Experiments]) -> list[tuple[str, str]]:
    """Return which models there are no such files of, and what they lack for them."""
    lacking = ((e.model, a.needs) for a, rows in wanted.items() for e in rows if not a.exists_of(e))
    return list(dict.fromkeys(lacking))


def units_meant(experiments: Experiments) -> list[tuple[str, str]]:
    """Return the models whose rows say what a unit is, and what they say."""
    found = ((e.model, str(e.extra["unit"])) for e in experiments if "unit" in e.extra)
    return list(dict.fromkeys(found))


def has_what_it_shows(row: Row, experiments: Experiments, config: Config) -> bool:
    """Say whether the experiments have what a row of a catalogue shows."""
    try:
        return bool(shown_by(row, experiments, config))
    except UserError:
        return False


def figures_asked_for(rows: Sequence[Row], experiments: Experiments, config: Config) -> list[Row]:
    """Return the figures to make: those for which the experiments have what is shown.

    If no experiment has the run `figures.seed`, return all of them: that is a mistake in the
    config, and the first figure reports it.
    """
    if not any(config["figures"]["seed"] in e.runs for e in experiments):
        return list(rows)
    return [row for row in rows if has_what_it_shows(row, experiments, config)]
