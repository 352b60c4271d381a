"""What a job leaves behind: its exit status and its log."""

import subprocess
import sys
from pathlib import Path

import pytest

from ffensembles.pipeline.job import as_list

BODY = """
from ffensembles.errors import UserError
from ffensembles.pipeline.job import job

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


def test_an_exit_of_its_own_keeps_its_status(run):
    assert run("import sys; sys.exit(75)")[0].returncode == 75


@pytest.mark.parametrize(
    ("paths", "expected"), [(None, []), ("one", ["one"]), (("one", "two"), ["one", "two"])]
)
def test_one_path_or_none_is_a_list_as_well(paths, expected):
    assert as_list(paths) == expected
