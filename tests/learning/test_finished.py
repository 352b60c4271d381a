"""Seeds that lie in finished blocks are taken from there; one process at a time trains a block."""

import threading
import time

import pytest
import torch
from safetensors import safe_open

from ffensembles.files import read_frame, read_metadata
from ffensembles.learning import block, weights
from ffensembles.learning.lock import locked
from helpers.small_training import ON_CPU, digits_dataset, experiment, kind

FF = experiment("ff", epochs=1, units=8)
SNAPSHOTS = ".snapshots.safetensors"


@pytest.fixture(scope="module")
def data():
    return digits_dataset()


@pytest.fixture
def train(tmp_path, data, monkeypatch):
    """Return a function that makes a block, and says which seeds it trained for that."""
    calls = []
    real = block.train
    monkeypatch.setattr(
        block, "train", lambda e, part, *a, **k: calls.append(part) or real(e, part, *a, **k)
    )

    def train(*seeds, e=FF, **changes):
        stem = tmp_path / f"seeds-{seeds[0]}-{seeds[-1]}"
        block.train_block(
            e,
            list(seeds),
            data,
            model_path=f"{stem}.safetensors",
            log_path=f"{stem}.log.parquet",
            snapshots_path=f"{stem}{SNAPSHOTS}",
            **{**ON_CPU, "snapshots_of": 0, **changes},
        )
        found = [seed for part in calls for seed in part]
        calls.clear()
        return found

    return train


def network(path, seed):
    return kind("ff", epochs=1, units=8).state(
        weights.load(kind("ff", epochs=1, units=8), path, seed)
    )


@pytest.mark.parametrize(("seeds", "of"), [((0,), 0), ((1, 2), 1), ((1, 2), 0), ((0, 1, 2), 1)])
def test_seeds_of_finished_blocks_are_not_trained_again(seeds, of, train, tmp_path):
    assert train(0, 1, snapshots_of=of) == [0, 1] and train(2, 3, snapshots_of=of) == [2, 3]
    assert train(*seeds, snapshots_of=of) == []
    path = tmp_path / f"seeds-{seeds[0]}-{seeds[-1]}.safetensors"
    for seed in seeds:
        home = tmp_path / f"seeds-{'0-1' if seed < 2 else '2-3'}.safetensors"
        expected = network(home, seed)
        assert all(torch.equal(x, expected[name]) for name, x in network(path, seed).items())
    assert read_frame(path.with_suffix(".log.parquet"))["seed"].unique().tolist() == [*seeds]
    assert read_metadata(path.with_suffix(".log.parquet"))["seeds"] == [*seeds]
    with safe_open(path.with_suffix(SNAPSHOTS), framework="pt") as file:
        assert bool(file.keys()) == (of in seeds)


def test_a_seed_of_two_blocks_has_its_log_once(train, tmp_path):
    train(0, 1)
    train(1, 2)
    assert train(0, 1, 2) == []
    log = read_frame(tmp_path / "seeds-0-2.log.parquet")
    assert len(log) == 9 and not log.duplicated(["seed", "layer", "epoch"]).any()


def test_snapshots_of_one_seed_are_never_taken_for_those_of_another(train, tmp_path):
    """Where `figures.seed` changes before a training that was ended goes on."""
    train(0, 1, snapshots_of=0, abandoned=lambda: True)
    for path in tmp_path.iterdir():
        if path.is_file():
            path.unlink()
    train(0, 1, snapshots_of=1)
    with safe_open(tmp_path / f"seeds-0-1{SNAPSHOTS}", framework="pt") as file:
        assert list(file.keys()) == []


def test_a_block_that_is_there_already_is_left_as_it_is(train, tmp_path):
    train(0, 1)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert train(0, 1) == []
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    "other",
    [
        {"e": experiment("ff", epochs=2, units=8)},
        {"random_seed": 1},
        {"code": "y"},
        {"precision": "medium"},
        {"snapshots_of": 1},
    ],
    ids=str,
)
def test_what_was_trained_otherwise_is_trained_again(other, train):
    train(0, 1)
    assert train(1, **other) == [1]


def test_so_is_what_is_lacking_and_what_has_lost_its_snapshots(train, tmp_path):
    train(0, 1)
    assert train(1, 2) == [1, 2]
    (tmp_path / f"seeds-0-1{SNAPSHOTS}").unlink()
    assert train(0) == [0]
    (tmp_path / "seeds-0-1.log.parquet").write_text("damaged")
    (tmp_path / "seeds-1-2.safetensors").unlink()
    assert train(1) == [1]


def test_checkpoints_stay_for_the_next_run_where_nobody_waits_any_more(train, tmp_path, caplog):
    folder = tmp_path / "seeds-0-1.checkpoints"
    assert train(0, 1, abandoned=lambda: True) == [0, 1]
    assert "is finished, and its run is gone" in caplog.text
    log = read_frame(tmp_path / "seeds-0-1.log.parquet")
    for path in tmp_path.glob("seeds-0-1.*"):  # as Snakemake does to what it calls incomplete
        if path != folder:
            path.unlink()
    train(0, 1)
    assert read_frame(tmp_path / "seeds-0-1.log.parquet").equals(log)  # its seconds, too
    assert not folder.exists()


def test_a_lock_is_awaited_by_one_after_the_other_and_leaves_no_file(tmp_path, caplog):
    inside, most = [], []

    def work():
        with locked(tmp_path / "a/b.lock", "some block"):
            inside.append(1)
            most.append(len(inside))
            begun.set()
            go_on.wait(10)
            inside.pop()

    begun, go_on = threading.Event(), threading.Event()
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    begun.wait(10)
    deadline = time.monotonic() + 10
    while caplog.text.count("some block: ") < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert caplog.text.count("trains it already; waiting until that ends") == 3
    go_on.set()
    for thread in threads:
        thread.join()
    assert most == [1, 1, 1, 1]
    assert list((tmp_path / "a").iterdir()) == []


def test_where_a_file_system_has_no_locks_the_work_is_done_all_the_same(
    tmp_path, caplog, monkeypatch
):
    def refuse(*_):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr("fcntl.flock", refuse)
    with locked(tmp_path / "lock", "some block"):
        assert "cannot be locked (" in caplog.text
    assert list(tmp_path.iterdir()) == []
