"""Snakemake whose jobs are forks of one process, which has loaded torch and the like for all.

A small job takes longer to load them than to do its work, so the demo takes half as long this way.
It is called as Snakemake is:

    python workflow/forked.py --profile profiles/demo

What runs in an environment of conda, in a container or on a cluster starts as ever.
"""

import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.connection import wait
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.script import PythonScript

FORKS = multiprocessing.get_context("forkserver")
# A process's status can be read once, and starting one reads that of every other that has ended.
STATUS = threading.Lock()
TOLD_TO_END = signal.SIGTERM, signal.SIGHUP
LOADED = ["torch", "pandas", "scipy.stats", "seaborn", "sklearn.linear_model", "safetensors.torch"]
LOADED += ["matplotlib.backends.backend_pdf", "diptest", "docutils.core", "snakemake.script"]
LOADED += ["pyarrow.parquet", "pyarrow.pandas_compat", "jinja2", "yaml", "safetensors.numpy"]


def main() -> None:
    """Run Snakemake with the arguments of this process."""
    # Libraries read these as they are loaded; each job sets its own number of threads.
    os.environ |= {"MPLBACKEND": "agg", "OMP_NUM_THREADS": "1"}
    FORKS.set_forkserver_preload(LOADED)
    with ignored(TOLD_TO_END):  # by the one process, which ends after its jobs
        forkserver.ensure_running()  # it loads them while Snakemake plans
    from snakemake.cli import main as snakemake
    from snakemake.script import PythonScript

    start_anew = PythonScript.execute_script

    def execute_script(script: PythonScript, file: str, edit: bool = False) -> None:
        if script.conda_env or script.container_img or script.env_modules:
            start_anew(script, file, edit)
        else:
            run_as_fork(script, file)

    PythonScript.execute_script = execute_script
    snakemake()


@contextmanager
def ignored(signals: Iterable[signal.Signals]) -> Iterator[None]:
    """Let what is started meanwhile ignore some signals."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in signals}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def run_as_fork(script: "PythonScript", file: str) -> None:
    """Run a job's script as a fork.

    Raises:
        CalledProcessError: it failed.
    """
    from snakemake.benchmark import benchmarked

    temporary = dict.fromkeys(("TMPDIR", "TMP", "TEMP"), script.resources.get("tmpdir"))
    changed = {name: str(path) for name, path in temporary.items() if path}
    changed["OMP_NUM_THREADS"] = str(script.threads)
    heeded = [number for number in TOLD_TO_END if signal.getsignal(number) != signal.SIG_IGN]
    given = file, Path.cwd(), dict(os.environ | changed), script.threads, heeded
    process = FORKS.Process(target=_in_fork, args=given)
    with STATUS:
        process.start()
    with benchmarked(process.pid if script.bench_record else False, script.bench_record):
        wait([process.sentinel])
    with STATUS:
        process.join()
    if process.exitcode:
        raise subprocess.CalledProcessError(process.exitcode, file)


def _in_fork(
    file: str,
    folder: Path,
    environment: dict[str, str],
    threads: int,
    heeded: Iterable[signal.Signals],
) -> None:
    """Set up what a process of its own would find, and run a script."""
    import torch
    from threadpoolctl import threadpool_limits

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # as for other jobs, see rules/running.smk
    for number in heeded:
        signal.signal(number, signal.SIG_DFL)
    os.chdir(folder)
    os.environ.clear()
    os.environ |= environment
    torch.set_num_threads(threads)
    threadpool_limits(threads)
    logging.root.handlers.clear()
    run_script(file)


def run_script(file: str) -> None:
    """Run a script as this process's main module, and end the process where it fails."""
    # `runpy` would take the module away before its error is logged.
    script = sys.modules["__main__"] = ModuleType("__main__")
    script.__file__ = file
    try:
        exec(compile(Path(file).read_bytes(), file, "exec"), vars(script))
    except Exception:
        sys.excepthook(*sys.exc_info())
        sys.exit(1)


if __name__ == "__main__":
    main()
