"""Provenance: hours of training, the commit, and a page that holds all of it."""

import subprocess

import pandas as pd
import pytest

from ffensembles.files import write_parquet
from ffensembles.pipeline import checkout, provenance

ABOUT = {
    "settings": {"study": "main", "dataset": "mnist", "model": "ff"},
    "device": "cuda",
    "hardware": "NVIDIA A100 & co",
    "precision": "auto",
    "products": "highest by blas",
    "threads": 4,
    "torch": "2.9.0",
    "dataset": "4bf5",
    "code": "0123",
    "seeds": [0, 1],
    "commit": "1234567890abcdef",
    "taken_from": "networks.zip",
}


@pytest.fixture
def log(tmp_path):
    """Write a training log and return its path: two layers, the first of two epochs."""

    def write(epochs, **changes):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.log.parquet"
        columns = ["seed", "layer", "epoch", "seconds"]
        write_parquet(pd.DataFrame(epochs, columns=columns), path, ABOUT | changes)
        return path

    return write


NO_COSTS = provenance.costs("nowhere")
TOGETHER = [(s, layer, 1, seconds) for layer, seconds in ((1, 20.0), (2, 40.0)) for s in (0, 1)]
IN_TURN = [(0, 0, 1, 1000.5), (1, 0, 1, 1100.25), (0, 0, 2, 700.0), (1, 0, 2, 799.25)]


def test_seeds_trained_together_count_once_and_seeds_in_turn_each(log):
    together, in_turn = provenance.trainings([log(TOGETHER), log(IN_TURN)]).to_dict("records")
    assert together["seconds"] == 60
    assert in_turn["seconds"] == 3600
    assert together["seeds"] == 2


def test_hours_are_told_apart_by_device(log):
    paths = [log(IN_TURN), log(IN_TURN, seeds=[2, 3]), log(IN_TURN, device="cpu", threads=8)]
    assert provenance.hours(provenance.trainings(paths)) == (
        "6 runs in 3 trainings: 2.00 GPU hours, and 1.00 hours on CPUs (8.00 core hours)."
    )


def test_the_page_sums_the_blocks_of_an_experiment(log):
    logs = [log(IN_TURN), log(TOGETHER, seeds=[2, 3]), log(TOGETHER, hardware="other")]
    logs += [log(TOGETHER, hardware="third", diverged={"1": "epoch 2"})]
    page = provenance.provenance_page(
        provenance.trainings(logs),
        NO_COSTS,
        commit="abc",
        versions={"Python": "3.11.2"},
        config="a: <b>\n",
    )
    cells = '<td class="text">{}</td>' * 10 + "<td>{}</td>" * 2
    about = [
        "main",
        "MNIST",
        "FF",
        "GPU",
        "NVIDIA A100 &amp; co",
        "highest by blas",
        "2.9.0",
        "4",
        "1234567890ab",
        "networks.zip",
    ]
    assert cells.format(*about, "4", "1:01:00") in page
    assert cells.format(*about[:4], "other", *about[5:], "2", "0:01:00") in page
    lost = "2, of which diverged: seed 1 in epoch 2"
    assert cells.format(*about[:4], "third", *about[5:], lost, "0:01:00") in page
    for text in ("abc", "3.11.2", "a: &lt;b&gt;", "4bf5"):
        assert text in page


def test_a_run_without_any_training_has_a_page():
    page = provenance.provenance_page(
        provenance.trainings([]), NO_COSTS, commit="", versions={}, config=""
    )
    assert "0 runs in 0 trainings: 0.00 GPU hours" in page


@pytest.mark.parametrize("key", ["hardware", "products", "commit"])
def test_an_older_log_is_read(log, key):
    path = log(TOGETHER)
    table = pd.read_parquet(path)
    write_parquet(table, path, {k: v for k, v in ABOUT.items() if k != key})
    assert provenance.trainings([path])[key].tolist() == ["not recorded"]


def test_the_commit_is_that_of_the_folder_itself(tmp_path):
    def git(*arguments):
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        command = ["git", "-C", tmp_path, *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    assert checkout.commit(tmp_path).startswith("unknown")
    git("init")
    (tmp_path / "file").write_text("1")
    git("add", "file")
    git("commit", "-m", "first")
    head = git("rev-parse", "HEAD")
    assert checkout.commit(tmp_path) == head
    (tmp_path / "results").write_text("not tracked")
    assert checkout.commit(tmp_path) == head
    (tmp_path / "file").write_text("2")
    assert checkout.commit(tmp_path) == f"{head}, with uncommitted changes"
    (tmp_path / "within").mkdir()
    assert checkout.commit(tmp_path / "within").startswith("unknown")


def test_a_clone_of_someone_elses_has_a_commit_too(tmp_path, monkeypatch):
    def git(*arguments):
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", "-C", tmp_path, *identity, *arguments], check=True)

    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "first")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")  # git plays that we do not own it
    assert len(checkout.commit(tmp_path)) == 40


def test_why_git_refuses_is_told(tmp_path, monkeypatch):
    assert "not a git repository" in checkout.commit(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("damaged")
    assert checkout.commit(tmp_path).startswith("unknown: git says '")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert checkout.commit(tmp_path).startswith("unknown: git cannot be run (No such file")


def test_every_named_package_is_installed():
    assert set(provenance.versions()) == {"Python", *provenance.PACKAGES}


HEAD = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


@pytest.fixture
def benchmarks(tmp_path):
    """Write what Snakemake measures of three jobs of two rules; return the folder."""
    for name, seconds, memory in (
        ("train/digits/ff/main/seeds-0-1", "3600.25", "2500.5"),
        ("train/digits/bp/main/seeds-0-1", "61.5", "1200.0"),
        ("measure_accuracy/digits/ff/main", "0.2", "-"),
    ):
        path = tmp_path / f"benchmarks/{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{HEAD}{seconds}\t0:00:00\t{memory}\t-\t-\t-\t0\t0\t99.0\t3.0\n")
    return tmp_path / "benchmarks"


def test_costs_are_added_up_by_rule(benchmarks):
    train, accuracy = provenance.costs(benchmarks).to_dict("records")
    assert train == {
        **{"rule": "train", "jobs": 2, "seconds": 3661.75},
        **{"longest": 3600.25, "memory": 2500.5},
    }
    assert (accuracy["rule"], accuracy["jobs"], accuracy["seconds"]) == ("measure_accuracy", 1, 0.2)
    assert pd.isna(accuracy["memory"])


def test_the_page_has_a_table_of_costs(benchmarks):
    page = provenance.provenance_page(
        provenance.trainings([]),
        provenance.costs(benchmarks),
        **{"commit": "", "versions": {}, "config": ""},
    )
    cells = '<td class="text">{}</td>' + "<td>{}</td>" * 4
    assert cells.format("train", 2, "1:01:02", "1:00:00", "2.44 GiB") in page
    assert cells.format("measure_accuracy", 1, "0:00:00", "0:00:00", "–") in page


def test_without_benchmarks_nothing_is_said_of_costs():
    page = provenance.provenance_page(
        provenance.trainings([]), NO_COSTS, commit="", versions={}, config=""
    )
    assert "Cost" not in page
