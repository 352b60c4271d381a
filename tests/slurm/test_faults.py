"""What goes wrong on clusters.

Each time the tables come out as if nothing had, bit for bit, and no finished training is repeated.
"""

import os
import signal
import time
from datetime import datetime, timedelta

import pytest
from local_cluster import wait_until
from study import SMALL, TABLES

SHORT = "digits/bp/main/seeds-0-0"
LONG = ["digits/ff/main/seeds-0-0", "digits/ff/main/seeds-1-1"]
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
    assert trainings[SHORT] == (0, 3)
    assert [trainings[name][1] for name in LONG] == [3 * epochs] * 2


def gone_on(study):
    """Return for each long training whether its last job took up what an earlier one had done."""
    return [study.trainings()[name][0] > 0 for name in LONG]


def jobs(slurm):
    """Return how many jobs each training took, by SLURM's records: submitted or started again."""
    counts = []
    for training in (SHORT, *LONG):
        wildcards = training.replace("seeds-", "").replace("/", "_").replace("-", "_")
        records = slurm.jobs(f"train_wildcards_{wildcards}")
        counts.append(len(records) + sum(int(record["Restarts"]) for record in records))
    return counts


def test_cancelled_training_goes_on_by_itself(slurm, disturbed, undisturbed):
    with disturbed.running(*TABLES, slurm=slurm) as driver:
        in_mid_run(disturbed)
        slurm.run("scancel", slurm.queue("train", "RUNNING")[0])
        assert driver.wait(timeout=1200) == 0, disturbed.driver_log()

    assert_as_if_undisturbed(disturbed, undisturbed)
    assert sorted(gone_on(disturbed)) == [False, True]
    assert jobs(slurm) == [1, *(1 + on for on in gone_on(disturbed))]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_killed_driver_run_again(slurm, disturbed, undisturbed, how):
    with disturbed.running(*TABLES, slurm=slurm) as driver:
        in_mid_run(disturbed)
        driver.send_signal(how)
        assert driver.wait(timeout=120) != 0
    disturbed.run(*TABLES, slurm=slurm)

    assert_as_if_undisturbed(disturbed, undisturbed)
    assert gone_on(disturbed) == [True, True]
    assert jobs(slurm) == [1, 2, 2]


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
    assert gone_on(disturbed) == [True, True]
    assert jobs(slurm) == [1, 2, 2]


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
    assert gone_on(disturbed) == [jobs_die, jobs_die]
    assert jobs(slurm) == ([1, 2, 2] if jobs_die else [1, 1, 1])


def test_controller_that_is_away_for_a_while(slurm, disturbed, undisturbed):
    with disturbed.running(*TABLES, slurm=slurm) as driver:
        in_mid_run(disturbed)
        slurm.kill("slurmctld")
        time.sleep(20)  # long enough for the driver to ask in vain several times
        slurm.start_controller()
        assert driver.wait(timeout=1200) == 0, disturbed.driver_log()

    assert_as_if_undisturbed(disturbed, undisturbed)
    assert jobs(slurm) == [1, 1, 1]
