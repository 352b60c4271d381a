"""What a job leaves behind: its exit status and its log."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ffensembles.pipeline.job import as_list, cause, device_given
from helpers import ROOT

BODY = """
from ffensembles.errors import UserError
from ffensembles.pipeline.job import device_given, job

with job("log") as log:
    log.info("a note")
    log.warning("a warning")
    {}
"""


@pytest.fixture
def run(tmp_path):
    """Run a job whose last line is given; return the process and its log."""

    def run(line):
        process = subprocess.run(
            [sys.executable, "-c", BODY.format(line)], cwd=tmp_path, capture_output=True, text=True
        )
        return process, Path(tmp_path, "log").read_text("utf-8")

    return run


def test_a_job_that_ends_well_exits_0(run):
    process, log = run("pass")
    assert (process.returncode, process.stderr) == (0, "a warning\n")
    assert "INFO a note" in log


def test_slurms_log_has_all_that_the_log_has(run, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    process, _ = run("pass")
    assert process.stderr == "starts\na note\na warning\n"


def test_a_users_mistake_exits_1_in_one_line(run):
    process, log = run("raise UserError('no such file; make one')")
    last = "error: no such file; make one"
    assert (process.returncode, process.stderr) == (1, f"a warning\n{last}\n")
    assert log.endswith(f"ERROR {last}\n") and "Traceback" not in log


@pytest.mark.parametrize("line", ["1 / 0", "raise ValueError('odd')", "raise MemoryError"])
def test_a_crash_exits_1_and_keeps_its_traceback(run, line):
    process, log = run(line)
    assert process.returncode == 1
    for text in (process.stderr, log):
        assert "this job failed unexpectedly" in text and "Traceback" in text


def test_ctrl_c_leaves_no_traceback(run):
    process, log = run("raise KeyboardInterrupt")
    assert (process.returncode, process.stderr) == (130, "a warning\n")
    assert "Traceback" not in log


def test_a_full_disk_is_one_line(run):
    process, _ = run("import os; raise OSError(28, os.strerror(28), 'here')")
    assert process.returncode == 1
    last = process.stderr.splitlines()[-1]
    assert last.startswith("error: here: cannot be written (No space left on device); free some")
    assert "Traceback" not in process.stderr


@pytest.mark.parametrize("log", ["/dev/full", "none/of/these"])
def test_a_log_that_cannot_be_written_hides_nothing(log, tmp_path):
    code = BODY.format("raise UserError('mend it')").replace('"log"', repr(log))
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    assert run.stderr.endswith("a warning\nerror: mend it\n")
    assert "Traceback" not in run.stderr and "Logging error" not in run.stderr


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("raise UserError('no such file; make one')", "no such file; make one"),
        ("1 / 0", "this job failed unexpectedly (ZeroDivisionError: division by zero)"),
        ("pass", None),
        ("log.error('odd'); log.info('well again')", None),
    ],
)
def test_the_cause_is_at_the_end_of_a_log(run, tmp_path, line, told):
    run("raise UserError('what an earlier attempt ended with')")
    run(line)
    assert cause(tmp_path / "log") == told


def test_a_job_that_was_killed_leaves_no_cause(run, tmp_path):
    run("raise UserError('what an earlier attempt ended with')")
    run("import os; os.kill(os.getpid(), 9)")
    assert cause(tmp_path / "log") is None
    assert cause(tmp_path / "none") is None


def test_an_exit_of_its_own_keeps_its_status(run):
    assert run("import sys; sys.exit(75)")[0].returncode == 75


@pytest.mark.parametrize(
    ("paths", "expected"), [(None, []), ("one", ["one"]), (("one", "two"), ["one", "two"])]
)
def test_one_path_or_none_is_a_list_as_well(paths, expected):
    assert as_list(paths) == expected


JOB = {"SLURM_JOB_ID": "7"}


@pytest.mark.parametrize("asked", ["auto", "cuda", "cpu"])
@pytest.mark.parametrize(
    ("resources", "environment"),
    [
        ({"gpu": 1, "mem_mb": 8000}, {}),
        ({"gpu": 0, "gres": "gpu:1"}, {}),
        ({"gpu": 0, "gres": "gpu:a100:10"}, {}),
        ({"gres": "gpu"}, {}),
        ({"gpu": 0}, JOB | {"CUDA_VISIBLE_DEVICES": "0"}),
        ({"gpu": 0}, JOB | {"SLURM_JOB_GPUS": "2"}),
        ({"gpu": 0}, JOB | {"SLURM_STEP_GPUS": "0,1"}),
    ],
)
def test_what_was_given_a_gpu_insists_on_it(asked, resources, environment):
    assert device_given(asked, resources, environment) == asked


@pytest.mark.parametrize(
    ("resources", "environment"),
    [
        ({"gpu": 0}, {}),
        ({}, {}),
        ({"gpu": 0, "gres": "tmpfs:20G"}, {}),
        ({"gpu": 0, "gres": "gpu:0"}, {}),
        ({"gpu": 0}, JOB),
        ({"gpu": 0}, JOB | {"CUDA_VISIBLE_DEVICES": ""}),
        ({"gpu": 0}, JOB | {"CUDA_VISIBLE_DEVICES": "NoDevFiles"}),
        ({"gpu": 0}, {"CUDA_VISIBLE_DEVICES": "0,1"}),  # cards of the machine, not of this job
    ],
)
def test_what_was_given_none_computes_on_a_cpu(resources, environment):
    assert device_given("cuda", resources, environment) == "cpu"


def test_what_cannot_be_imported_is_the_cause_in_the_log(tmp_path):
    """A script's imports come before its job, and its log is what a person is shown the end of."""
    script = tmp_path / "script.py"
    script.write_text(
        "from types import SimpleNamespace\n"
        "snakemake = SimpleNamespace(log=['log'])\n"
        "from ffensembles.pipeline.job import job\n"
        "import matplotlib\n"
    )
    environment = {**os.environ, "MPLBACKEND": "nonsense", "PYTHONPATH": str(ROOT / "workflow")}
    process = subprocess.run(
        [sys.executable, script], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert process.returncode == 1
    found = cause(tmp_path / "log")
    assert found.startswith("this job failed unexpectedly (") and "nonsense" in found
