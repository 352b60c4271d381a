"""How a run ends: soon when it is told to, and with what went wrong as its last words."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType

import psutil

from ffensembles.pipeline.job import cause

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_received: list[int] = []
SILENT = "a job ended without a word: was it killed, or short of memory? See the lines above"
GO_ON = "The same command goes on from here; what is finished stays."
LITTLE = 2**20  # bytes; a disk with less than that left is full


Failed = tuple[str, Sequence[str]]  # a job: what a person may know it by, and its log files


def end_on_signals(*, here: bool) -> None:
    """Let SIGTERM, Ctrl-C and a closed terminal end this run and its jobs soon.

    Snakemake would wait for its running jobs, which may be hours. They are told to end, too;
    trainings save their state first.

    Args:
        here: whether jobs are child processes of this one. Jobs on a cluster are cancelled by
            Snakemake itself, through child processes that must not be terminated.
    """

    def end(number: int, frame: FrameType | None) -> None:
        if not _received:
            _received.append(number)
            raise KeyboardInterrupt  # which Snakemake takes for its own end

    heeded = [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
    for number in heeded:
        signal.signal(number, end)
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write)
    threading.Thread(
        target=_watch, args=(read, heeded, threading.get_ident(), here), daemon=True
    ).start()


def _watch(signals: int, heeded: Sequence[int], main: int, here: bool) -> None:
    """Wait for a signal; then wake the thread `main`, and terminate its jobs."""
    while (number := os.read(signals, 1)[0]) not in heeded:
        pass
    while True:
        if not _received:
            # Only the main thread handles signals, but any other can be the one that is woken.
            signal.pthread_kill(main, number)
        if here:
            _terminate_jobs()
        time.sleep(1)


def _terminate_jobs() -> None:
    """Terminate all jobs of this process, also those that have started since it was told to end."""
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            process.terminate()


def last_words(failed: Iterable[Failed], log: str, folder: str | Path) -> str:
    """Return what to tell a user of a run that failed: each cause once, and how to go on.

    Args:
        failed: the jobs that did.
        log: Snakemake's own log.
        folder: where results are written.
    """
    if _received:
        return (
            "Ended as asked. Trainings have saved their state; the same command goes on from there."
        )
    jobs: dict[str, list[Failed]] = {}
    for name, logs in failed:
        causes = [found for path in logs if (found := cause(path))]
        jobs.setdefault(causes[0] if causes else _unsaid(folder), []).append((name, logs))
    lines = ["", "What went wrong:"]
    for why, ((name, logs), *others) in jobs.items():
        more = f" and {len(others)} more" if others else ""
        lines += [f"  {why}", *(f"    {name}{more}; log: {path}" for path in logs)]
    if not jobs:
        lines.append(f"  See {log}")
    return "\n".join([*lines, GO_ON])


def _unsaid(folder: str | Path) -> str:
    """Say what may be the cause where no log has it."""
    with suppress(OSError):
        if shutil.disk_usage(folder).free < LITTLE:
            return f"the disk of {folder} is full; free some space"
    return SILENT
