"""What goes wrong on clusters.

Each time the tables come out as if nothing had, bit for bit, and no finished training is repeated.
"""

import os
import signal
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from local_cluster import wait_until
from study import SMALL, TABLES

LONG = ["digits/ff/main/seeds-0-0.log", "digits/ff/main/seeds-1-1.log"]
SHORT = "digits/bp/main/seeds-0-0.log"
EPOCHS = 400  # of each layer of the long trainings


@pytest.fixture
def disturbed(study, slurm):
    """The study with its short training done, on the cluster, and the long ones still to do."""
    return begun(study("disturbed", only={"epochs": EPOCHS}, **SMALL), slurm)


def begun(study, slurm):
    study.run("results/demo/models/digits/bp/main/seeds-0-0.safetensors", slurm=slurm)
    return study


def in_mid_run(study):
    """Wait until both long trainings have saved a state."""
    wait_until(lambda: len(study.checkpoints()) == 2, "two trainings in mid-run", timeout=600)


def assert_as_if_undisturbed(disturbed, undisturbed, epochs=EPOCHS):
    assert disturbed.tables() == undisturbed(epochs).tables()
    assert not disturbed.checkpoints()
    trainings = disturbed.trainings()
    assert set(trainings) == {SHORT, *LONG}
    assert trainings[SHORT] == [(0, 3)]
    for jobs in (trainings[name] for name in LONG):
        assert jobs[0][0] == 0
        assert jobs[-1][1] == 3 * epochs
        for (_, seen), (start, _) in pairwise(jobs):
            assert 0 < start < 3 * epochs
            assert start >= seen, "epochs that had been saved were trained again"


def jobs_per_training(study):
    return [len(study.trainings()[name]) for name in LONG]


def test_cancelled_training_goes_on_by_itself(slurm, disturbed, undisturbed):
    with disturbed.running(*TABLES, slurm=slurm) as driver:
        in_mid_run(disturbed)
        slurm.run("scancel", slurm.queue("train", "RUNNING")[0])
        assert driver.wait(timeout=1200) == 0, disturbed.driver_log()

    assert_as_if_undisturbed(disturbed, undisturbed)
    assert sorted(jobs_per_training(disturbed)) == [1, 2]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_killed_driver_run_again(slurm, disturbed, undisturbed, how):
    with disturbed.running(*TABLES, slurm=slurm) as driver:
        in_mid_run(disturbed)
        driver.send_signal(how)
        assert driver.wait(timeout=120) != 0
    disturbed.run(*TABLES, slurm=slurm)

    assert_as_if_undisturbed(disturbed, undisturbed)
    assert jobs_per_training(disturbed) == [2, 2]


def test_time_limit_is_met_in_several_jobs(slurm, study, undisturbed):
    # Long enough for SLURM, which looks at its limits every half minute.
    disturbed = begun(study("disturbed", only={"epochs": 1500}, **SMALL), slurm)
    with disturbed.running(*TABLES, slurm=slurm) as driver:
        in_mid_run(disturbed)
        soon = (datetime.now() + timedelta(seconds=110)).isoformat(timespec="seconds")
        for job in slurm.queue("train", "RUNNING"):
            slurm.run("scontrol", "update", f"JobId={job}", f"EndTime={soon}")
        assert driver.wait(timeout=1200) == 0, disturbed.driver_log()

    assert_as_if_undisturbed(disturbed, undisturbed, 1500)
    assert jobs_per_training(disturbed) == [2, 2]


@pytest.mark.parametrize("jobs_die", [False, True])
def test_node_that_fails_and_returns(slurm, disturbed, undisturbed, jobs_die):
    with disturbed.running(*TABLES, slurm=slurm) as driver:
        in_mid_run(disturbed)
        slurm.kill("slurmd")
        if jobs_die:
            for process in slurm.processes():
                os.kill(process, signal.SIGKILL)
        slurm.start_node()
        assert driver.wait(timeout=1200) == 0, disturbed.driver_log()

    assert_as_if_undisturbed(disturbed, undisturbed)
    assert jobs_per_training(disturbed) == ([2, 2] if jobs_die else [1, 1])
