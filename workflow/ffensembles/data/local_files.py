"""Datasets of the user's own: a file of arrays, files in MNIST's format, or folders of images.

Each reader returns either four arrays, train_images to test_labels, or two, images and labels,
where there is no split. `checks` holds them against what is allowed.
"""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ffensembles.data.definitions import Definition, subfolders, training_folder
from ffensembles.data.published import parse_idx
from ffensembles.errors import UserError

WHOLE = {"images", "labels"}
SPLIT = {"train_images", "train_labels", "test_images", "test_labels"}

Arrays = dict[str, np.ndarray]


def read_npz(definition: Definition) -> Arrays:
    """Read a file that NumPy wrote, of arrays by the names of `SPLIT`, or of `WHOLE`.

    Raises:
        UserError: the file is damaged, or lacks an array.
    """
    path = Path(definition.source).expanduser()
    try:
        with np.load(path) as file:
            for names in (SPLIT, WHOLE):
                if names <= set(file.files):
                    return {name: file[name] for name in names}
            found = ", ".join(file.files) or "nothing"
    except (OSError, ValueError, EOFError, AttributeError, zlib.error, zipfile.BadZipFile) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path}: is not a whole .npz file of plain arrays ({reason})") from error
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
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and path.name[0] != "."]

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
    try:
        content = path.read_bytes()
        return parse_idx(gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content)
    except ValueError as error:
        raise UserError(f"{path}: {error}; replace it with a whole copy") from error
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(
            f"{path}: is damaged, cut short or unreadable ({error}); replace it with a whole copy"
        ) from error


def read_folder(definition: Definition) -> Arrays:
    """Read folders of images, one for each category, below `train` and `test` or without a split.

    Raises:
        UserError: a folder of the one split is not in the other, a file is no image, or images
            differ in size.
    """
    top = Path(definition.source).expanduser()
    train = training_folder(top)
    categories = subfolders(train)
    if train == top:
        return _read_categories(top, categories, definition.size, "")
    test = top / "test"
    if unknown := set(subfolders(test)) - set(categories):
        raise UserError(f"{test}: has a folder {min(unknown)} that {train} lacks; add it there")
    return _read_categories(train, categories, definition.size, "train_") | _read_categories(
        test, categories, definition.size, "test_"
    )


def _read_categories(
    folder: Path, categories: list[str], size: tuple[int, int] | None, prefix: str
) -> Arrays:
    paths, labels = [], []
    for label, category in enumerate(categories):
        there = folder / category
        files = sorted(p for p in there.iterdir() if p.name[0] != ".") if there.is_dir() else []
        paths += files
        labels += [label] * len(files)
    if not paths:
        raise UserError(f"{folder}: holds no images; they belong in a folder for each category")
    images = read_images(paths, size)
    return {f"{prefix}images": images, f"{prefix}labels": np.array(labels, np.int64)}


def read_images(paths: list[Path], size: tuple[int, int] | None) -> np.ndarray:
    """Return the images of files, (N, C, H, W) uint8: grey where all of them are, else RGB.

    Raises:
        UserError: a file is no image, or images differ in size.
    """
    from PIL import Image, UnidentifiedImageError

    images = []
    for path in paths:
        try:
            with Image.open(path) as image:
                images.append(image_array(image, size))
        except (OSError, UnidentifiedImageError, SyntaxError) as error:
            raise UserError(f"{path}: is not an image that can be read; remove it") from error
    return stack_images(images, [str(path) for path in paths])


def image_array(image: object, size: tuple[int, int] | None) -> np.ndarray:
    """Return a PIL image as (H, W) uint8 where it is grey, else (3, H, W); scaled to `size`."""
    from PIL import Image

    assert isinstance(image, Image.Image)
    grey = image.mode in ("1", "L")
    image = image.convert("L" if grey else "RGB")
    if size is not None:
        image = image.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    pixels = np.asarray(image)
    return pixels if grey else np.moveaxis(pixels, -1, 0)


def stack_images(images: list[np.ndarray], names: list[str]) -> np.ndarray:
    """Stack images as `image_array` gives them to (N, C, H, W); grey ones beside RGB become RGB.

    Raises:
        UserError: naming one that differs in size from the first.
    """
    first = images[0].shape[-2:]
    for image, name in zip(images, names, strict=True):
        if image.shape[-2:] != first:
            height, width = image.shape[-2:]
            raise UserError(
                f"{name}: has {height} x {width} pixels, but {names[0]} has {first[0]} x "
                f"{first[1]}; scale them with the key size of the dataset"
            )
    channels = max(1 if image.ndim == 2 else 3 for image in images)
    return np.stack([np.broadcast_to(image, (channels, *first)) for image in images])
