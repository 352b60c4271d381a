"""Runs of Snakemake by one process that has imported it: each is a fork, which spares it seconds.

This module imports nothing of the library: a run has that of its own checkout.
"""

import multiprocessing
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Run:
    """A run of Snakemake that has ended, and what it printed."""

    status: int
    out: str
    err: str


FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["__main__", "snakemake.cli"])


def run_snakemake(folder, *arguments):
    """Run Snakemake in a folder."""
    with tempfile.TemporaryDirectory() as printed:
        paths = [Path(printed, name) for name in ("out", "err")]
        process = FORKS.Process(target=_in_fork, args=(folder, list(map(str, arguments)), paths))
        process.start()
        process.join(900)
        process.kill()
        process.join()
        return Run(process.exitcode, *(path.read_text("utf-8") for path in paths))


def _in_fork(folder, arguments, paths):
    for descriptor, path in enumerate(paths, 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), descriptor)
    os.chdir(folder)
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    sys.argv = ["snakemake", *arguments]
    from snakemake.cli import main

    main()
