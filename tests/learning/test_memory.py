"""How many seeds fit into a device's memory together."""

import pytest
import torch

from ffensembles.errors import UserError
from ffensembles.learning import memory
from ffensembles.learning.kinds import find_kind
from ffensembles.learning.memory import seeds_that_fit
from helpers.peak_memory import PeakMemory, simulated_peak
from helpers.small_training import experiment

CPU = torch.device("cpu")
COLOUR = 3, 32, 32


def estimate(e, seeds, images, shape):
    shared, per_seed = find_kind(e, shape, 10).memory(images)
    return shared + seeds * per_seed


@pytest.mark.parametrize("seeds", [1, 10])
@pytest.mark.parametrize("units", [3072, 500])
@pytest.mark.parametrize(
    "model, settings",
    [("ff", {}), ("ff", {"goodness": "l1"}), ("bpff", {}), ("bp", {}), ("bp", {"layers": 5})],
)
def test_the_estimate_lies_little_above_the_simulated_peak(model, settings, units, seeds):
    e = experiment(model, units=units, batch_size=1024, **settings)
    peak = simulated_peak(e, seeds, 8000, COLOUR)
    assert peak <= estimate(e, seeds, 8000, COLOUR) <= 1.15 * peak


@pytest.mark.parametrize("seeds, gib", [(1, 3.5), (10, 22)])
def test_the_largest_training_fits_a_card_of_24_gib_and_one_seed_of_it_one_of_4(seeds, gib):
    svhn = experiment("ff", units=3072, batch_size=1024)
    peak = simulated_peak(svhn, seeds, 73_257, COLOUR)
    assert peak <= gib * 2**30
    assert peak <= estimate(svhn, seeds, 73_257, COLOUR) <= 1.15 * peak


def test_the_simulation_counts_what_exists_at_once():
    with PeakMemory() as memory:
        a = torch.zeros(1000)
        b = a + 1
        del b
        a.view(10, 100).add_(1)
        c = torch.zeros(500) + 1
        del c
    assert (memory.now, memory.peak) == (4000, 8000)


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
