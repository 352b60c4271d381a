"""The demo's whole DAG through profiles/slurm, and what SLURM recorded of it."""

from datetime import datetime

import pytest
import yaml

from ffensembles.experiments import read_experiments
from helpers.pipeline import two_studies
from helpers.study import LOCAL, SHORT_MODEL, SLURM, SMALL

# Every rule and file of the demo, with trainings of a few epochs.
SHORT = {"only": {"epochs": 3}}


def test_the_demo_is_green_and_gives_the_tables_of_a_local_run(slurm, study):
    clustered, local = study("clustered", **SHORT), study("local", **SHORT)
    clustered.run("all", slurm=slurm)
    local.run("tables", "sweeps", profile=LOCAL)

    assert clustered.tables() == local.tables()
    assert (clustered.folder / "results/demo/report.html").exists()

    trainings = slurm.jobs("train")
    assert set(clustered.trainings()) == set(local.trainings())
    rows = read_experiments(clustered.folder / "config/demo.tsv")  # a job trains all runs of each
    assert len(trainings) == len(local.trainings()) == len(rows) > slurm.gpus
    assert {job["TresPerJob"] for job in trainings} == {"gres:gpu:1"}
    assert most_at_once(trainings) == slurm.gpus
    assert {job["Partition"] for job in trainings} == {"gpu"}

    others = [job for job in slurm.jobs() if job not in trainings]
    assert {job["Partition"] for job in others} == {"cpu"}
    assert not any("TresPerJob" in job for job in others)
    assert {job["JobState"] for job in slurm.jobs()} == {"COMPLETED"}
    # Representations and what is measured on them go as one job per experiment that has any.
    representations = clustered.folder / "results/demo/representations"
    experiments = {path.parent for path in representations.rglob("seed-*.parquet")}
    assert len(slurm.jobs("experiment")) == len(experiments) > 0
    assert len(others) < 50
    names = {job["Comment"] for job in others}
    assert not any(rule in name for name in names for rule in ("tabulate", "plot", "fetch"))


@pytest.mark.parametrize(
    ("by", "as_recorded"),
    [("gpus", ("TresPerJob", "gres:gpu:1")), ("gres", ("TresPerNode", "gres:gpu:1"))],
)
def test_slurm_has_a_training_as_the_profile_asks_for_it(slurm, study, by, as_recorded):
    asking = study("asking", **SMALL)
    profile = asking.folder / "profiles/slurm/config.yaml"
    profile.write_text(profile.read_text().replace("gpus_by: gpus", f"gpus_by: {by}"))
    submitted = slurm.note("sbatch")
    asking.run(SHORT_MODEL, slurm=slurm)

    (job,) = slurm.jobs("train")
    gpus = [(key, job[key]) for key in ("TresPerJob", "TresPerNode") if key in job]
    assert gpus == [as_recorded]
    assert (job["Partition"], job["TimeLimit"]) == ("gpu", "12:00:00")
    # SLURM does not show the signal that comes before the limit.
    (words,) = (line for line in submitted.read_text().splitlines() if "rule_train" in line)
    assert "--signal=TERM@120" in words


def test_the_demo_is_green_on_another_executor_and_asks_nothing_of_slurm(study):
    generic, local = study("generic", **SHORT), study("local", **SHORT)
    for of in (generic, local):
        two_studies(of.folder)
    executor = ["--executor", "cluster-generic", "--cluster-generic-submit-cmd", "bash"]
    quick = ["--seconds-between-status-checks", "1", "--jobs", "2", "--latency-wait", "20"]
    groups = yaml.safe_load((generic.folder / SLURM[0] / "config.yaml").read_text())["groups"]
    together = ["--groups", *(f"{rule}={group}" for rule, group in groups.items())]
    generic.run("all", profile=LOCAL, options=[*executor, *quick, *together])
    local.run("tables", "sweeps", profile=LOCAL)
    assert generic.tables() == local.tables()
    assert (generic.folder / "results/demo/report.html").exists()


def most_at_once(jobs):
    """Return how many of the jobs ran at the same time, at most."""
    events = [(datetime.fromisoformat(job["StartTime"]), 1) for job in jobs]
    events += [(datetime.fromisoformat(job["EndTime"]), -1) for job in jobs]
    running = most = 0
    for _, change in sorted(events):
        running += change
        most = max(most, running)
    return most
