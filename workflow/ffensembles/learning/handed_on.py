"""Trained networks handed on: many of them in one file, from which others are spared training.

The file is a ZIP archive, not compressed, for weights hardly are: what the pipeline writes for each
block of seeds (weights, training log, snapshots), and `networks.json`, which says of each block
what it was trained with, by which commit, and the SHA-256 of its files.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ffensembles.errors import UserError
from ffensembles.experiments import Experiment
from ffensembles.files import Paths, atomic, read_metadata, reading
from ffensembles.learning.finished import (
    LOG,
    SNAPSHOTS,
    WEIGHTS,
    Files,
    snapshots_in,
    write_log,
    write_weights,
)
from ffensembles.learning.snapshots import Snapshots

CONTENTS = "networks.json"
RECORDED = ("seeds", "settings", "random_seed", "dataset", "commit")
ASK_AGAIN = "ask for the file again, or set networks: null to train"

log = logging.getLogger(__name__)


def pack(logs: Paths, path: str | Path) -> None:
    """Write finished trainings into one file to hand on; the same trainings give the same bytes.

    Args:
        logs: the training log of each block; weights and snapshots lie beside it.
        path: of the file, made anew.

    Raises:
        UserError: a file is missing or damaged, or the new one cannot be written.
    """
    with atomic(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        blocks = [_add(archive, Path(file)) for file in logs]
        archive.writestr(zipfile.ZipInfo(CONTENTS), json.dumps(blocks, sort_keys=True, indent=1))
    log.info(
        "%s: %d blocks of seeds, %.1f MiB", path, len(blocks), Path(path).stat().st_size / 2**20
    )


def _add(archive: zipfile.ZipFile, training_log: Path) -> dict[str, Any]:
    """Put the files of a block into the archive, and return what is recorded of it."""
    about = read_metadata(training_log)
    stem = training_log.name.removesuffix(LOG)
    digests = {}
    for suffix in (LOG, WEIGHTS, SNAPSHOTS):
        file = training_log.with_name(stem + suffix)
        if suffix == SNAPSHOTS and not file.exists():
            continue  # with `beyond.keep_snapshots: false` they are gone
        with reading(file), file.open("rb") as source:
            digest = hashlib.file_digest(source, "sha256").hexdigest()
            source.seek(0)
            # Without the file's date, so that the archive depends on what it holds alone.
            with archive.open(zipfile.ZipInfo(digest + suffix), "w", force_zip64=True) as member:
                shutil.copyfileobj(source, member)
        digests[suffix] = digest
    return {**{key: about.get(key, "not recorded") for key in RECORDED}, "files": digests}


@dataclass(frozen=True)
class HandedOn:
    """A file of trained networks.

    Attributes:
        path: where it lies.
        blocks: what `networks.json` says of each block of seeds.
    """

    path: Path
    blocks: list[dict[str, Any]]

    @classmethod
    def open(cls, path: str | Path) -> HandedOn:
        """Read what a file holds; no weights are read yet.

        Raises:
            UserError: it is missing, damaged, or another kind of file.
        """
        with reading(path, f"key networks of the config names it; {ASK_AGAIN}"):
            with zipfile.ZipFile(path) as archive:
                blocks = json.loads(archive.read(CONTENTS))
            for block in blocks:
                Experiment(seeds=1, **block["settings"])
        return cls(Path(path), blocks)

    def check(self, experiments: Iterable[Experiment], random_seed: int) -> None:
        """Compare the experiments that the file holds with those wanted under the same names.

        Raises:
            UserError: one was trained with other settings; the line names them.
        """
        for e in experiments:
            for block in self._blocks_of(e):
                self._compare(e, block, random_seed)

    def take(
        self,
        experiment: Experiment,
        seeds: Sequence[int],
        *,
        random_seed: int,
        dataset: str,
        model_path: str | Path,
        log_path: str | Path,
        snapshots_path: str | Path,
        snapshots_of: int | None,
    ) -> bool:
        """Write weights, log and snapshots of some seeds as a training would have written them.

        Args:
            experiment: what is wanted.
            seeds: which runs of it; they may come from several blocks.
            random_seed: the config's.
            dataset: SHA-256 of the images and labels at hand.
            model_path: where the weights go.
            log_path: where the training log goes; its metadata say where it was taken from.
            snapshots_path: where the snapshots go.
            snapshots_of: the seed whose snapshots are needed; None: nobody's.

        Returns:
            Whether the file holds all of these seeds; if not, nothing is written.

        Raises:
            UserError: it holds them with other settings, of other data, damaged, or without the
                snapshots that are needed.
        """
        blocks = self._blocks_of(experiment)
        home = {seed: block for block in blocks for seed in block["seeds"]}
        if lacking := [seed for seed in seeds if seed not in home]:
            name = " / ".join(experiment.key)
            log.info("%s holds no seed %s of %s", self.path, ", ".join(map(str, lacking)), name)
            return False
        for seed in seeds:
            self._compare(experiment, home[seed], random_seed, dataset)
        used = [block for block in blocks if set(block["seeds"]).intersection(seeds)]
        Path(model_path).parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=Path(model_path).parent) as folder:
            parts = [self._unpack(block, Path(folder)) for block in used]
            files = {s: part for b, part in zip(used, parts, strict=True) for s in b["seeds"]}
            taken = {seed: files[seed] for seed in seeds}
            self._write_snapshots(experiment, parts, seeds, snapshots_of, snapshots_path)
            write_log(taken, log_path, taken_from=self.path.name)
            write_weights(taken, model_path)
        log.info("taken from %s, trained by commit %s", self.path, used[0]["commit"])
        return True

    def _blocks_of(self, e: Experiment) -> list[dict[str, Any]]:
        names = ("dataset", "model", "study")
        return [b for b in self.blocks if tuple(b["settings"][name] for name in names) == e.key]

    def _compare(
        self, e: Experiment, block: Mapping[str, Any], random_seed: int, dataset: str | None = None
    ) -> None:
        """Refuse a block that was trained with other settings or data."""
        theirs = _plain(Experiment(seeds=1, **block["settings"]).training_settings())
        theirs |= {"random_seed": block["random_seed"]}
        ours = _plain(e.training_settings()) | {"random_seed": random_seed}
        if dataset is not None:
            theirs["data (SHA-256)"], ours["data (SHA-256)"] = block["dataset"], dataset
        for key in sorted({*theirs, *ours}):
            if theirs.get(key) != ours.get(key):
                raise UserError(
                    f"config: networks: {self.path} holds {' / '.join(e.key)} trained with "
                    f"{key} {theirs.get(key)}, and here it is {ours.get(key)}; make them agree, "
                    "give the experiment another study name, or set networks: null"
                )

    def _unpack(self, block: Mapping[str, Any], folder: Path) -> dict[str, Path]:
        """Write the files of a block into a folder, and return them by their suffix."""
        files = {}
        with reading(self.path, ASK_AGAIN), zipfile.ZipFile(self.path) as archive:
            for suffix, digest in block["files"].items():
                files[suffix] = Path(archive.extract(digest + suffix, folder))
                with files[suffix].open("rb") as file:
                    if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                        raise ValueError(f"{digest + suffix} in it is not what its name says")
        return files

    def _write_snapshots(
        self,
        experiment: Experiment,
        parts: Sequence[Files],
        seeds: Sequence[int],
        wanted: int | None,
        path: str | Path,
    ) -> None:
        """Hand on the snapshots of the seed that figures show, or a file that holds none."""
        source = snapshots_in(parts, wanted)
        if source is None and wanted in seeds:
            raise UserError(
                f"config: networks: {self.path} has no snapshots of seed {wanted}; take the study "
                "out of beyond.studies, or set figures.seed to a run whose snapshots it has"
            )
        source = source or next((part[SNAPSHOTS] for part in parts if SNAPSHOTS in part), None)
        if source:
            with atomic(path) as temporary:
                shutil.copyfile(source, temporary)
        else:
            none = Snapshots(Path(path).with_suffix(".none"), None, experiment.epochs)
            none.save(path, {}, {}, experiment.training_settings())


def _plain(settings: Mapping[str, object]) -> dict[str, Any]:
    """Return settings as JSON would give them back: tuples become lists."""
    return json.loads(json.dumps(settings))
