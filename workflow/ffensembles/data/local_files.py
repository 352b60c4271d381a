"""Datasets of the user's own: a file of arrays, files in MNIST's format, or folders of images.

Each reader returns either four arrays, train_images to test_labels, or two, images and labels,
where there is no split. `checks` holds them against what is allowed.
"""

from __future__ import annotations

import gzip
import logging
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ffensembles.data.definitions import Definition, files_in, image_files
from ffensembles.data.pictures import read_pictures
from ffensembles.data.published import parse_idx
from ffensembles.errors import UserError
from ffensembles.files import reading

log = logging.getLogger(__name__)

WHOLE = {"images", "labels"}
SPLIT = {"train_images", "train_labels", "test_images", "test_labels"}

Arrays = dict[str, np.ndarray]


def read_npz(definition: Definition) -> Arrays:
    """Read a file that NumPy wrote, of arrays by the names of `SPLIT`, or of `WHOLE`.

    Raises:
        UserError: the file is damaged, or lacks an array.
    """
    path = Path(definition.source).expanduser()
    with reading(path, "save it as arrays of numbers with np.savez"):
        file = np.load(path)
        if not isinstance(file, np.lib.npyio.NpzFile):
            raise ValueError("it is a single array without a name")
        with file:
            for names in (SPLIT, WHOLE):
                if names <= set(file.files):
                    return {name: np.asarray(file[name]) for name in names}
            found = ", ".join(file.files) or "nothing"
    raise UserError(
        f"{path}: holds {found}; name its arrays train_images, train_labels, test_images and "
        "test_labels, or images and labels"
    )


def read_idx(definition: Definition) -> Arrays:
    """Read a folder in MNIST's format: files of images and labels, compressed by gzip or not.

    Their names hold `images` and `labels`, and `train`, or `test` or `t10k`.

    Raises:
        UserError: a file is missing, there are two of it, or it is not an IDX file.
    """
    folder = Path(definition.source).expanduser()
    files = files_in(folder)

    def read(what: str, marks: Iterable[str]) -> np.ndarray | None:
        found = [p for p in files if what in p.name and any(mark in p.name for mark in marks)]
        if len(found) > 1:
            raise UserError(f"{folder}: holds both {found[0].name} and {found[1].name}; keep one")
        return _read_idx_file(found[0]) if found else None

    train, test = (
        (read("images", marks), read("labels", marks)) for marks in (["train"], ["test", "t10k"])
    )
    if train[0] is None or train[1] is None or (test[0] is None) != (test[1] is None):
        raise UserError(
            f"{folder}: lacks files of images or labels; they are called like "
            "train-images-idx3-ubyte and train-labels-idx1-ubyte, with t10k or test for train"
        )
    if test[0] is None or test[1] is None:
        return {"images": train[0], "labels": train[1]}
    return {
        "train_images": train[0],
        "train_labels": train[1],
        "test_images": test[0],
        "test_labels": test[1],
    }


def _read_idx_file(path: Path) -> np.ndarray:
    with reading(path, "replace it with a whole copy"):
        content = path.read_bytes()
        return parse_idx(gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content)


def read_folder(definition: Definition) -> Arrays:
    """Read folders of images, one for each category, below `train` and `test` or without a split.

    Raises:
        UserError: a folder of the one split is not in the other, a file is no image, or images
            differ in size.
    """
    folders = definition.folders or ()
    log.info("the labels 0, 1, … are the folders %s", ", ".join(folders))
    arrays: Arrays = {}
    for split, files in image_files(definition.source).items():
        paths = [path for name in folders for path in files.get(name, [])]
        if not paths:
            raise UserError(
                f"{definition.source}: holds no images{split and f' in {split}'}; they belong in a "
                "folder for each category"
            )
        labels = [k for k, name in enumerate(folders) for _ in files.get(name, [])]
        prefix = split and f"{split}_"
        arrays[f"{prefix}images"] = read_pictures(paths, definition.size, definition.ground)
        arrays[f"{prefix}labels"] = np.array(labels, np.int64)
    return arrays
