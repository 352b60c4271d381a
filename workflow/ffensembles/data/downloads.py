"""Download the datasets with torchvision, in its own layout and against its own checksums.

torchvision knows where they lie, mirrors among them, and a dataset of one's own may be any that it
has. So it downloads all of them, and there is no second way, such as pooch's.
"""

from __future__ import annotations

import errno
import logging
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import TypeVar

import numpy as np

from ffensembles.data.prestaged import read
from ffensembles.data.published import SOURCES, Source, is_published
from ffensembles.errors import UserError
from ffensembles.files import shortened, unwritable

T = TypeVar("T")

BACK_OFF = (2.0, 4.0, 8.0)  # seconds to wait before the second, third, fourth attempt
STALLED = 60.0  # seconds without a byte after which a connection counts as broken
DISK_TROUBLE = {
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EEXIST,
    errno.ENOTDIR,
}


def download(dataset: str, resources: str | Path) -> dict[str, np.ndarray]:
    """Return the arrays of a published dataset, after downloading what is not there yet.

    Returns:
        train_images, test_images: (N, C, H, W) uint8; train_labels, test_labels: (N,) int64.

    Raises:
        UserError: each attempt failed, or the folder cannot be written.
    """
    source = SOURCES[dataset]
    folder = Path(resources) / source.folder

    def attempt() -> dict[str, np.ndarray]:
        _discard_broken(source, folder)
        _call_torchvision(source, folder)
        return read(dataset, folder)

    cure = (
        f", or place its files in a folder FOLDER/{source.folder} and set the key prestaged to "
        "FOLDER in the config"
    )
    return with_retries(attempt, dataset, source.url, folder, cure)


def with_retries(
    attempt: Callable[[], T], dataset: str, address: str, folder: str | Path, cure: str = ""
) -> T:
    """Return what `attempt` returns, which downloads to `folder`; try again where it fails.

    Raises:
        UserError: each attempt failed, or the folder cannot be written.
    """
    before = None
    for wait in (0.0, *BACK_OFF):
        time.sleep(wait)
        try:
            with _stall_limit(STALLED):
                return attempt()
        except (UserError, RuntimeError, OSError, HTTPException) as error:
            if isinstance(error, OSError) and error.errno in DISK_TROUBLE:
                raise unwritable(folder, error) from error
            if (reason := _reason(error)) != before:
                logging.info("%s: an attempt to download failed: %s", dataset, reason)
            before = reason
    raise UserError(
        f"{dataset}: download from {address} failed {1 + len(BACK_OFF)} times ({reason}); try "
        f"again later{cure}"
    )


def _reason(error: Exception) -> str:
    """Return what went wrong; of the mirrors that torchvision tried in turn, each reason once."""
    text = " ".join(str(error).split()) or type(error).__name__
    reasons = re.findall(r"Tried \S+, got: (.+?)(?= Tried \S+, got: |$)", text)
    return shortened("; ".join(dict.fromkeys(reasons)) or text)


def _discard_broken(source: Source, folder: Path) -> None:
    """Remove what a killed job left: torchvision trusts a file it unpacked if only it exists."""
    for layout in source.layouts:
        for name, digest in source.files.items():
            path = folder / layout / name
            if path.is_file() and not is_published(path.read_bytes(), digest):
                path.unlink()


def _call_torchvision(source: Source, folder: Path) -> None:
    from torchvision import datasets  # takes seconds, and pre-staged files do without

    folder.mkdir(parents=True, exist_ok=True)
    for part in source.parts:
        getattr(datasets, source.torchvision)(folder, **part, download=True)


@contextmanager
def _stall_limit(seconds: float) -> Iterator[None]:
    """Let no connection wait for ever; torchvision sets no limit of its own."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
