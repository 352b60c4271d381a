"""Snakemake whose jobs are forks: they find what jobs in processes of their own find."""

import subprocess
import sys

import pytest

from helpers import ROOT

SNAKEFILE = """
rule all:
    input: "alone", "failed", "broken", [f"quick{number}" for number in range(60)]

rule alone:
    output: "alone"
    log: "alone.log"
    benchmark: "alone.tsv"
    threads: 2
    resources: tmpdir="elsewhere"
    script: "alone.py"

rule failed:
    output: "failed"
    script: "failed.py"

rule broken:
    output: "broken"
    log: "broken.log"
    script: "broken.py"

rule quick:
    output: "quick{number}"
    script: "quick.py"
"""
ALONE = """
import os, sys
from pathlib import Path

early = "torch" in sys.modules
import torch
from threadpoolctl import threadpool_info

threads = {torch.get_num_threads(), *(pool["num_threads"] for pool in threadpool_info())}
found = early, threads, os.environ["TMPDIR"], os.environ["OMP_NUM_THREADS"], Path.cwd().name
Path(snakemake.output[0]).write_text(repr(found))
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run jobs of all kinds at once; return the folder, the status and what was printed."""
    folder = tmp_path_factory.mktemp("forked")
    (folder / "Snakefile").write_text(SNAKEFILE)
    (folder / "alone.py").write_text(ALONE)
    (folder / "failed.py").write_text("import sys\nsys.exit('this went wrong')\n")
    (folder / "broken.py").write_text("import ffensembles.pipeline.job\nimport no_such_module\n")
    (folder / "quick.py").write_text("open(snakemake.output[0], 'w').close()\n")
    command = [sys.executable, ROOT / "workflow/forked.py", "--cores", "4", "--keep-going"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return folder, done.returncode, done.stderr


def test_a_job_has_its_threads_and_environment(run):
    folder = run[0]
    found = (folder / "alone").read_text()
    assert found == repr((True, {2}, "elsewhere", "2", folder.name))
    assert (folder / "alone.tsv").read_text().startswith("s\th:m:s\t")


def test_jobs_that_fail_say_so(run):
    folder, status, printed = run
    assert status == 1
    assert "this went wrong" in printed and "Error in rule failed:" in printed
    assert "No module named 'no_such_module'" in (folder / "broken.log").read_text()


def test_jobs_may_end_while_others_start(run):
    assert len(list(run[0].glob("quick[0-9]*"))) == 60
