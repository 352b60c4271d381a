"""Checks of the config that end in one line before anything runs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from ffensembles.data.datasets import DATASETS
from ffensembles.errors import UserError
from ffensembles.experiments import Experiment


def check_config(config: dict[str, Any], schema: Path) -> None:
    """Hold the config against its schema, and the folders that it names against the disk.

    Raises:
        UserError: naming the key, what it holds, and what it may hold.
    """
    only = config.get("only")
    if isinstance(only, dict):
        # Inside braces on the command line, Snakemake leaves numbers as text.
        only.update({k: int(v) for k, v in only.items() if isinstance(v, str) and v.isdigit()})
    validator = jsonschema.Draft202012Validator(yaml.safe_load(schema.read_text("utf-8")))
    error = jsonschema.exceptions.best_match(validator.iter_errors(config))
    if error is not None:
        raise UserError(f"config: {_explain(error)}")
    _check_folders(config)


def _explain(error: jsonschema.ValidationError) -> str:
    key = ".".join(map(str, error.absolute_path))
    if error.validator == "additionalProperties":
        known = error.schema["properties"]
        unknown = next(name for name in error.instance if name not in known)
        return f"unknown key {f'{key}.' if key else ''}{unknown}; known: {', '.join(known)}"
    if error.validator == "required":
        missing = next(name for name in error.validator_value if name not in error.instance)
        return f"key {f'{key}.' if key else ''}{missing} is missing; see config/README.md"
    meaning = error.schema.get("description", "see config/README.md")
    if error.validator == "type" and _is_number(error.instance):
        meaning += " (YAML takes this for text: write 1e-4 as 1.0e-4, and numbers without quotes)"
    return f"{key}: {error.message}; {meaning}"


def _is_number(value: object) -> bool:
    try:
        return isinstance(value, str) and float(value) is not None
    except ValueError:
        return False


def _check_folders(config: dict[str, Any]) -> None:
    if not os.path.isdir(config["reported"]):  # noqa: PTH112 - a Path raises where it may not look
        raise UserError(f"config: reported: there is no folder {config['reported']}")
    for name, folder in config["pathvars"].items():
        path = Path(folder)
        there = next(p for p in (path, *path.parents) if os.path.exists(p))  # noqa: PTH110
        if not there.is_dir():
            raise UserError(f"config: pathvars.{name}: {there} is a file; name a folder")
        if not os.access(there, os.W_OK | os.X_OK):
            raise UserError(
                f"config: pathvars.{name}: you may not write to {there}; name another folder"
            )


def check_experiments(experiments: Sequence[Experiment], config: dict[str, Any]) -> None:
    """Check what the table of experiments and the config say together.

    Raises:
        UserError: naming the file or key, what it says and what is known.
    """
    table, figures = config["experiments"], config["figures"]
    for e in experiments:
        _check_dataset(f"{table}: dataset", e.dataset)
        if e.study.startswith("without-") and e.study != f"without-{e.held_out}":
            raise UserError(
                f"{table}: study {e.study} of {e.model} on {e.dataset} holds out "
                f"{'nothing' if e.held_out is None else e.held_out}; column held_out must agree"
            )
        if e.study == "main" or e.held_out is not None:
            _check_layer("probe_layers", max(config["probe_layers"]), e, table)
        if e.study == "main" and e.dataset == figures["balance"]["dataset"]:
            _check_layer("figures.balance.layer", figures["balance"]["layer"], e, table)
    for key, shown in figures.items():
        if isinstance(shown, dict):
            _check_dataset(f"config: figures.{key}.dataset", shown["dataset"])
    if figures["seed"] >= max(e.seeds for e in experiments):
        raise UserError(
            f"config: figures.seed: no experiment of {table} has a seed {figures['seed']}; "
            "seeds count from 0"
        )


def _check_dataset(where: str, dataset: str) -> None:
    if dataset not in DATASETS:
        raise UserError(f"{where}: {dataset!r} is unknown; known: {', '.join(DATASETS)}")


def _check_layer(key: str, layer: int, e: Experiment, table: str) -> None:
    if layer > e.layers:
        raise UserError(
            f"config: {key}: there is no layer {layer}: {e.model} on {e.dataset} in study "
            f"{e.study} has {e.layers} layers ({table})"
        )


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
        known = {getattr(e, field) for e in experiments}
        if unknown := [name for name in wanted if name not in known]:
            raise UserError(
                f"config: only.{key}: no experiment has {field} {unknown[0]!r}; "
                f"there are {', '.join(sorted(known))}"
            )
        left = [e for e in left if getattr(e, field) in wanted]
    if not left:
        raise UserError("config: only: leaves no experiment; widen its studies, datasets or models")
    return [
        replace(
            e,
            seeds=min(e.seeds, only.get("seeds") or e.seeds),
            epochs=min(e.epochs, only.get("epochs") or e.epochs),
        )
        for e in left
    ]
