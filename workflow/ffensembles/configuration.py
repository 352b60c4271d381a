"""Checks of the config that end in one line before anything runs."""

from __future__ import annotations

from collections.abc import Iterable
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
    validator = jsonschema.Draft202012Validator(yaml.safe_load(schema.read_text("utf-8")))
    error = jsonschema.exceptions.best_match(validator.iter_errors(config))
    if error is None:
        return
    key = ".".join(map(str, error.absolute_path)) or "the config"
    if error.validator == "additionalProperties":
        known = ", ".join(error.schema["properties"])
        raise UserError(f"config: {key}: {error.message.split(' (')[-1].rstrip(')')}; known: {known}")
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
