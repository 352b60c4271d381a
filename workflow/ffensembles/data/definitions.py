"""What the configuration says about a dataset: one entry of its key `datasets`.

The Snakefile imports this module, so it stays light.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ffensembles.data.published import SOURCES
from ffensembles.errors import UserError

BUNDLED = ("digits",)
LOCAL = {"npz", "idx", "folder"}  # sources that are files of the user's own
PUBLISHED = (*SOURCES, *BUNDLED)
KINDS = ("published", "torchvision", "npz", "idx", "folder")


@dataclass(frozen=True)
class Definition:
    """Where a dataset's images come from, and how they are standardised.

    `config/README.md` explains each key. Of the categories only their number is here: what they
    are called decides no result.

    Attributes:
        kind: of the source, one of `KINDS`.
        source: a published dataset, a class of torchvision.datasets, a file or a folder.
        categories: how many there are, K.
        mean: of each channel, subtracted from pixels in [0, 1]; None computes it.
        std: of each channel, which divides them then; None computes it.
        range: of the pixels, where they are floats.
        test_share: share of the images to hold out for the test, where there is no test split.
        test_seed: of the draw that holds them out.
        size: (height, width) to which images of `folder` and `torchvision` are scaled.
        arguments: of the torchvision class, for both splits.
        train: its further arguments for the training split.
        test: the same for the test split.
    """

    kind: str
    source: str
    categories: int
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    range: tuple[float, float] | None = None
    test_share: float | None = None
    test_seed: int = 0
    size: tuple[int, int] | None = None
    arguments: Mapping[str, Any] | None = None
    train: Mapping[str, Any] | None = None
    test: Mapping[str, Any] | None = None

    @classmethod
    def read(cls, dataset: str, entry: Mapping[str, Any]) -> Definition:
        """Read an entry of `datasets`, whose types the schema has checked.

        Raises:
            UserError: naming the key, what it says and what it may say.
        """
        where = f"config: datasets.{dataset}"
        given = [kind for kind in KINDS if kind in entry]
        if len(given) != 1:
            raise UserError(
                f"{where}: says {' and '.join(given) or 'nothing'} about where the images come "
                f"from; give one of {', '.join(KINDS)}"
            )
        _check(where, given[0], entry)
        known = {field.name for field in fields(cls)}
        settings: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in entry.items()
            if key in known
        }
        settings["categories"] = len(category_names(dataset, entry))
        return cls(given[0], entry[given[0]], **settings)


def _check(where: str, kind: str, entry: Mapping[str, Any]) -> None:
    if kind == "published" and entry[kind] not in PUBLISHED:
        raise UserError(
            f"{where}.published: {entry[kind]!r} is unknown; known: {', '.join(PUBLISHED)}"
        )
    if ("mean" in entry) != ("std" in entry):
        raise UserError(
            f"{where}: gives one of mean and std; give both, or neither to compute them"
        )
    if "mean" in entry and len(entry["mean"]) != len(entry["std"]):
        raise UserError(f"{where}: mean and std must both have one number for each channel")
    if "range" in entry and not entry["range"][0] < entry["range"][1]:
        raise UserError(
            f"{where}.range: is {entry['range']}; give the darkest value, then the lightest"
        )
    applies = {
        "arguments": ["torchvision"],
        "train": ["torchvision"],
        "test": ["torchvision"],
        "size": ["torchvision", "folder"],
        "range": ["npz"],
        "test_share": ["torchvision", "npz", "idx", "folder"],
        "test_seed": ["torchvision", "npz", "idx", "folder"],
    }
    for key, kinds in applies.items():
        if key in entry and kind not in kinds:
            raise UserError(f"{where}: {key} does not apply to {kind}; remove it")


def category_names(dataset: str, entry: Mapping[str, Any]) -> list[str]:
    """Return the names of a dataset's categories, by label.

    Where only their number is given, they are numbers from 0. A folder of images names them by
    its subfolders.

    Raises:
        UserError: neither their names nor their number is known, or there are fewer than two.
    """
    given, where = entry.get("categories"), f"config: datasets.{dataset}"
    if given is None and "folder" in entry:
        given = subfolders(training_folder(entry["folder"]))
        where = entry["folder"]
    if given is None:
        raise UserError(f"{where}: categories is missing; give their names, or how many there are")
    names = [str(name) for name in (range(given) if isinstance(given, int) else given)]
    if len(names) < 2:
        raise UserError(f"{where}: has {len(names)} categories; at least two are needed")
    if len(set(names)) < len(names):
        raise UserError(f"{where}.categories: two have the same name; give each its own")
    return names


def deciding(dataset: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of an entry decides the arrays: what things are called in print does not."""
    rest = {key: value for key, value in entry.items() if key != "name"}
    return {**rest, "categories": len(category_names(dataset, entry))}


def printed_names(datasets: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return what datasets and their categories are called: {dataset: {name, categories}}."""
    return {
        dataset: {"name": entry.get("name", dataset), "categories": category_names(dataset, entry)}
        for dataset, entry in datasets.items()
    }


def training_folder(folder: str | Path) -> Path:
    """Return where a folder of images has its training images: in `train`, or itself."""
    inner = Path(folder).expanduser() / "train"
    return inner if inner.is_dir() else inner.parent


def subfolders(folder: Path) -> list[str]:
    """Return the names of a folder's subfolders in order, hidden ones aside.

    Raises:
        UserError: the folder is not there.
    """
    try:
        return sorted(p.name for p in folder.iterdir() if p.is_dir() and p.name[0] != ".")
    except OSError as error:
        raise UserError(f"{folder}: is not a folder that can be read ({error.strerror})") from error


def local_files(definition: Definition) -> list[str]:
    """Return the user's own files that a dataset is read from, but for a folder of images.

    Raises:
        UserError: they are not there.
    """
    if definition.kind == "npz":
        path = Path(definition.source).expanduser()
        if not path.is_file():
            raise UserError(f"{path}: there is no such file; see the key datasets in the config")
        return [str(path)]
    return list(map(str, _files(definition.source))) if definition.kind == "idx" else []


def folder_state(definition: Definition) -> str | None:
    """Return a digest of the names, sizes and times of a folder of images; None where none is.

    It stands for the images themselves among what a job depends on: they may be very many.

    Raises:
        UserError: the folder is not there, or empty.
    """
    if definition.kind != "folder":
        return None
    digest = hashlib.sha256()
    for path in _files(definition.source):
        status = path.stat()
        digest.update(f"{path} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def _files(folder: str) -> list[Path]:
    """Return the files in and below a folder, hidden ones aside."""
    top = Path(folder).expanduser()
    if not top.is_dir():
        raise UserError(f"{top}: there is no such folder; see the key datasets in the config")
    found = [
        path
        for path in sorted(top.rglob("*"))
        if path.is_file() and not any(part[0] == "." for part in path.relative_to(top).parts)
    ]
    if not found:
        raise UserError(f"{top}: holds no file; see the key datasets in the config")
    return found
