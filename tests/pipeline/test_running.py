"""Runs of the pipeline that end before their time: how soon, with which words, and what is kept."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from helpers import ROOT, heed_signals
from helpers.forks import run_snakemake, start_snakemake
from helpers.pipeline import copy_pipeline, snakemake
from helpers.scripts import run_script_alone

CONFIGURED = ["--configfile", "config/demo.yaml"]
CONFIGURED += ["--config", "experiments=long.tsv", "checkpoint_interval=0.1"]
MODEL = "results/demo/models/digits/bp/main/seeds-0-0"
TRAIN = ["--", f"{MODEL}.safetensors"]


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory):
    """Return a copy of the pipeline with one experiment, whose training takes for ever."""
    folder = copy_pipeline(tmp_path_factory.mktemp("pipeline"))
    header, *rows = (folder / "config/demo.tsv").read_text("utf-8").splitlines()[1:]
    row = next(row for row in rows if row.startswith("main\tdigits\tbp\t")).split("\t")
    row[3:5] = "1", "1000000"
    (folder / "long.tsv").write_text(f"{header}\n" + "\t".join(row) + "\n", "utf-8")
    return folder


def saved(folder, since=0.0, patience=240):
    """Wait until the training has saved its state, and return when it did."""
    path = folder / "results/demo/checkpoints/digits-bp-main-seeds-0-0/0-0.checkpoint"
    deadline = time.monotonic() + patience
    while not path.exists() or path.stat().st_mtime <= since:
        assert time.monotonic() < deadline, "no checkpoint"
        time.sleep(0.1)
    return path.stat().st_mtime


def assert_ended_as_asked(lines):
    assert lines[-1].startswith("Ended as asked. Trainings have saved their state")
    assert not any("Traceback" in line for line in lines)


def test_a_run_that_is_told_to_end_keeps_what_its_training_has_done(pipeline, tmp_path):
    run = start_snakemake(pipeline, *CONFIGURED, "--cores", "1", *TRAIN, printed=tmp_path)
    saved(pipeline)
    training = psutil.Process(run.pid).children(recursive=True)
    run.terminate()  # the run alone
    run.join(180)
    assert psutil.wait_procs(training, timeout=180)[1] == []
    assert_ended_as_asked((tmp_path / "err").read_text("utf-8").splitlines())

    before = saved(pipeline)
    forked = [sys.executable, "workflow/forked.py", *CONFIGURED, "--cores", "2", *TRAIN]
    with subprocess.Popen(
        forked,
        cwd=pipeline,
        start_new_session=True,  # as a terminal's
        preexec_fn=heed_signals,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    ) as run:
        try:
            saved(pipeline, since=before)
            os.killpg(run.pid, signal.SIGINT)  # all of it, as Ctrl-C does
            lines = run.communicate(timeout=180)[0].splitlines()
        finally:
            with suppress(ProcessLookupError):
                os.killpg(run.pid, signal.SIGKILL)
    assert_ended_as_asked(lines)
    assert any("saved with threads 1 and goes on with 2" in line for line in lines)
    assert not any("starts anew" in line for line in lines)


def test_a_run_that_fails_ends_with_the_cause_and_how_to_go_on(pipeline):
    dataset = pipeline / "results/demo/datasets/digits.npz"
    dataset.parent.mkdir(parents=True, exist_ok=True)
    dataset.write_text("damaged")
    run = run_snakemake(pipeline, *CONFIGURED, "--cores", "1", *TRAIN)
    *_, title, cause, job, go_on = run.err.splitlines()
    dataset.unlink()
    assert title == "What went wrong:"
    assert cause.startswith("  results/demo/datasets/digits.npz: ")
    assert cause.endswith("remove it and run again")
    assert job == f"    train digits bp main 0 0; log: results/demo/logs/train/{MODEL[20:]}.log"
    assert go_on.startswith("The same command goes on")


# Where it may lie, and where it may be started


@pytest.mark.parametrize("name", ["My Projects/it's here", "a;b", "a:b", "#a", "$a", "`a`"])
@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_refuses_a_clone_whose_jobs_would_not_start_before_anything_is_done(name, tmp_path):
    clone = tmp_path / name
    clone.mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", clone)
    run = subprocess.run(["make", "demo"], cwd=clone, capture_output=True, text=True, check=False)
    assert run.returncode != 0
    assert run.stderr.count("\n") == 1 and "move the clone" in run.stderr
    assert [path.name for path in clone.iterdir()] == ["Makefile"]


def test_snakemake_refuses_a_clone_whose_jobs_would_not_start(tmp_path):
    clone = copy_pipeline(tmp_path / "it's here")
    run = run_snakemake(clone, "-n")
    assert run.status == 1 and "Traceback" not in run.err
    assert run.err.splitlines()[-1].startswith(f"error: {clone}: jobs cannot be started")


@pytest.mark.parametrize("how", ["from there", "with --directory"])
def test_started_elsewhere_results_go_there_and_the_pipelines_files_are_found(how, tmp_path):
    (work := tmp_path / "my work").mkdir()
    there, arguments = (work, []) if how == "from there" else (tmp_path, ["--directory", work])
    # A relative path leads through the blank in the name of the folder, and back.
    own = Path("..", os.path.relpath(ROOT, tmp_path)) if how == "from there" else ROOT
    demo = ["--snakefile", own / "Snakefile", "--profile", own / "profiles/demo"]
    snakemake(there, *demo, *arguments, "--", "show_deviations", "save_config")
    results, made = work / "results/demo", {"deviations.html", "config.yaml", "logs", "checkpoints"}
    assert {path.name for path in results.iterdir()} == made
    if how == "from there":
        assert "report" in snakemake(there, *demo, "-n", "--quiet", "rules")


def test_a_report_of_a_part_holds_what_its_targets_are_and_no_more(finished, tmp_path):
    """As README says, whose command this is."""
    readme = (ROOT / "README.md").read_text("utf-8")
    (command,) = re.findall(r"`snakemake (--report part\.html -- \w+)`", readme)
    folder = tmp_path / "pipeline"
    shutil.copytree(finished, folder, symlinks=True)
    demo = ["--profile", "profiles/demo", "--rerun-triggers", "mtime"]
    snakemake(folder, *demo, *command.split())
    page = (folder / "part.html").read_text("utf-8")
    assert "tables/table1.html" in page and "tables/table10.html" in page
    assert "figures/figure1" not in page and "explorer/" not in page


def test_a_report_that_cannot_be_made_is_one_line_and_nothing_is_left(tmp_path):
    run = run_script_alone(
        *(tmp_path, "build_report.py", "log"),
        input={"config": "none.yaml", "style": "s", "additions": "s", "shown": ["claims.html"]},
        output={"report": "report.html"},
        params={"snakefile": str(ROOT / "Snakefile"), "own_config": True},
    )
    assert run.returncode == 1
    assert run.stderr.startswith("error: report.html: cannot be made (")
    assert run.stderr.endswith("; see log\n") and run.stderr.count("\n") == 1
    assert "none.yaml" in run.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["log"]
