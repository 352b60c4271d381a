"""What goes wrong on clusters: each time the tables come out as if nothing had, and no finished
training is repeated."""

import os
import signal

import pytest
from local_cluster import wait_until
from study import SMALL, TABLES

LONG = ["digits/ff/main/seeds-0-0.log", "digits/ff/main/seeds-1-1.log"]
SHORT = "digits/bp/main/seeds-0-0.log"


@pytest.fixture
def disturbed(study):
    return study("disturbed", **SMALL)


def in_mid_run(study):
    """Wait until the short training is done, and both long ones have saved a state."""
    models = study.folder / "results/demo/models/digits"
    wait_until(
        lambda: (
            list(models.glob("bp/main/*.safetensors"))
            and len([path for path in study.checkpoints() if "/ff/" in str(path)]) == 2
        ),
        "two trainings in mid-run",
        timeout=240,
    )


def assert_as_if_undisturbed(study, undisturbed):
    assert study.tables() == undisturbed.tables()
    assert not study.checkpoints()
    trainings = study.trainings()
    assert trainings.keys() == undisturbed.trainings().keys()
    assert trainings[SHORT] == [(0, 3)]
    for name in LONG:
        assert trainings[name][0][0] == 0
        assert trainings[name][-1][1] == 450
        for (_, end), (start, _) in zip(trainings[name], trainings[name][1:], strict=False):
            assert 0 < start <= 450
            assert end <= start, "epochs that had been saved were trained again"


def test_cancelled_training_goes_on_by_itself(slurm, disturbed, undisturbed):
    with disturbed.running(*TABLES, slurm=slurm) as driver:
        in_mid_run(disturbed)
        slurm.run("scancel", slurm.queue("train", "RUNNING")[0])
        assert driver.wait(timeout=400) == 0, disturbed.driver_log()

    assert_as_if_undisturbed(disturbed, undisturbed)
    assert sorted(len(disturbed.trainings()[name]) for name in LONG) == [1, 2]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_killed_driver_run_again(slurm, disturbed, undisturbed, how):
    with disturbed.running(*TABLES, slurm=slurm) as driver:
        in_mid_run(disturbed)
        os.kill(driver.pid, how)
        driver.wait(timeout=60)
    disturbed.run(*TABLES, slurm=slurm)

    assert_as_if_undisturbed(disturbed, undisturbed)
    assert [len(disturbed.trainings()[name]) for name in LONG] == [2, 2]


def test_time_limit_cuts_a_training_in_parts(slurm, disturbed, undisturbed):
    # SLURM counts in minutes; the signal comes so early that it meets the training in mid-run.
    disturbed.settings["only"] = {}
    limit = [
        "--set-resources",
        "train:runtime=1",
        "train:slurm_partition=gpu",
        "train:slurm_extra=--signal=TERM@35",
    ]
    disturbed.run(*TABLES, slurm=slurm, options=limit)

    assert_as_if_undisturbed(disturbed, undisturbed)
    assert max(len(disturbed.trainings()[name]) for name in LONG) > 1


@pytest.mark.parametrize("whole_node", [False, True])
def test_node_that_fails_and_returns(slurm, disturbed, undisturbed, whole_node):
    with disturbed.running(*TABLES, slurm=slurm) as driver:
        in_mid_run(disturbed)
        slurm.kill("slurmd")
        if whole_node:  # the jobs are gone with it
            for process in slurm.processes():
                os.kill(process, signal.SIGKILL)
        slurm.start_node()
        assert driver.wait(timeout=400) == 0, disturbed.driver_log()

    assert_as_if_undisturbed(disturbed, undisturbed)
    jobs = 2 if whole_node else 1
    assert [len(disturbed.trainings()[name]) for name in LONG] == [jobs, jobs]
