"""Checkpoints: what is saved is what is loaded, or nothing; and when."""

import os
import signal
from contextlib import nullcontext

import pytest
import torch

from ffensembles.learning import checkpoints
from ffensembles.learning.checkpoints import Checkpoint

CPU = torch.device("cpu")
STATE = {"weights": torch.arange(3.0), "position": [1, 2, 3], "diverged": {4: "epoch 2"}}


def test_a_state_comes_back_as_it_was(tmp_path):
    # torch's version is a class of its own, which torch.load would refuse.
    identity = {"torch": torch.__version__, "seeds": [0, 1], "settings": {"units": 5}}
    Checkpoint(tmp_path / "a" / "c.pt", identity).save(STATE)
    loaded = Checkpoint(tmp_path / "a" / "c.pt", dict(reversed(identity.items()))).load(CPU)
    assert torch.equal(loaded.pop("weights"), STATE["weights"])
    assert loaded == {"position": [1, 2, 3], "diverged": {4: "epoch 2"}}
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["c.pt"]


def test_nothing_to_load(tmp_path):
    assert Checkpoint(tmp_path / "c.pt", {}).load(CPU) is None


@pytest.mark.parametrize(
    "content, word",
    [
        (b"", "cannot be read"),
        (b"half a", "cannot be read"),
        (None, "is of other code;"),
    ],
)
def test_a_checkpoint_that_does_not_fit_starts_anew(tmp_path, caplog, content, word):
    path = tmp_path / "c.pt"
    Checkpoint(path, {"code": "old"}).save(STATE)
    if content is not None:
        path.write_bytes(content)
    assert Checkpoint(path, {"code": "new"}).load(CPU) is None
    assert word in caplog.text and "starts anew" in caplog.text


def test_a_state_saved_with_other_threads_is_taken_up_and_that_is_said(tmp_path, caplog):
    path = tmp_path / "c.pt"
    Checkpoint(path, {"code": "same"}, circumstances={"threads": 2, "torch": "2"}).save(STATE)
    later = Checkpoint(path, {"code": "same"}, circumstances={"threads": 1, "torch": "2"})
    assert later.load(CPU)["position"] == [1, 2, 3]
    assert "saved with threads 2 and goes on with 1; the last bits may differ" in caplog.text
    assert "torch" not in caplog.text


def test_a_truncated_checkpoint_starts_anew(tmp_path):
    path = tmp_path / "c.pt"
    Checkpoint(path, {}).save(STATE)
    path.write_bytes(path.read_bytes()[:-100])
    assert Checkpoint(path, {}).load(CPU) is None


def test_it_saves_when_the_interval_is_over_and_never_too_often(tmp_path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(checkpoints.time, "monotonic", lambda: now[0])
    saved = []

    def slow_save(*_):
        saved.append(now[0])
        now[0] += 4

    checkpoint = Checkpoint(tmp_path / "c.pt", {}, interval=10)
    monkeypatch.setattr(checkpoints.torch, "save", slow_save)
    monkeypatch.setattr(checkpoints, "atomic", lambda path: nullcontext(path))
    for now[0] in (1, 9, 11, 30, 134, 136):
        checkpoint.after_step(dict)
    assert saved == [11, 136]  # a save that takes 4 seconds is not due again for 120


@pytest.fixture
def interruptible():
    """Ctrl-C is heeded, which a process in the background may have been told to ignore."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


ENDS = pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["SIGTERM", "Ctrl-C"]
)


@ENDS
@pytest.mark.usefixtures("interruptible")
def test_a_signal_ends_the_training_after_its_step_and_is_given_back(number, status, tmp_path):
    before = signal.getsignal(number)
    checkpoint = Checkpoint(tmp_path / "c.pt", {})
    with pytest.raises(SystemExit) as exit, checkpoint:
        os.kill(os.getpid(), number)
        checkpoint.after_step(lambda: STATE)
    assert exit.value.code == status
    assert checkpoint.load(CPU)["position"] == [1, 2, 3]
    assert signal.getsignal(number) == before


@ENDS
@pytest.mark.usefixtures("interruptible")
def test_a_signal_after_the_last_step_is_obeyed_too(number, status, tmp_path):
    with pytest.raises(SystemExit) as exit, Checkpoint(tmp_path / "c.pt", {}):
        os.kill(os.getpid(), number)
    assert exit.value.code == status


def test_an_error_is_not_hidden_by_sigterm(tmp_path):
    with pytest.raises(ZeroDivisionError), Checkpoint(tmp_path / "c.pt", {}):
        os.kill(os.getpid(), signal.SIGTERM)
        raise ZeroDivisionError
