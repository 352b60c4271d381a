"""Any class of torchvision.datasets that reads labelled images."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ffensembles.data.definitions import Definition
from ffensembles.data.downloads import with_retries
from ffensembles.data.local_files import Arrays
from ffensembles.data.pictures import pixels, stack
from ffensembles.errors import UserError

log = logging.getLogger(__name__)


def read_torchvision(
    definition: Definition,
    dataset: str,
    resources: str | Path,
    categories: Sequence[str] | None = None,
) -> Arrays:
    """Read the splits of a torchvision dataset, after downloading it where that is possible.

    The labels that occur become 0, 1, … in their order, where there are as many of them as
    categories: EMNIST counts its letters from 1.

    Args:
        definition: of the dataset.
        dataset: its name.
        resources: folder to download to.
        categories: what the configuration calls them, if it does.

    Raises:
        UserError: there is no such class, its arguments are wrong, the download failed, its items
            are not images with a number each, or their categories are in another order.
    """
    from torchvision import datasets  # takes seconds

    name = definition.source
    kind = getattr(datasets, name, None)
    where = f"config: datasets.{dataset}"
    if not inspect.isclass(kind) or not issubclass(kind, datasets.VisionDataset):
        raise UserError(f"{where}.torchvision: there is no class {name} in torchvision.datasets")
    accepted = _accepted(kind)
    common = dict(definition.arguments or {})
    if "download" in accepted:
        common.setdefault("download", True)
    if "root" in accepted:
        common.setdefault("root", Path(resources) / dataset)
    splits = _split_arguments(definition, accepted - set(common))

    def fetch() -> list[Any]:
        if "root" in common:
            Path(common["root"]).mkdir(parents=True, exist_ok=True)
        return [kind(**common, **split) for split in splits]

    try:
        fetched = with_retries(fetch, dataset, f"torchvision.datasets.{name}", resources)
    except (TypeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise UserError(
            f"{where}: torchvision.datasets.{name} refuses its arguments ({reason}); correct "
            "arguments, train or test"
        ) from error
    parts = [_read(items, name, definition) for items in fetched]
    occurring = np.unique(np.concatenate([labels for _, labels in parts]))
    renumbered = len(occurring) == definition.categories
    labels = occurring.tolist() if renumbered else list(range(definition.categories))
    names = getattr(fetched[0], "classes", None) or ()
    if max(labels) < len(names):
        _compare(where, name, [str(names[label]) for label in labels], categories)
    if renumbered:
        parts = [(images, np.searchsorted(occurring, labels)) for images, labels in parts]
    if len(parts) == 1:
        return dict(zip(("images", "labels"), parts[0], strict=True))
    four = ("train_images", "train_labels", "test_images", "test_labels")
    return dict(zip(four, [*parts[0], *parts[1]], strict=True))


def _compare(where: str, name: str, theirs: list[str], ours: Sequence[str] | None) -> None:
    """Refuse names that torchvision has for other labels; say how others are renamed."""
    plain = [text.strip().casefold() for text in theirs]
    for label, given in enumerate(ours or ()):
        found = str(given).strip().casefold()
        if found in plain and plain[label] != found:
            raise UserError(
                f"{where}.categories: calls label {label} {given}, and torchvision.datasets.{name} "
                f"{theirs[label]}; name them in the order of their labels: {', '.join(theirs)}"
            )
    pairs = zip(theirs, ours or theirs, strict=False)
    renamed = [f"{old} as {new}" if old != str(new) else old for old, new in pairs]
    log.info("categories, as torchvision calls them: %s", ", ".join(renamed))


def _accepted(kind: type) -> set[str]:
    """Return the names of the arguments that a class takes, those it passes on included."""
    names: set[str] = set()
    for base in kind.__mro__:
        parameters = inspect.signature(base).parameters.values()
        names |= {parameter.name for parameter in parameters}
        if all(parameter.kind != parameter.VAR_KEYWORD for parameter in parameters):
            break
    return names


def _split_arguments(definition: Definition, accepted: set[str]) -> list[dict[str, Any]]:
    """Return the arguments that ask for the training and the test split, or for all there is."""
    if definition.train is not None or definition.test is not None:
        return [dict(definition.train or {}), dict(definition.test or {})]
    if "train" in accepted:
        return [{"train": True}, {"train": False}]
    if "split" in accepted:
        return [{"split": "train"}, {"split": "test"}]
    return [{}]


def _read(items: Any, name: str, definition: Definition) -> tuple[np.ndarray, np.ndarray]:
    from PIL import Image

    images, labels, names = [], [], []
    where = f"torchvision.datasets.{name}"
    for i, item in enumerate(items):
        try:
            image, label = item
            labels.append(int(label))
            if not isinstance(image, Image.Image):
                raise TypeError(type(image))
        except (TypeError, ValueError) as error:
            raise UserError(f"{where}: its items are not an image with a number each") from error
        names.append(f"image {i} of {where}")
        images.append(pixels(image, names[-1], definition.size, definition.ground))
    if not images:
        raise UserError(f"{where}: holds no images")
    return stack(images, names), np.array(labels, np.int64)
