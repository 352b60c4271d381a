"""Runs of Snakemake, and their jobs, as forks of one process that has imported what they need.

That spares each of them seconds. This module imports nothing of the library: a run has that of its
own checkout, and so has a job.
"""

import atexit
import logging
import multiprocessing
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from forked import run_script
from helpers import heed_signals

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    [
        *("helpers.importing", "snakemake.cli", "snakemake.report.html_reporter"),
        *("snakemake_storage_plugin_fs", "snakemake.profiles", "snakemake.storage"),
        *("platformdirs", "argparse_dataclass", "nbformat", "pyarrow.parquet"),
        *("pyarrow.pandas_compat", "pandas.io.formats.style", "docutils.core", "jsonschema"),
        *("smart_open", "diptest", "safetensors.torch", "yte", "seaborn", "torch"),
        *("matplotlib.backends.backend_pdf", "sklearn.linear_model"),
        *("helpers.plugins_found", "helpers.frozen"),
    ]
)


@dataclass
class Run:
    """A run of Snakemake that has ended, and what it printed."""

    status: int
    out: str
    err: str


def start_snakemake(folder, *arguments, printed, **environment):
    """Start Snakemake in a folder; return the process, which writes two files of a folder."""
    paths = [Path(printed, name) for name in ("out", "err")]
    given = folder, list(map(str, arguments)), environment, paths
    process = FORKS.Process(target=_in_fork, args=given)
    process.start()
    return process


def run_snakemake(folder, *arguments, **environment):
    """Run Snakemake in a folder, with some variables of the environment set."""
    with tempfile.TemporaryDirectory() as printed:
        process = start_snakemake(folder, *arguments, printed=printed, **environment)
        process.join(900)
        process.kill()
        process.join()
        texts = (Path(printed, name).read_text("utf-8") for name in ("out", "err"))
        return Run(process.exitcode, *texts)


def _in_fork(folder, arguments, environment, paths):
    for descriptor, path in enumerate(paths, 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), descriptor)
    os.chdir(folder)
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    os.environ |= environment
    sys.path[:0] = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    sys.argv = ["snakemake", *arguments]
    from snakemake.cli import main
    from snakemake.executors import touch
    from snakemake.script import PythonScript

    PythonScript.execute_script = _run_script
    touch.Executor.SLEEPING_TIME = 0.01  # between files, so that one is newer than the other
    heed_signals()
    atexit._clear()
    try:
        main()
    finally:
        atexit._run_exitfuncs()  # which multiprocessing leaves out


def _run_script(script, file, edit=False):
    """Run a job's script as a fork, in which it finds no more than in a process of its own."""
    from snakemake.benchmark import benchmarked

    if not (job := os.fork()):
        os.closerange(3, 1024)  # such as the run's lock
        heed_signals()
        logging.root.handlers.clear()
        for name in [n for n in sys.modules if n.startswith("ffensembles")]:
            del sys.modules[name]
        status = 1
        try:
            run_script(file)
            status = 0
        except SystemExit as end:
            status = end.code
        finally:
            sys.stderr.flush()
            os._exit(status)
    with benchmarked(job if script.bench_record else False, script.bench_record):
        status = os.waitstatus_to_exitcode(os.waitpid(job, 0)[1])
    if status:
        raise subprocess.CalledProcessError(status, file)
