"""One GPU for each process, with pretend cards; the locks are real."""

import subprocess
import sys

import pytest
import torch

from ffensembles.learning import gpus
from ffensembles.learning.devices import choose
from ffensembles.learning.gpus import take_card, visible_cards


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """Return a function that sets up a machine of some cards, and what this process then has."""
    chosen = []
    monkeypatch.setattr(gpus, "FOLDER", tmp_path)
    monkeypatch.setattr(gpus, "PAUSE", 0.01)
    monkeypatch.setattr(gpus, "_held", [])
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)

    def set_up(cards, visible=None, slurm=None):
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cards)
        for name, value in (("CUDA_VISIBLE_DEVICES", visible), ("SLURM_JOB_ID", slurm)):
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)
        return chosen

    yield set_up
    for file in gpus._held:
        file.close()


OTHER = """
import sys, pathlib
from types import SimpleNamespace
sys.modules["torch"] = SimpleNamespace(  # which takes seconds to import
    cuda=SimpleNamespace(
        device_count=lambda: int(sys.argv[2]),
        set_device=lambda place: print(place, flush=True),
    )
)
from ffensembles.learning import gpus
gpus.FOLDER = pathlib.Path(sys.argv[1])
gpus.take_card()
sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path):
    """Return a function that starts another process that takes a card, and says which."""
    processes = []

    def start(cards):
        process = subprocess.Popen(
            [sys.executable, "-c", OTHER, tmp_path, str(cards)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process, int(process.stdout.readline())

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_each_process_takes_a_card_of_its_own_and_waits_where_none_is_left(
    machine, other, monkeypatch, caplog
):
    chosen = machine(cards=2)
    process, place = other(2)
    assert place == 0
    take_card()
    assert chosen == [1]
    take_card()
    assert chosen == [1]  # it has one
    monkeypatch.setattr(gpus, "_held", kept := [])  # as if in a third process
    waits = []

    def killed(seconds):
        waits.append(seconds)
        process.kill()  # lets its card go, whatever it was doing
        process.wait()

    monkeypatch.setattr(gpus.time, "sleep", killed)
    take_card()
    assert (chosen, waits) == ([1, 0], [0.01])
    assert "all GPUs are taken (0, 1); waiting for one" in caplog.text
    kept.clear()


def test_a_card_goes_by_the_name_that_it_has_on_the_machine(machine, tmp_path):
    chosen = machine(cards=2, visible="5,GPU-3a")
    assert visible_cards() == ["5", "GPU-3a"]
    take_card()
    assert chosen == [0]
    assert [path.name for path in tmp_path.iterdir()] == ["ffensembles-gpu-5.lock"]


def test_the_card_that_slurm_gave_is_taken_without_a_lock(machine, tmp_path):
    """Each job may see its card as number 0."""
    chosen = machine(cards=1, visible="0", slurm="12")
    take_card()
    assert chosen == [] and not list(tmp_path.iterdir())


def test_of_several_cards_in_an_allocation_one_is_locked_for_that_allocation(machine, tmp_path):
    chosen = machine(cards=4, visible="0,1,2,3", slurm="12")
    take_card()
    assert chosen == [0]
    assert [path.name for path in tmp_path.iterdir()] == ["ffensembles-gpu-12-0.lock"]


def test_choosing_a_gpu_takes_one_and_a_cpu_none(machine):
    chosen = machine(cards=1)
    assert choose("cpu").type == "cpu" and chosen == []
    assert choose("auto").type == "cuda" and chosen == [0]
