"""Trained models on disk: a block of seeds in one safetensors file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save as safetensors
from torch import Tensor

from ffensembles.diverged import diverged_seeds, leave_out
from ffensembles.errors import UserError
from ffensembles.experiments import Experiment, check_identity
from ffensembles.files import Paths, atomic, reading, what_is_known
from ffensembles.learning.kinds import Kind, find_kind


def save(
    state: Mapping[str, Tensor],
    kind: Kind,
    seeds: Iterable[int],
    diverged: dict[int, str],
    path: str | Path,
) -> None:
    """Write the stacked weights; the metadata have seeds, those that diverged, shape, settings."""
    about = {
        "seeds": list(seeds),
        "shape": list(kind.shape),
        "categories": kind.categories,
        "settings": kind.experiment.training_settings(),
        "diverged": {str(seed): place for seed, place in diverged.items()},
    }
    state = {name: tensor.cpu().contiguous() for name, tensor in state.items()}
    with atomic(path) as temporary:
        # A single entry of metadata, because safetensors writes several in an order that changes
        # from run to run. Written here, because only their owner may read the files that
        # safetensors writes itself.
        temporary.write_bytes(safetensors(state, {"ffensembles": json.dumps(about)}))


def sound_networks(experiment: Experiment, paths: Paths) -> list[tuple[str | Path, int]]:
    """Return file and seed of every network of an experiment that did not diverge, in order.

    Raises:
        UserError: every one did.
    """
    found = [(path, seed) for path in paths for seed in sound_seeds(path)]
    leave_out(experiment, diverged_seeds(*paths), [seed for _, seed in found])
    return found


def sound_seeds(path: str | Path) -> list[int]:
    """Return the seeds in a file that did not diverge."""
    with reading(path), safe_open(path, framework="pt") as file:
        about = what_is_known(file)
    return [seed for seed in about["seeds"] if str(seed) not in about["diverged"]]


def kind_of(experiment: Experiment, path: str | Path) -> Kind:
    """Return the kind of an experiment's networks in a file, which knows their data's shape."""
    with reading(path), safe_open(path, framework="pt") as file:
        about = what_is_known(file)
    # Files of before the shape was noted hold perceptrons, whose weights tell it.
    return find_kind(experiment, tuple(about.get("shape", (0, 0, 0))), about.get("categories", 0))


def load(kind: Kind, path: str | Path, seed: int, device: torch.device | str = "cpu") -> Any:
    """Read the network of one seed, of the kind's experiment.

    Raises:
        UserError: this seed diverged in training, the file is damaged, or not of this experiment.
    """
    with reading(path), safe_open(path, framework="pt") as file:
        about = what_is_known(file)
        check_identity(path, about, kind.experiment)
        if seed not in about["seeds"]:
            raise ValueError(f"it has the seeds {', '.join(map(str, about['seeds']))}, not {seed}")
        if place := about["diverged"].get(str(seed)):
            raise UserError(
                f"{path}: seed {seed} diverged in training ({place}); lower its learning_rate in "
                "the table of experiments, or ask for another seed"
            )
        i = about["seeds"].index(seed)
        state = {name: file.get_slice(name)[i : i + 1].to(device) for name in file.keys()}  # noqa: SIM118
    return kind.from_state(state)
