"""Snakemake whose jobs are forks: they find what jobs in processes of their own find."""

import subprocess
import sys

from helpers import ROOT

SNAKEFILE = """
rule all:
    input: "forked", "failed"

rule forked:
    output: "forked"
    log: "forked.log"
    benchmark: "forked.tsv"
    threads: 2
    resources: tmpdir="elsewhere"
    script: "job.py"

rule failed:
    output: "failed"
    script: "failing.py"

rule many:
    input: [f"quick{number}" for number in range(60)]

rule quick:
    output: "quick{number}"
    script: "quick.py"

rule broken:
    output: "broken"
    log: "broken.log"
    script: "broken.py"
"""
JOB = """
import os, sys
from pathlib import Path

early = "torch" in sys.modules
import torch
from threadpoolctl import threadpool_info

threads = {torch.get_num_threads(), *(pool["num_threads"] for pool in threadpool_info())}
found = early, threads, os.environ["TMPDIR"], os.environ["OMP_NUM_THREADS"], Path.cwd().name
Path(snakemake.output[0]).write_text(repr(found))
"""


def test_a_job_has_its_threads_environment_and_status(tmp_path):
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    (tmp_path / "job.py").write_text(JOB)
    (tmp_path / "failing.py").write_text("import sys\nsys.exit('this went wrong')\n")
    command = [sys.executable, ROOT / "workflow/forked.py", "--cores", "2", "--keep-going"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "this went wrong" in run.stderr and "Error in rule failed:" in run.stderr
    found = (tmp_path / "forked").read_text()
    assert found == repr((True, {2}, "elsewhere", "2", tmp_path.name))
    assert (tmp_path / "forked.tsv").read_text().startswith("s\th:m:s\t")


def test_jobs_that_end_while_others_start_and_one_that_cannot_be_imported(tmp_path):
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    (tmp_path / "quick.py").write_text("open(snakemake.output[0], 'w').close()\n")
    (tmp_path / "broken.py").write_text("import ffensembles.pipeline.job\nimport no_such_module\n")
    command = [sys.executable, ROOT / "workflow/forked.py", "--cores", "4", "--keep-going"]
    command += ["--quiet", "all", "--", "many", "broken"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert len(list(tmp_path.glob("quick[0-9]*"))) == 60
    assert "No module named 'no_such_module'" in (tmp_path / "broken.log").read_text()
