"""The paths that a user names: where they lead, and whether they can be used."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ffensembles.data.definitions import LOCAL
from ffensembles.errors import UserError
from ffensembles.files import dangling, no_folder, unwritable

# Snakemake takes < > for its path variables and { } for wildcards.
RESERVED = re.compile(r"[<>{}\x00-\x1f]")
# Snakemake writes the path of Python into shell commands as it is; a colon ends a folder in
# PYTHONPATH.
UNSAFE = re.compile(r"""[\s'"\\$`&;|<>(){}\[\]*?!#~:]""")


def check_installation(*paths: str | Path) -> None:
    """Refuse a pipeline or a Python that lies where Snakemake cannot start jobs from.

    Raises:
        UserError: a path holds what a shell does not take as it is.
    """
    for path in paths:
        if found := UNSAFE.search(str(path)):
            raise UserError(
                f"{path}: jobs cannot be started from a path that holds {found[0]!r}; move the "
                "pipeline and its Python to a path of letters, digits and . _ - + only"
            )


def settle_folders(config: dict[str, Any], shipped: Callable[[str], str]) -> None:
    """Find the files and folders that the config names, and write where they are into it.

    What the pipeline brings along is looked for where the run was started, then in the pipeline;
    everything is written relative to where the run was started.

    Args:
        config: changed in place.
        shipped: returns where a file or folder of the pipeline lies, by its path there.

    Raises:
        UserError: naming the key, what is wrong with its folder, and the cure.
    """
    for key in ("experiments", "reported"):
        config[key] = _settled(f"config: {key}", config[key])
        if not os.path.lexists(config[key]) and Path(place := shipped(config[key])).exists():
            config[key] = str(place)
    if config["networks"] is not None:
        config["networks"] = _settled("config: networks", config["networks"])
    if problem := no_folder(config["reported"]):
        raise UserError(f"config: reported: {config['reported']} {problem}")
    for name, entry in config["datasets"].items():
        for kind in LOCAL.intersection(entry):
            entry[kind] = _settled(f"config: datasets.{name}.{kind}", entry[kind])
    results = config["pathvars"]["results"]
    for name, folder in config["pathvars"].items():
        key = f"config: pathvars.{name}"
        folder = folder if name == "results" else folder.replace("<results>", results)
        config["pathvars"][name] = _settled(key, folder)
        _check_place(key, Path(config["pathvars"][name]))


def _settled(key: str, path: str) -> str:
    if found := RESERVED.search(path):
        raise UserError(f"{key}: {path!r} holds {found[0]!r}; name a path without it")
    return str(Path(os.path.expanduser(path)))  # noqa: PTH111 - a Path raises without a home


def _check_place(key: str, path: Path) -> None:
    """Check that a folder can be made and written; nothing is made."""
    there = next(p for p in (path, *path.absolute().parents) if os.path.lexists(p))
    if target := dangling(there):
        raise UserError(f"{key}: {there} is a link to {target}, which is not there; make it")
    if not os.path.isdir(there):  # noqa: PTH112
        raise UserError(f"{key}: {there} is a file; name a folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise UserError(f"{key}: you may not write to {there}; name another folder")


def check_folder(folder: str | Path) -> None:
    """Make sure that files can be written in a folder, which is made where it is not there.

    Raises:
        UserError: they cannot.
    """
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0" * 4096)
            file.flush()
    except OSError as error:
        raise unwritable(folder, error) from error


def check_outputs(files: Iterable[str | Path]) -> None:
    """Check that files can be written where they are wanted; nothing is made.

    Raises:
        UserError: naming the folder in which they cannot.
    """
    for folder in {Path(file).absolute().parent for file in files}:
        there = next(path for path in (folder, *folder.parents) if path.exists())
        if not os.access(there, os.W_OK | os.X_OK):
            raise UserError(f"{there}: cannot be written; allow it with chmod u+wx")
