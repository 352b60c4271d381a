"""Checks of the config that end in one line before anything runs."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from ffensembles.data.definitions import Definition
from ffensembles.errors import UserError
from ffensembles.experiments import Experiment, check_held_out, first_runs
from ffensembles.paper_models import PAPER_MODELS
from ffensembles.pipeline.schema import refuse_repeated_keys
from ffensembles.pipeline.selection import ALL_CATEGORIES


def complete(
    config: dict[str, Any], defaults: Iterable[str | Path], given: Iterable[str | Path]
) -> None:
    """Put the pipeline's defaults in for whatever a config leaves out.

    Args:
        config: changed in place.
        defaults: the YAML files of the defaults.
        given: the files that the config was read from.

    Raises:
        UserError: a file gives a key twice.
    """
    for file in (*given, *defaults):
        refuse_repeated_keys(file)
    for file in defaults:
        _fill(config, yaml.safe_load(Path(file).read_text(encoding="utf-8")))


def _fill(config: dict[str, Any], defaults: Mapping[str, Any]) -> None:
    for key, value in defaults.items():
        if isinstance(value, dict) and isinstance(config.get(key), dict):
            _fill(config[key], value)
        else:
            config.setdefault(key, value)


def check_experiments(experiments: Sequence[Experiment], config: dict[str, Any]) -> None:
    """Check what the table of experiments and the config say together.

    Raises:
        UserError: naming the file or key, what it says and what is known.
    """
    table, figures = config["experiments"], config["figures"]
    shown = {key: value for key, value in figures.items() if isinstance(value, dict)}
    for e in experiments:
        _check_dataset(f"{table}: dataset", e.dataset, config)
    for key, value in shown.items():
        _check_dataset(f"config: figures.{key}.dataset", value["dataset"], config)
    for dataset, entry in config["datasets"].items():
        if "stands_for" in entry:
            where = f"config: datasets.{dataset}.stands_for"
            _check_dataset(where, entry["stands_for"], config)
            if entry["stands_for"] == dataset:
                raise UserError(f"{where}: is {dataset} itself; name the dataset of the paper")
    trained = {
        e.dataset: Definition.read(e.dataset, config["datasets"][e.dataset]).categories
        for e in experiments
    }
    for key, value in shown.items():
        for part in ("examples", "held_out", "category"):
            _check_categories(f"config: figures.{key}.{part}", value.get(part), value, trained)
    for e in experiments:
        check_held_out(f"{table}: held_out of {e.study}", e, trained[e.dataset])
        named = re.fullmatch(r"without-(\d+)", e.sweep[0] if e.sweep else e.study)
        if named and named[1] != str(e.held_out):
            raise UserError(
                f"{table}: study {e.study} of {e.model} on {e.dataset} holds out "
                f"{'nothing' if e.held_out is None else e.held_out}; column held_out must agree"
            )
        if e.study in ALL_CATEGORIES and e.held_out is not None:
            raise UserError(
                f"{table}: study {e.study} of {e.model} on {e.dataset} holds out {e.held_out}; "
                f"write '-' for held_out, or call the study without-{e.held_out}"
            )
        if e.study == "main" or e.held_out is not None:
            _check_layer("probe_layers", max(config["probe_layers"]), e, table)
        if e.study == "main" and e.dataset == figures["balance"]["dataset"]:
            _check_layer("figures.balance.layer", figures["balance"]["layer"], e, table)
    _check_depths(experiments, table)


def _check_dataset(where: str, dataset: str, config: dict[str, Any]) -> None:
    known = config["datasets"]
    if dataset not in known:
        raise UserError(f"{where}: {dataset!r} is unknown; known: {', '.join(known)}")


def _check_categories(
    where: str,
    wanted: int | list[int] | None,
    of: Mapping[str, Any],
    numbers: Mapping[str, int],
) -> None:
    """Check categories of a dataset that is trained on; `numbers` says how many each has."""
    for category in wanted if isinstance(wanted, list) else [wanted]:
        if category is not None and category >= numbers.get(of["dataset"], math.inf):
            raise UserError(
                f"{where}: there is no category {category}: {of['dataset']} has "
                f"{numbers[of['dataset']]}, from 0"
            )


def _check_layer(key: str, layer: int, e: Experiment, table: str) -> None:
    if layer > e.layers:
        raise UserError(
            f"config: {key}: there is no layer {layer}: {e.model} on {e.dataset} in study "
            f"{e.study} has {e.layers} layers ({table})"
        )


def _check_depths(experiments: Sequence[Experiment], table: str) -> None:
    """Check that the paper's models, which are compared layer by layer, have as many layers."""
    first: dict[tuple[str, str], Experiment] = {}
    for e in experiments:
        if e.model not in PAPER_MODELS:
            continue
        compared = "main" if e.study in ALL_CATEGORIES else e.study
        other = first.setdefault((compared, e.dataset), e)
        if e.layers != other.layers:
            raise UserError(
                f"{table}: on {e.dataset}, {other.model} in study {other.study} has {other.layers} "
                f"layers, and {e.model} in study {e.study} {e.layers}; they are compared layer by "
                "layer, so give them as many"
            )


def _names(e: Experiment, field: str) -> set[str]:
    """Return an experiment's value in a column; for `study`, also the name of its sweep."""
    return {getattr(e, field), *(e.sweep[:1] if field == "study" else ())}


def narrow(experiments: list[Experiment], only: dict[str, Any]) -> list[Experiment]:
    """Return the experiments that the key `only` leaves, with seeds and epochs capped by it.

    Raises:
        UserError: a name in `only` that no experiment has, or nothing is left.
    """
    left = experiments
    for key, field in (("studies", "study"), ("datasets", "dataset"), ("models", "model")):
        wanted = only.get(key)
        if wanted is None:
            continue
        known = {name for e in experiments for name in _names(e, field)}
        if unknown := [name for name in wanted if name not in known]:
            raise UserError(
                f"config: only.{key}: no experiment has {field} {unknown[0]!r}; "
                f"there are {', '.join(sorted(known))}"
            )
        left = [e for e in left if not _names(e, field).isdisjoint(wanted)]
    if not left:
        raise UserError("config: only: leaves no experiment; widen its studies, datasets or models")
    return [
        replace(
            e,
            seeds=first_runs(e, only.get("seeds") or len(e.runs)),
            epochs=min(e.epochs, only.get("epochs") or e.epochs),
        )
        for e in left
    ]
