"""What only a GPU can show; skipped where there is none."""

import pytest
import torch

from ffensembles.learning import cuda_graph
from ffensembles.learning.devices import choose
from ffensembles.learning.kinds import find_kind
from ffensembles.learning.loop import train
from ffensembles.learning.split import Split
from helpers.small_training import TRAININGS, Fatal, Killed, digits, experiment

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no usable GPU")


def trained(e, folder, *, kill_after=0, device="cuda", precision="auto", split=None):
    return train(
        e,
        [0, 1],
        split or digits(400),
        Fatal(folder / "checkpoint", {}, kill_after=kill_after),
        random_seed=0,
        device=choose(device),
        precision_name=precision,
    )


def assert_same_bits(ours, theirs):
    for name, tensor in theirs.state.items():
        assert torch.equal(ours.state[name], tensor), name


@pytest.mark.parametrize("model, settings", TRAININGS)
def test_replayed_steps_have_the_bits_of_eager_ones(model, settings, tmp_path, monkeypatch):
    e = experiment(model, epochs=4, **settings)
    replayed = trained(e, tmp_path / "replayed")
    monkeypatch.setattr(cuda_graph, "has_graphs", lambda device: False)
    assert_same_bits(replayed, trained(e, tmp_path / "eager"))


@pytest.mark.parametrize("model, settings", TRAININGS)
def test_a_killed_training_ends_with_the_same_bits(model, settings, tmp_path):
    e = experiment(model, epochs=4, **settings)
    whole = trained(e, tmp_path / "whole")
    with pytest.raises(Killed):
        trained(e, tmp_path / "broken", kill_after=10)
    assert_same_bits(trained(e, tmp_path / "broken"), whole)


@pytest.mark.parametrize("model", ["ff", "bpff", "bp"])
def test_the_estimate_of_memory_holds(model, tmp_path):
    e = experiment(model, units=3072, batch_size=1024, epochs=1)
    split = Split(torch.rand(20_000, 3072), torch.arange(20_000) % 10, (3, 32, 32), 10)
    shared, per_seed = find_kind(e, split.shape, split.categories).memory(20_000)
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    trained(e, tmp_path, split=split)
    peak = torch.cuda.max_memory_allocated() - before
    estimate = shared + 2 * per_seed
    assert estimate / 1.3 < peak < 1.1 * estimate


@pytest.mark.parametrize("model", ["ff", "bpff", "bp"])
def test_a_gpu_trains_as_a_cpu_does_whether_in_tf32_or_float32(model, tmp_path):
    e = experiment(model, epochs=3)
    losses = [
        trained(e, tmp_path / f"{device}-{precision}", device=device, precision=precision).log.loss
        for device, precision in (("cpu", "highest"), ("cuda", "highest"), ("cuda", "high"))
    ]
    cpu, highest, tf32 = (torch.tensor(loss.to_numpy()) for loss in losses)
    torch.testing.assert_close(highest, cpu, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(tf32, highest, rtol=0.02, atol=1e-3)
