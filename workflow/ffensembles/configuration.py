"""Checks of the config that end in one line before anything runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from ffensembles.datasets import DATASETS
from ffensembles.errors import UserError
from ffensembles.experiments import Experiment


def check_config(config: dict[str, Any], schema: Path) -> None:
    """Hold the config against its schema.

    Raises:
        UserError: naming the key, what it holds, and what it may hold.
    """
    only = config.get("only")
    if isinstance(only, dict):
        # Inside braces on the command line, Snakemake leaves numbers as text.
        only.update({k: int(v) for k, v in only.items() if isinstance(v, str) and v.isdigit()})
    validator = jsonschema.Draft202012Validator(yaml.safe_load(schema.read_text("utf-8")))
    error = jsonschema.exceptions.best_match(validator.iter_errors(config))
    if error is None:
        return
    key = ".".join(map(str, error.absolute_path)) or "the config"
    if error.validator == "additionalProperties":
        known = ", ".join(error.schema["properties"])
        raise UserError(
            f"config: {key}: {error.message.split(' (')[-1].rstrip(')')}; known: {known}"
        )
    meaning = error.schema.get("description", "see config/README.md")
    raise UserError(f"config: {key}: {error.message}; {meaning}")


def check_experiments(experiments: Iterable[Experiment], config: dict[str, Any]) -> None:
    """Check what the table of experiments and the config say together.

    Raises:
        UserError: a dataset that nobody can fetch.
    """
    for experiment in experiments:
        if experiment.dataset not in DATASETS:
            raise UserError(
                f"{config['experiments']}: unknown dataset {experiment.dataset!r}; "
                f"known: {', '.join(DATASETS)}"
            )


def narrow(experiments: list[Experiment], only: dict[str, Any]) -> list[Experiment]:
    """Return the experiments that the key `only` leaves, with seeds and epochs capped by it.

    Raises:
        UserError: a name in `only` that no experiment has, or nothing is left.
    """
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
        experiments = [e for e in experiments if getattr(e, field) in wanted]
    if not experiments:
        raise UserError("config: only: leaves no experiment; widen its studies, datasets or models")
    return [
        replace(
            e,
            seeds=min(e.seeds, only.get("seeds") or e.seeds),
            epochs=min(e.epochs, only.get("epochs") or e.epochs),
        )
        for e in experiments
    ]
