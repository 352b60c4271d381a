"""A training that is killed at any moment and started again ends with the same bits."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest
import torch

KILLS = {"ff": 3, "bpff": 2, "bp": 2}


class Trainer:
    """Trains in processes that can be killed."""

    def __init__(self):
        self.server = subprocess.Popen(
            [sys.executable, "-m", "helpers.kill_target"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def train(self, model, folder, interval=0.01, kill=signal.SIGKILL, after=None, saved=False):
        """Train, or go on training, send a signal after some seconds; return the status.

        Where `saved` is true, the seconds count from the first save of this process.
        """
        before = last_save(folder)
        self.server.stdin.write(f"{model} {folder} {interval}\n")
        self.server.stdin.flush()
        pid = int(self.server.stdout.readline())
        if after is not None:
            deadline = time.monotonic() + 60
            while saved and last_save(folder) == before and time.monotonic() < deadline:
                time.sleep(0.001)
            time.sleep(after)
            try:
                os.kill(pid, kill)
            except ProcessLookupError:
                assert int(self.server.stdout.readline()) == 0
                return 0
        return int(self.server.stdout.readline())


def last_save(folder):
    path = folder / "0-1.pt"
    return path.stat().st_mtime_ns if path.exists() else None


@pytest.fixture(scope="module")
def trainer():
    trainer = Trainer()
    yield trainer
    trainer.server.stdin.close()
    trainer.server.wait()


@pytest.fixture(scope="module")
def unbroken(trainer, tmp_path_factory):
    """Return a function that gives the final state of an unbroken run, and its seconds."""
    runs = {}

    def run(model):
        if model not in runs:
            folder = tmp_path_factory.mktemp(model)
            assert trainer.train(model, folder) == 0  # warms up
            (folder / "0-1.pt").unlink()
            started = time.monotonic()
            assert trainer.train(model, folder) == 0
            runs[model] = state(folder), time.monotonic() - started
        return runs[model]

    return run


def state(folder):
    saved = torch.load(folder / "0-1.pt", weights_only=True)["state"]
    snapshots = sorted((folder / "snapshots").glob("[!.]*"))
    return saved | {"snapshots": {path.name: path.read_bytes() for path in snapshots}}


def assert_same_bits(ours, theirs):
    assert ours["network"].keys() == theirs["network"].keys()
    for name, tensor in theirs["network"].items():
        assert torch.equal(ours["network"][name], tensor), name
    assert ours["snapshots"] == theirs["snapshots"]
    assert str([row[:-1] for row in ours["rows"]]) == str([row[:-1] for row in theirs["rows"]])


@pytest.mark.parametrize("model", KILLS)
def test_sigkill_at_random_moments(model, trainer, unbroken, tmp_path):
    final, seconds = unbroken(model)
    moments = random.Random(model)
    landed, resumed, finished = 0, set(), 0
    while landed < KILLS[model] or not finished:
        wanted = landed < KILLS[model]
        after = moments.uniform(0.05, 0.5) * seconds if wanted else None
        status = trainer.train(model, tmp_path, after=after, saved=landed > 0)
        assert status in (0, -signal.SIGKILL)
        if status == 0:
            finished += 1
            assert_same_bits(state(tmp_path), final)
            if wanted:
                (tmp_path / "0-1.pt").unlink()
                seconds *= 0.7  # the first training of a process may take longer than the others
        else:
            landed += 1
            if (tmp_path / "0-1.pt").exists():
                resumed.add(tuple(state(tmp_path)["position"]))
    # Most kills fell between two steps of the training, none of them alike.
    assert len(resumed) >= KILLS[model] / 2


@pytest.mark.parametrize("model", KILLS)
def test_sigterm_saves_at_once(model, trainer, unbroken, tmp_path):
    final, seconds = unbroken(model)
    never = 1e9  # no save is due but the one on the signal
    for part in (0.5, 0.3, 0.7, 0.2, 0.8, 0.4):  # on a busy machine some miss the training
        status = trainer.train(model, tmp_path, never, signal.SIGTERM, part * seconds)
        if status == 143:
            break
        (tmp_path / "0-1.pt").unlink(missing_ok=True)
        seconds *= 0.8
    assert status == 143
    phase, epoch, batch = state(tmp_path)["position"]
    assert phase + epoch + batch > 1
    assert trainer.train(model, tmp_path, never) == 0
    assert_same_bits(state(tmp_path), final)
