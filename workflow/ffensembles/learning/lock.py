"""A lock that lets only one process at a time train a given block.

When a run of the pipeline is killed outright, a training that it started goes on. The same training
in the next run waits for it here.
"""

from __future__ import annotations

import fcntl
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from ffensembles.files import unwritable

log = logging.getLogger(__name__)


@contextmanager
def locked(path: str | Path, name: str) -> Iterator[None]:
    """Hold a lock during the body; wait for it while another process has it.

    The lock is a file locked with `flock`, so it is released when the process ends, however it
    ends. It works between processes on one machine, and between nodes that share a folder over
    NFS. Where a file system has no such locks (Lustre without the mount option `flock`), the log
    says so.

    Args:
        path: of the lock file, which exists while some process holds or awaits the lock.
        name: what the lock is for, for the log.

    Raises:
        UserError: the file cannot be written.
    """
    path = Path(path)
    try:
        file = _acquired(path, name)
    except OSError as error:
        raise unwritable(path, error) from error
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()
        file.close()


def _acquired(path: Path, name: str) -> IO[str]:
    """Return the open file of the lock, once it is ours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        file = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read() or "another process"
            log.warning("%s: %s trains it already; waiting until that ends", name, holder)
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as error:
            log.warning(
                "%s: cannot be locked (%s); see that nobody else trains %s", path, error, name
            )
            return file
        if _is_there(path, file):
            break
        file.close()  # whoever had the lock has removed the file that we waited for
    with suppress(OSError):  # a full disk does not take the name; the lock holds all the same
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}")
        file.flush()
    return file


def _is_there(path: Path, file: IO[str]) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False
