"""How many seeds fit into a device's memory together."""

import pytest
import torch

from ffensembles.errors import UserError
from ffensembles.training import memory
from ffensembles.training.memory import seeds_that_fit

CPU = torch.device("cpu")


def test_a_block_is_cut_to_the_free_memory(monkeypatch, caplog):
    monkeypatch.setattr(memory, "free_memory", lambda device: 1000)
    assert seeds_that_fit(10, 100, 50, CPU) == 10
    assert not caplog.records
    assert seeds_that_fit(10, 100, 200, CPU) == 4
    assert "seeds_per_job cut from 10 to 4" in caplog.text
    with pytest.raises(UserError, match="one seed needs about"):
        seeds_that_fit(10, 100, 801, CPU)
    with pytest.raises(UserError):
        seeds_that_fit(10, 5000, 1, CPU)


def test_a_slurm_job_has_no_more_than_its_share(monkeypatch):
    monkeypatch.delenv("SLURM_MEM_PER_NODE", raising=False)
    assert memory.free_memory(CPU) > 2**20
    monkeypatch.setenv("SLURM_MEM_PER_NODE", "1")
    assert memory.free_memory(CPU) < 2**20
