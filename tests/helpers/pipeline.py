"""The pipeline in a folder of its own, and runs of it that are finished to all appearances.

Nothing is computed: `snakemake --touch` records whatever files lie there as results of its jobs.
"""

import base64
import csv
import json
import multiprocessing
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from helpers import ROOT

EVERYTHING = ["--configfile", "config/demo.yaml", "--", "everything"]


def copy_pipeline(folder):
    """Copy what the pipeline consists of, without any results."""
    for name in ("workflow", "config", "docs", "envs", "profiles"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Snakefile", folder)
    return folder


@dataclass
class Run:
    """A run of Snakemake that has ended, and what it printed."""

    status: int
    out: str
    err: str


# One process imports Snakemake; each run is a fork of it, which spares most runs half their time.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["__main__", "snakemake.cli"])


def run_snakemake(folder, *arguments):
    """Run Snakemake in a folder."""
    with tempfile.TemporaryDirectory() as printed:
        paths = [Path(printed, name) for name in ("out", "err")]
        process = FORKS.Process(target=_in_fork, args=(folder, list(map(str, arguments)), paths))
        process.start()
        process.join(300)
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


def snakemake(folder, *arguments):
    """Run Snakemake in a folder, where nothing goes wrong; return what it prints."""
    run = run_snakemake(folder, *arguments)
    assert run.status == 0, run.out + run.err
    return run.out


def two_studies(folder):
    """Leave only the studies main and without-3 of the demo, and return the folder."""
    table = folder / "config/demo.tsv"
    rows = table.read_text("utf-8").splitlines(keepends=True)
    table.write_text("".join(r for r in rows if r.startswith(("study", "main", "without-3"))))
    return folder


def finish(folder, make=Path.touch):
    """Record all results of the demo as made, after `make` has made them; return the folder."""
    for file in plan(folder):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        make(folder / file)
    snakemake(folder, "--touch", "--forceall", *EVERYTHING)
    return folder


def plan(folder, *arguments):
    """Return each output file's rule, its status, and whether it would be made anew."""
    summary = snakemake(folder, "--summary", *arguments, *EVERYTHING).splitlines()
    rows = csv.DictReader(summary, delimiter="\t")
    return {
        row["output_file"]: (row["rule"], row["status"], row["plan"] == "update pending")
        for row in rows
    }


def recorded(folder, file):
    """Return what Snakemake has recorded of the job that made a result, such as its `params`."""
    name = base64.b64encode(f"results/demo/{file}".encode()).decode()
    return json.loads((folder / ".snakemake/metadata" / name).read_text("utf-8"))
