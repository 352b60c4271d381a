"""What goes wrong on clusters.

Each time the tables come out as if nothing had, bit for bit, and no finished training is repeated.
"""

import os
import signal
import time
from datetime import datetime, timedelta

from helpers.local_cluster import wait_until
from helpers.study import TABLES

SHORT = "digits/bp/main/seeds-0-0"
LONG = ["digits/ff/main/seeds-0-0", "digits/ff/main/seeds-1-1"]


def in_mid_run(study, since=0.0):
    """Wait until both long trainings have saved what they have done."""
    wait_until(lambda: len(study.in_mid_run(since)) == 2, "two trainings in mid-run", timeout=300)


def assert_as_if_undisturbed(disturbed, undisturbed):
    assert disturbed.tables() == undisturbed.tables()
    assert not disturbed.checkpoints()
    trainings, unbroken = disturbed.trainings(), undisturbed.trainings()
    assert set(trainings) == {SHORT, *LONG}
    assert trainings[SHORT] == unbroken[SHORT] == (0, 3)
    assert [trainings[name][1] for name in LONG] == [unbroken[name][1] for name in LONG]


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


def finish(driver, study):
    assert driver.wait(timeout=900) == 0, study.driver_log()


def test_cancelled_training_goes_on_by_itself(slurm, disturbed, undisturbed):
    with disturbed.running(*TABLES, slurm=slurm) as driver:
        in_mid_run(disturbed)
        slurm.run("scancel", slurm.queue("train", "RUNNING")[0])
        finish(driver, disturbed)

    assert_as_if_undisturbed(disturbed, undisturbed)
    assert sorted(gone_on(disturbed)) == [False, True]
    assert jobs(slurm) == [0, *(1 + on for on in gone_on(disturbed))]


def test_driver_that_is_interrupted_and_killed(slurm, disturbed, undisturbed):
    for how in (signal.SIGINT, signal.SIGKILL):
        started = time.time()
        with disturbed.running(*TABLES, slurm=slurm) as driver:
            in_mid_run(disturbed, since=started)
            driver.send_signal(how)
            assert driver.wait(timeout=120) != 0
    with disturbed.running(*TABLES, slurm=slurm) as driver:
        finish(driver, disturbed)

    assert_as_if_undisturbed(disturbed, undisturbed)
    assert gone_on(disturbed) == [True, True]
    assert jobs(slurm) == [0, 3, 3]


def test_time_limit_is_met_in_several_jobs(slurm, disturbed, undisturbed):
    with disturbed.running(*TABLES, slurm=slurm) as driver:
        in_mid_run(disturbed)
        soon = (datetime.now() + timedelta(seconds=110)).isoformat(timespec="seconds")
        for job in slurm.queue("train", "RUNNING"):
            slurm.run("scontrol", "update", f"JobId={job}", f"EndTime={soon}")
        # SLURM looks at its limits every half minute, and wakes what it signals: the trainings
        # must not end before.
        stopped = set(slurm.processes("train.py"))
        for process in stopped:
            os.kill(process, signal.SIGSTOP)
        wait_until(
            lambda: not stopped.intersection(slurm.processes("train.py")),
            "the signal before the time limit to end the trainings",
            timeout=100,
        )
        finish(driver, disturbed)

    assert_as_if_undisturbed(disturbed, undisturbed)
    assert gone_on(disturbed) == [True, True]
    assert jobs(slurm) == [0, 2, 2]


def test_daemons_that_fail_and_return_while_jobs_live_on(slurm, disturbed, undisturbed):
    with disturbed.running(*TABLES, slurm=slurm) as driver:
        in_mid_run(disturbed)
        slurm.kill("slurmd")
        slurm.start_node()
        slurm.kill("slurmctld")
        time.sleep(10)  # long enough for the driver to ask in vain several times
        slurm.start_controller()
        finish(driver, disturbed)

    assert_as_if_undisturbed(disturbed, undisturbed)
    assert jobs(slurm) == [0, 1, 1]


def test_node_that_fails_with_its_jobs(slurm, disturbed, undisturbed):
    with disturbed.running(*TABLES, slurm=slurm) as driver:
        in_mid_run(disturbed)
        slurm.kill("slurmd")
        for process in slurm.processes():
            os.kill(process, signal.SIGKILL)
        slurm.start_node()
        finish(driver, disturbed)

    assert_as_if_undisturbed(disturbed, undisturbed)
    assert gone_on(disturbed) == [True, True]
    assert jobs(slurm) == [0, 2, 2]
