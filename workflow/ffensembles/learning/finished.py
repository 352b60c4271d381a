"""Finished blocks: seeds in them are taken as they are, whichever were trained together.

The block that is asked for may be a part of one that lies there, when fewer seeds are wanted than
before; or another process may just have trained it.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from safetensors import safe_open
from safetensors.numpy import save as safetensors

from ffensembles.diverged import diverged_seeds
from ffensembles.errors import UserError
from ffensembles.experiments import Experiment
from ffensembles.files import (
    atomic,
    read_metadata,
    read_parquet,
    reading,
    what_is_known,
    write_parquet,
)
from ffensembles.learning.snapshots import Snapshots

WEIGHTS, LOG, SNAPSHOTS = ".safetensors", ".log.parquet", ".snapshots.safetensors"

Files = Mapping[str, Path]  # of a block, by their suffix

log = logging.getLogger(__name__)


def take_finished(
    experiment: Experiment,
    seeds: Sequence[int],
    identity: Mapping[str, Any],
    snapshots: Snapshots,
    model_path: str | Path,
    log_path: str | Path,
    snapshots_path: str | Path | None,
) -> bool:
    """Take seeds from the finished blocks beside a model, as a training would have written them.

    Args:
        experiment: theirs.
        seeds: which of them.
        identity: what the log of their training must say of it.
        snapshots: whose are wanted.
        model_path: where the weights go.
        log_path: where the training log goes.
        snapshots_path: where the snapshots go; None: nowhere.

    Returns:
        Whether all that is wanted is there; if not, nothing is written.

    Raises:
        UserError: a file is damaged.
    """
    model_path, log_path = Path(model_path), Path(log_path)
    found = _finished(model_path.parent, identity, last=log_path)
    if not found.keys() >= {*seeds}:
        return False
    home = {seed: found[seed] for seed in seeds}
    parts = blocks_of(home)
    kept = snapshots_in(parts, snapshots.seed) if snapshots.seed in seeds else None
    if snapshots_path and snapshots.seed in seeds and not kept:
        return False
    names = ", ".join(part[WEIGHTS].name for part in parts)
    log.info("%s: these seeds are there, trained in the same way", names)
    if snapshots_path and kept != Path(snapshots_path):
        if kept:
            with atomic(snapshots_path) as temporary:
                shutil.copyfile(kept, temporary)
        else:
            snapshots.save(snapshots_path, {}, {}, experiment.training_settings())
    if [part[LOG] for part in parts] != [log_path]:
        write_log(home, log_path)
        write_weights(home, model_path)
    return True


def _finished(folder: Path, identity: Mapping[str, Any], last: Path) -> dict[int, Files]:
    """Return for each seed a block that was trained as `identity` says; if possible that of `last`.

    The snapshots of a block may be missing. Blocks that cannot be read are skipped.
    """
    asked = json.loads(json.dumps(identity))
    found: dict[int, Files] = {}
    for path in sorted(folder.glob(f"*{LOG}"), key=lambda path: (path == last, path)):
        stem = path.name.removesuffix(LOG)
        files = {suffix: path.with_name(stem + suffix) for suffix in (WEIGHTS, LOG, SNAPSHOTS)}
        with suppress(UserError):
            about: dict[str, Any] = read_metadata(path)
            same = all(about.get(key) == value for key, value in asked.items())
            if same and files[WEIGHTS].exists():  # which is written last
                found |= dict.fromkeys(about["seeds"], files)
    return found


def snapshots_in(parts: Sequence[Files], seed: int | None) -> Path | None:
    """Return the file that holds the snapshots of a seed; None where none of the blocks has any."""
    for part in parts:
        if SNAPSHOTS not in part or not part[SNAPSHOTS].exists():
            continue
        with reading(part[SNAPSHOTS]), safe_open(part[SNAPSHOTS], framework="numpy") as file:
            if what_is_known(file)["seed"] == seed and list(file.keys()):
                return part[SNAPSHOTS]
    return None


def write_log(home: Mapping[int, Files], path: str | Path, **more: str) -> None:
    """Write the log of seeds from the blocks that they are taken from.

    Its metadata are those of the first block, and `more`.
    """
    parts = blocks_of(home)
    logs = []
    for part in parts:
        rows = read_parquet(part[LOG])
        taken = [seed for seed, of in home.items() if of[LOG] == part[LOG]]
        logs.append(rows.filter(pc.is_in(rows["seed"], pa.array(taken))))
    about: dict[str, Any] = read_metadata(parts[0][LOG])
    about |= {"seeds": list(home), "diverged": _diverged(parts, home), **more}
    write_parquet(pa.concat_tables(logs), path, about)


def write_weights(home: Mapping[int, Files], path: str | Path) -> None:
    """Stack the weights of seeds from the blocks that they are taken from."""
    parts = blocks_of(home)
    networks: dict[int, dict[str, np.ndarray]] = {}
    for part in parts:
        with reading(part[WEIGHTS]), safe_open(part[WEIGHTS], framework="numpy") as file:
            about = what_is_known(file)
            for place, seed in enumerate(about["seeds"]):
                if seed in home and home[seed][WEIGHTS] == part[WEIGHTS]:
                    names = file.keys()
                    networks[seed] = {name: file.get_slice(name)[place] for name in names}
    names = networks[next(iter(home))]
    state = {name: np.stack([networks[seed][name] for seed in home]) for name in names}
    about |= {"seeds": list(home), "diverged": _diverged(parts, home)}
    with atomic(path) as temporary:
        temporary.write_bytes(safetensors(state, {"ffensembles": json.dumps(about)}))


def blocks_of(home: Mapping[int, Files]) -> list[Files]:
    """Return the blocks that seeds are taken from, each once."""
    return list({part[LOG]: part for part in home.values()}.values())


def _diverged(parts: Sequence[Files], seeds: Collection[int]) -> dict[int, str]:
    """Return which of some seeds diverged in training, and where."""
    found = diverged_seeds(*(part[WEIGHTS] for part in parts))
    return {seed: place for seed, place in found.items() if seed in seeds}
