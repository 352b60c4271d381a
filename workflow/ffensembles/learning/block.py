"""Train a block of seeds, from files to files."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import pandas as pd
import torch

from ffensembles.data.datasets import Dataset
from ffensembles.errors import UserError
from ffensembles.experiments import Experiment
from ffensembles.files import write_parquet
from ffensembles.learning import weights
from ffensembles.learning.checkpoints import Checkpoint
from ffensembles.learning.devices import choose, hardware, memory_errors, products
from ffensembles.learning.kinds import find_kind
from ffensembles.learning.loop import Trained, train
from ffensembles.learning.memory import seeds_that_fit
from ffensembles.learning.snapshots import Snapshots
from ffensembles.learning.split import Split
from ffensembles.learning.trial import try_kind


def train_block(
    experiment: Experiment,
    seeds: list[int],
    dataset: Dataset,
    *,
    model_path: str | Path,
    log_path: str | Path,
    random_seed: int,
    device: str,
    precision: str,
    checkpoint_interval: float,
    code: str,
    checkpoints: str | Path | None = None,
    snapshots_path: str | Path | None = None,
    snapshots_of: int | None = None,
    commit: str = "not recorded",
) -> list[int]:
    """Train seeds of an experiment and write their weights, training log and snapshots.

    Where they do not fit on the device together, or are no faster together, parts of the block are
    trained one after another. Checkpoints lie in a folder of their own until the model is written
    whole: in `checkpoints`, or beside the model where that is None. Snapshots are of the seed
    `snapshots_of`; where it is None or of another block, their file holds none. The log says which
    `commit` of the pipeline trained it.

    Returns:
        The seeds that did not diverge.

    Raises:
        UserError: the device is not there, memory does not suffice, the kind of model fails on a
            trial, or every seed diverged.
    """
    chosen = choose(device)
    folder = Path(checkpoints or Path(model_path).with_suffix(".checkpoints"))
    settings = experiment.training_settings()
    identity = {
        "settings": settings,
        "random_seed": random_seed,
        "dataset": dataset.sha256,
        "device": chosen.type,
        "precision": precision,
        "code": code,
    }
    circumstances = {
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "products": products(chosen, precision),
    }
    snapshots = Snapshots(folder / "snapshots", snapshots_of, experiment.epochs)
    parts = []
    try_kind(experiment, dataset.shape, dataset.categories)
    with memory_errors(chosen, "lower seeds_per_job, or free it of other work"):
        split = Split(
            torch.from_numpy(dataset.standardised(dataset.train.images)),
            torch.from_numpy(dataset.train.labels),
            dataset.shape,
            dataset.categories,
        )
        kind = find_kind(experiment, split.shape, split.categories)
        wanted = len(seeds) if kind.together(chosen) else 1
        fitting = seeds_that_fit(wanted, *kind.memory(len(split.images)), chosen)
        for part in _cut(seeds, min(fitting, _size_before(folder) or fitting)):
            path = folder / f"{part[0]}-{part[-1]}.checkpoint"
            parts.append(
                train(
                    experiment,
                    part,
                    split,
                    Checkpoint(
                        path, {**identity, "seeds": part}, checkpoint_interval, circumstances
                    ),
                    random_seed=random_seed,
                    device=chosen,
                    precision_name=precision,
                    observe=partial(snapshots.take, seeds=part),
                )
            )
    trained = _join(parts)
    if len(trained.diverged) == len(seeds):
        raise UserError(
            f"every seed of {' / '.join(experiment.key)} diverged "
            f"(seed {seeds[0]}: {trained.diverged[seeds[0]]}); lower its learning_rate"
        )
    # The hardware is for the record: a checkpoint may be taken up on another machine.
    about = identity | circumstances | {"seeds": seeds, "commit": commit}
    about["hardware"] = hardware(chosen)
    write_parquet(trained.log, log_path, about)
    if snapshots_path is not None:
        snapshots.save(snapshots_path, trained.state, trained.diverged, settings)
    weights.save(trained.state, kind, seeds, trained.diverged, model_path)
    shutil.rmtree(folder, ignore_errors=True)
    return [seed for seed in seeds if seed not in trained.diverged]


def _cut(seeds: list[int], size: int) -> list[list[int]]:
    return [seeds[i : i + size] for i in range(0, len(seeds), size)]


def _size_before(folder: Path) -> int | None:
    """Return how many seeds were trained together when checkpoints were last written.

    A run that goes on keeps to it, though more may fit by now: the rounding of batched products
    depends on it.
    """
    sizes = []
    for path in folder.glob("[0-9]*.checkpoint"):
        first, last = map(int, path.stem.split("-"))
        sizes.append(last - first + 1)
    return max(sizes, default=None)


def _join(parts: list[Trained]) -> Trained:
    """Stack the parts of a block along the seed axis."""
    names = parts[0].state
    state = {name: torch.cat([part.state[name] for part in parts]) for name in names}
    diverged = {seed: place for part in parts for seed, place in part.diverged.items()}
    return Trained(state, pd.concat([part.log for part in parts], ignore_index=True), diverged)
