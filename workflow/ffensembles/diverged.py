"""Runs that diverged in training: the others are used without them, and that is said."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from pathlib import Path

from safetensors import safe_open

from ffensembles.errors import UserError
from ffensembles.experiments import Experiment
from ffensembles.files import reading, what_is_known

log = logging.getLogger(__name__)


def diverged_seeds(*models: str | Path) -> dict[int, str]:
    """Return the seeds in files of networks that diverged in training, and where."""
    found: dict[int, str] = {}
    for path in models:
        with reading(path), safe_open(path, framework="numpy") as file:
            about = what_is_known(file)
        found |= {int(seed): place for seed, place in about["diverged"].items()}
    return found


def leave_out(e: Experiment, diverged: Mapping[int, str], sound: Collection[int]) -> None:
    """Log which runs of an experiment are left out.

    Args:
        e: the experiment.
        diverged: where, such as `layer 1, epoch 3`, by seed.
        sound: the seeds of the other runs.

    Raises:
        UserError: there are no others.
    """
    name = " / ".join(e.key)
    if diverged and not sound:
        seed, place = next(iter(diverged.items()))
        raise UserError(
            f"every seed of {name} diverged in training (seed {seed}: {place}); lower its "
            "learning_rate in the table of experiments"
        )
    for seed, place in diverged.items():
        log.info("%s: seed %d is left out, which diverged in training (%s)", name, seed, place)
