"""What the configuration says about a dataset: one entry of its key `datasets`.

The Snakefile imports this module, so it stays light.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ffensembles.data.published import SOURCES
from ffensembles.errors import UserError
from ffensembles.files import no_folder, reading

if TYPE_CHECKING:
    import numpy as np

LEFT_BEHIND = ("__MACOSX", "@eaDir", "Thumbs.db", "desktop.ini")
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
        ground: `white` or `black`, what lies behind those of them that are transparent.
        folders: those of `folder`, by label.
        arguments: of the torchvision class, for both splits.
        train: its further arguments for the training split.
        test: the same for the test split.
        changes: what makes the images harder or simpler; see `data.changes`.
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
    ground: str | None = None
    folders: tuple[str, ...] | None = None
    arguments: Mapping[str, Any] | None = None
    train: Mapping[str, Any] | None = None
    test: Mapping[str, Any] | None = None
    changes: Mapping[str, Any] | None = None

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
        if given[0] == "folder":
            named = _named_folders(where, entry["folder"], entry.get("categories"))
            settings["folders"] = tuple(named)
        return cls(given[0], entry[given[0]], **settings)


def _check(where: str, kind: str, entry: Mapping[str, Any]) -> None:
    if kind == "published" and entry[kind] not in PUBLISHED:
        raise UserError(
            f"{where}.published: {entry[kind]!r} is unknown; known: {', '.join(PUBLISHED)}"
        )
    check_constants(where, entry.get("mean"), entry.get("std"), entry.get("range"))
    applies = {
        "arguments": ["torchvision"],
        "train": ["torchvision"],
        "test": ["torchvision"],
        "size": ["torchvision", "folder"],
        "ground": ["torchvision", "folder"],
        "range": ["npz", "idx"],
        "test_share": ["torchvision", "npz", "idx", "folder"],
        "test_seed": ["torchvision", "npz", "idx", "folder"],
    }
    for key, kinds in applies.items():
        if key in entry and kind not in kinds:
            raise UserError(f"{where}: {key} does not apply to {kind}; remove it")


def check_constants(
    where: str,
    mean: Sequence[float] | np.ndarray | None,
    std: Sequence[float] | np.ndarray | None,
    limits: Sequence[float] | None,
) -> None:
    """Check that pixels can be standardised by these constants.

    Raises:
        UserError: naming the one that does not fit, and what it should be.
    """
    if (mean is None) != (std is None):
        raise UserError(
            f"{where}: gives one of mean and std; give both, or neither to compute them"
        )
    if mean is not None and std is not None:
        if len(mean) != len(std):
            raise UserError(f"{where}: mean and std must both have one number for each channel")
        if not all(0 < value < math.inf for value in std):
            raise UserError(f"{where}: std is {list(std)}; pixels are divided by it: give above 0")
    if limits is not None and not limits[0] < limits[1]:
        raise UserError(
            f"{where}.range: is {list(limits)}; give the darkest value, then the lightest"
        )


def category_names(dataset: str, entry: Mapping[str, Any]) -> list[str]:
    """Return the names of a dataset's categories, by label.

    Where only their number is given, they are numbers from 0. A folder of images names them by
    its subfolders.

    Raises:
        UserError: neither their names nor their number is known, there are fewer than two, or
            they are not those of the folders.
    """
    given, where = entry.get("categories"), f"config: datasets.{dataset}"
    if "folder" in entry:
        names = list(_named_folders(where, entry["folder"], given).values())
        where = entry["folder"]
    elif given is None:
        raise UserError(f"{where}: categories is missing; give their names, or how many there are")
    elif isinstance(given, Mapping):
        raise UserError(f"{where}.categories: renames folders, of which there are none; give names")
    else:
        names = [str(name) for name in (range(given) if isinstance(given, int) else given)]
    if len(names) < 2:
        raise UserError(f"{where}: has {len(names)} categories; at least two are needed")
    if len(set(names)) < len(names):
        raise UserError(f"{where}.categories: two have the same name; give each its own")
    return names


def _named_folders(where: str, folder: str, given: Any) -> dict[str, str]:
    """Return the folders of a folder of images by label, each with what it is called in print.

    `given` are the folders in the order of their labels, with names to print or without, or only
    their number.
    """
    place = training_folder(folder)
    found = subfolders(place)
    if not found:
        raise UserError(f"{place}: holds no folder; images belong in a folder for each category")
    if given is None or given == len(found):
        return dict(zip(found, found, strict=True))
    if isinstance(given, int):
        raise UserError(f"{where}.categories: is {given}, but {place} has {len(found)} folders")
    pairs = given.items() if isinstance(given, Mapping) else zip(given, given, strict=True)
    names = {str(name): str(printed) for name, printed in pairs}
    if wrong := set(names) ^ set(found):
        raise UserError(
            f"{where}.categories: does not agree with the folders in {place} on {min(wrong)}; name "
            f"each in the order of its label, or what to call it: {{{found[0]}: Name, …}}"
        )
    return names


def deciding(dataset: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of an entry decides the arrays: what things are called in print does not."""
    rest = {key: value for key, value in entry.items() if key not in ("name", "stands_for")}
    read = Definition.read(dataset, entry)
    return {**rest, "categories": list(read.folders) if read.folders else read.categories}


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


def files_in(folder: Path) -> list[Path]:
    """Return the files in a folder in order, links to files among them, hidden ones aside.

    Raises:
        UserError: the folder is not there, or holds none.
    """
    if found := [path for path in _visible(folder) if path.is_file()]:
        return found
    raise UserError(f"{folder}: holds no file; see the key datasets in the config")


def subfolders(folder: Path) -> list[str]:
    """Return the names of a folder's subfolders in order, links among them, hidden ones aside.

    Numbers are in the order of numbers, other names in that of their letters.

    Raises:
        UserError: the folder is not there.
    """
    names = [path.name for path in _visible(folder) if path.is_dir()]
    numbers = all(name.isdecimal() for name in names)
    return sorted(names, key=lambda name: (int(name), name)) if numbers else names


def _visible(folder: Path) -> list[Path]:
    """Return what lies in a folder, but for what is hidden or systems leave behind in it."""
    if problem := no_folder(folder):
        raise UserError(f"{folder}: {problem}; see the key datasets in the config")
    found = sorted(p for p in folder.iterdir() if p.name[0] != "." and p.name not in LEFT_BEHIND)
    for path in found:
        if path.is_symlink() and not path.exists():
            raise UserError(f"{path}: leads to {path.readlink()}, which is not there; remove it")
    return found


def image_files(folder: str | Path) -> dict[str, dict[str, list[Path]]]:
    """Return the files of a folder of images by split and category, through links as well.

    The split is `train` or `test`, or empty where the folder has none.

    Raises:
        UserError: a folder may not be read, is in one split only, or in that of a category.
    """
    train = training_folder(folder)
    places = {"": train}
    if train.name == "train" and train != Path(folder).expanduser():
        places = {"train": train, "test": train.with_name("test")}
    found = {}
    for split, place in places.items():
        found[split] = {name: _visible(place / name) for name in subfolders(place)}
        for path in (path for paths in found[split].values() for path in paths):
            if path.is_dir():
                raise UserError(f"{path}: is a folder; move its images up, beside it")
        if unknown := set(found[split]) - set(subfolders(train)):
            raise UserError(
                f"{place}: has a folder {min(unknown)} that {train} lacks; add it there"
            )
    return found


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
    if definition.kind == "idx":
        return list(map(str, files_in(Path(definition.source).expanduser())))
    return []


def own_files_state(definition: Definition) -> str | None:
    """Return a digest of the user's own files behind a dataset; None where there are none.

    It stands for the files among what a job depends on. Of a folder of images, which may be very
    many, it is that of their names, sizes and times; of others that of their contents, which a copy
    keeps.

    Raises:
        UserError: they are not there, or a folder is not as `image_files` wants it.
    """
    if definition.kind == "folder":
        digest = hashlib.sha256()
        for categories in image_files(definition.source).values():
            for path in (path for paths in categories.values() for path in paths):
                status = path.stat()
                digest.update(f"{path} {status.st_size} {status.st_mtime_ns}\n".encode())
        return digest.hexdigest()[:16]
    contents = [_digest(path) for path in local_files(definition)]
    return hashlib.sha256("".join(contents).encode()).hexdigest()[:16] if contents else None


def _digest(path: str) -> str:
    with reading(path, "allow it with chmod u+r"), Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
