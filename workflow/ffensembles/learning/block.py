"""Train a block of seeds, from files to files."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from ffensembles.data.datasets import Dataset
from ffensembles.experiments import Experiment
from ffensembles.files import write_parquet
from ffensembles.learning import weights
from ffensembles.learning.checkpoints import Checkpoint
from ffensembles.learning.devices import choose, hardware, memory_errors, products
from ffensembles.learning.finished import take_finished
from ffensembles.learning.kinds import Kind, find_kind
from ffensembles.learning.lock import locked
from ffensembles.learning.loop import Trained, train
from ffensembles.learning.memory import seeds_that_fit
from ffensembles.learning.snapshots import Snapshots
from ffensembles.learning.split import Split
from ffensembles.learning.trial import try_kind

log = logging.getLogger(__name__)


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
    abandoned: Callable[[], bool] = lambda: False,
) -> list[int]:
    """Train seeds of an experiment and write their weights, training log and snapshots.

    Seeds that lie in finished blocks beside the model, trained in the same way, are taken from
    there. Of several processes that want a block, one trains it and the others take it.

    Where they do not fit on the device together, or are no faster together, parts of the block are
    trained one after another. Checkpoints lie in a folder of their own until the model is written
    whole: in `checkpoints`, or beside the model where that is None. They are kept if `abandoned`
    says at the end that the run which wanted the files is gone: the next run makes the files again,
    from checkpoints in which training is finished. Snapshots are of the seed `snapshots_of`; where
    it is None or of another block, their file holds none. The log records the `commit` of the
    pipeline.

    Returns:
        The seeds that did not diverge.

    Raises:
        UserError: the device is not there, memory does not suffice, or the kind of model fails on
            a trial.
    """
    name = f"{' / '.join(experiment.key)} seeds {seeds[0]}-{seeds[-1]}"
    folder = Path(checkpoints or Path(model_path).with_suffix(".checkpoints"))
    snapshots = Snapshots(folder / f"snapshots-{snapshots_of}", snapshots_of, experiment.epochs)
    files = model_path, log_path, snapshots_path
    with locked(folder.with_name(f"{folder.name}.lock"), name):
        chosen = choose(device)
        settings = experiment.training_settings()
        identity = {
            "settings": settings,
            "random_seed": random_seed,
            "dataset": dataset.sha256,
            "device": chosen.type,
            "precision": precision,
            "code": code,
        }
        if not take_finished(experiment, seeds, identity, snapshots, *files):
            circumstances = {
                "threads": torch.get_num_threads(),
                "torch": torch.__version__,
                "products": str(products(chosen, precision)),
            }
            trained, kind = _train_parts(
                experiment,
                seeds,
                dataset,
                folder,
                lambda path, part: Checkpoint(
                    path, {**identity, "seeds": part}, checkpoint_interval, circumstances
                ),
                snapshots,
                random_seed=random_seed,
                device=chosen,
                precision_name=precision,
            )
            # The hardware is for the record: a checkpoint may be taken up on another machine.
            about = identity | circumstances | {"seeds": seeds, "commit": commit}
            about |= {"hardware": hardware(chosen), "diverged": trained.diverged}
            write_parquet(trained.log, log_path, about)
            if snapshots_path is not None:
                snapshots.save(snapshots_path, trained.state, trained.diverged, settings)
            weights.save(trained.state, kind, seeds, trained.diverged, model_path)
        if abandoned() and folder.exists():
            log.warning("%s: is finished, and its run is gone; %s stays for the next", name, folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return weights.sound_seeds(model_path)


def _train_parts(
    experiment: Experiment,
    seeds: list[int],
    dataset: Dataset,
    folder: Path,
    checkpoint: Callable[[Path, list[int]], Checkpoint],
    snapshots: Snapshots,
    *,
    device: torch.device,
    **how: Any,
) -> tuple[Trained, Kind]:
    """Train the seeds, as many at a time as fit; `how` is for `train`."""
    try_kind(experiment, dataset.shape, dataset.categories)
    with memory_errors(device, "lower seeds_per_job, or free it of other work"):
        split = Split(
            torch.from_numpy(dataset.standardised(dataset.train.images)),
            torch.from_numpy(dataset.train.labels),
            dataset.shape,
            dataset.categories,
        )
        kind = find_kind(experiment, split.shape, split.categories)
        wanted = len(seeds) if kind.together(device) else 1
        fitting = seeds_that_fit(wanted, *kind.memory(len(split.images)), device)
        parts = [
            train(
                experiment,
                part,
                split,
                checkpoint(folder / f"{part[0]}-{part[-1]}.checkpoint", part),
                device=device,
                observe=partial(snapshots.take, seeds=part),
                **how,
            )
            for part in _cut(seeds, min(fitting, _size_before(folder) or fitting))
        ]
    return _join(parts), kind


def _cut(seeds: list[int], size: int) -> list[list[int]]:
    return [seeds[i : i + size] for i in range(0, len(seeds), size)]


def _size_before(folder: Path) -> int | None:
    """Return how many seeds were trained together when checkpoints were last written.

    A resumed run keeps this number even if more seeds fit by now, since the rounding of batched
    products depends on it.
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
