"""How a run ends; tests/pipeline/test_running.py sees it happen in Snakemake."""

import os
import signal
import subprocess
import sys
from collections import namedtuple

import pytest

from ffensembles.pipeline import ending
from ffensembles.pipeline.ending import last_words
from helpers import heed_signals

WAITS = """
import subprocess, sys, time
from ffensembles.pipeline.ending import end_on_signals
end_on_signals(here=True)
job = subprocess.Popen(["sh", "-c", "trap : TERM; trap '' INT; sleep 60; echo saved"])
try:
    print("runs", flush=True)
    job.wait()
except KeyboardInterrupt:
    job.wait()
    print("ended", flush=True)
"""


def start(code):
    return subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, preexec_fn=heed_signals
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_jobs_and_then_the_run(number):
    run = start(WAITS)
    assert run.stdout.readline() == "runs\n"
    os.kill(run.pid, number)  # to the run alone, as a scheduler or `kill` does
    assert run.communicate(timeout=20)[0] == "saved\nended\n"


def test_a_signal_that_another_thread_receives_wakes_the_one_that_waits():
    other = "import signal, threading\nself = threading.get_ident\n"
    other += "strike = lambda: signal.pthread_kill(self(), signal.SIGTERM)\n"
    strikes = WAITS.replace("job.wait()", "threading.Semaphore(0).acquire()", 1)
    strikes = strikes.replace("try:", "threading.Timer(0.2, strike).start()\ntry:")
    assert start(other + strikes).communicate(timeout=20)[0] == "runs\nsaved\nended\n"


def test_on_a_cluster_what_cancels_the_jobs_lives_on():
    waits = WAITS.replace("here=True", "here=False").replace(
        "sleep 60; echo saved", "sleep 2 && echo cancelled"
    )
    run = start(waits)
    assert run.stdout.readline() == "runs\n"
    os.kill(run.pid, signal.SIGTERM)
    assert run.communicate(timeout=20)[0] == "cancelled\nended\n"


def test_what_is_ignored_stays_ignored():
    code = "import signal; from ffensembles.pipeline.ending import end_on_signals\n"
    code += "end_on_signals(here=True); print(signal.getsignal(signal.SIGHUP) == signal.SIG_IGN)"
    run = subprocess.run(
        ["nohup", sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert run.stdout == "True\n"


@pytest.fixture
def failed(tmp_path):
    """Return a job that failed with a cause, or without one."""

    def make(name, why):
        log = tmp_path / f"{name}.log"
        start = "2026-01-02 03:04:05,678"
        log.write_text(f"{start} INFO starts\n" + (f"{start} ERROR error: {why}\n" if why else ""))
        return name, [str(log)]

    return make


def test_each_cause_is_told_once_with_a_log(failed, tmp_path):
    told = {"train a": "no GPU", "plot": "no disk", "train c": "no GPU", "train b": ""}
    jobs = [failed(name, why) for name, why in told.items()]
    words = last_words(jobs, "snakemake.log", tmp_path)
    assert words.splitlines()[1:] == [
        "What went wrong:",
        "  no GPU",
        f"    train a and 1 more; log: {tmp_path}/train a.log",
        "  no disk",
        f"    plot; log: {tmp_path}/plot.log",
        f"  {ending.SILENT}",
        f"    train b; log: {tmp_path}/train b.log",
        ending.GO_ON,
    ]


def test_a_full_disk_is_told_where_no_log_could(failed, tmp_path, monkeypatch):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(ending.shutil, "disk_usage", lambda _: usage(100))
    words = last_words([failed("train", "")], "snakemake.log", tmp_path)
    assert f"the disk of {tmp_path} is full; free some space" in words


def test_where_no_job_failed_snakemakes_log_is_named(tmp_path):
    assert "See snakemake.log" in last_words([], "snakemake.log", tmp_path)
