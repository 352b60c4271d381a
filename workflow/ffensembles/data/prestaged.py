"""The published files of the datasets in a folder: found, verified, read in place.

Nothing is decoded, and no pickle is opened, before its digest agrees. The Snakefile imports this
module, so it stays light.
"""

from __future__ import annotations

import gzip
import os
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

import numpy as np

from ffensembles.data.published import SOURCES, Source, is_published, parse_idx
from ffensembles.errors import UserError
from ffensembles.files import no_folder, reading


def check_prestaged(prestaged: str | Path | None, datasets: Iterable[str]) -> None:
    """Check that the files of `datasets` are in the folder `prestaged`; cheap, reads no content.

    Raises:
        UserError: naming the folder or file, what is wrong and the cure.
    """
    if not prestaged:
        return
    for dataset in datasets:
        if dataset in SOURCES:
            for paths in locate(dataset, prestaged_folder(prestaged, dataset)).values():
                problems = [_problem_at_once(path, dataset) for path in paths]
                if all(problems):
                    raise UserError(f"{paths[0]}: {problems[0]}")


def _problem_at_once(path: Path, dataset: str) -> str | None:
    """Say what is wrong with a file as far as it shows without reading it."""
    if not os.access(path, os.R_OK):
        return "cannot be read; allow it with chmod u+r"
    return f"is empty; {_cure(dataset)}" if path.stat().st_size == 0 else None


def prestaged_folder(prestaged: str | Path, dataset: str) -> Path:
    """Return the folder of one dataset in the folder that the key `prestaged` names.

    Raises:
        UserError: either of them is not there, or may not be read.
    """
    whole = Path(prestaged).expanduser()
    folder = whole / SOURCES[dataset].folder
    for path in (whole, folder):
        if problem := no_folder(path):
            raise UserError(
                f"{path}: {problem}; with the key prestaged the files of {dataset} are "
                f"expected in {folder}; set the key to null to download them"
            )
    return folder


def locate(dataset: str, folder: Path) -> dict[str, list[Path]]:
    """Return what may hold each published file: files, compressed or not, then archives.

    Raises:
        UserError: naming the folder and the files it lacks.
    """
    source = SOURCES[dataset]
    archives = sorted(folder.glob(source.archive)) if source.archive else []
    found = {
        name: [path for layout in source.layouts for path in _find(folder / layout, name)]
        for name in source.files
    }
    paths = {name: [p for p in [*found[name], *archives] if p.is_file()] for name in found}
    lacking = [name for name in paths if not paths[name]]
    for name in lacking:
        if found[name]:
            raise UserError(f"{found[name][0]}: is a folder, not the file; {_cure(dataset)}")
    if lacking:
        raise UserError(f"{folder}: lacks {', '.join(lacking)}; {_cure(dataset)}")
    return paths


def _find(folder: Path, name: str) -> list[Path]:
    """Return what has the name of a file, whatever its ending, the plainest name first.

    Some copies have a dot for the hyphen.
    """
    paths = folder.glob(name.replace("-idx", "?idx") + "*")
    return sorted(paths, key=lambda path: (len(path.name), path.name))


def _cure(dataset: str) -> str:
    return (
        f"place what is published for {dataset} at {SOURCES[dataset].url} there, or set the key "
        "prestaged to null to download it"
    )


def read(dataset: str, folder: Path) -> dict[str, np.ndarray]:
    """Read and verify the published files of a dataset, in place.

    Returns:
        train_images, test_images: (N, C, H, W) uint8; train_labels, test_labels: (N,) int64.

    Raises:
        UserError: a file is missing, unreadable, damaged or not the published one.
    """
    source, paths = SOURCES[dataset], locate(dataset, folder)
    arrays: dict[str, np.ndarray] = {}
    for split, files in (("train", source.train), ("test", source.test)):
        contents = _Contents(source, files)
        whole = [_whole(name, paths[name], contents, dataset) for name in files]
        images, labels = source.decode(whole)
        arrays |= {f"{split}_images": images, f"{split}_labels": labels}
    return arrays


def _whole(name: str, paths: list[Path], contents: _Contents, dataset: str) -> bytes:
    """Return the content of a file from the first place that has it as it was published.

    Raises:
        UserError: none has; tells what is wrong with the first.
    """
    digest, problems = SOURCES[dataset].files[name], []
    for path in paths:
        try:
            with reading(path, "replace it with a whole copy"):
                content = contents.of(path).get(name)
            if content is not None and is_published(content, digest):
                return content
        except UserError as error:
            problems.append(error)
            continue
        problem = f"lacks {name}" if content is None else _diagnose(content, name, digest)
        problems.append(UserError(f"{path}: {problem}; {_cure(dataset)}"))
    raise problems[0]


class _Contents:
    """What the files of a split hold, uncompressed; the archive that was read last is kept."""

    def __init__(self, source: Source, names: Iterable[str]) -> None:
        self.source, self.names = source, list(names)
        self._archive: tuple[Path | None, dict[str, bytes]] = None, {}

    def of(self, path: Path) -> Mapping[str, bytes]:
        """Return the content of each published file in a file or archive, by name."""
        if not (self.source.archive and path.match(self.source.archive)):
            return dict.fromkeys(self.names, _uncompressed(path))
        if self._archive[0] != path:
            self._archive = path, dict(_members(path, self.names))
        return self._archive[1]


def _uncompressed(path: Path) -> bytes:
    content = path.read_bytes()
    return gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content


def _members(path: Path, files: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(path) as archive:
        for member in archive:
            name = PurePosixPath(member.name).name
            if name in files and (file := archive.extractfile(member)):
                yield name, file.read()


def _diagnose(content: bytes, name: str, digest: str) -> str:
    """Say what is wrong with a content that is not the published one."""
    for dataset, source in SOURCES.items():
        for known, other in source.files.items():
            if is_published(content, other):
                return f"holds {known} of {dataset}"
    if "idx" in name:
        try:
            shape = parse_idx(content).shape
        except ValueError as error:
            return str(error)
        return f"holds {' x '.join(map(str, shape))} values that are not the published ones"
    return f"is not the published file ({digest.replace(':', ' ')} expected)"
