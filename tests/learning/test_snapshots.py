from functools import partial

import pytest
import torch

from ffensembles.errors import UserError
from ffensembles.learning.snapshots import Snapshots, epochs_kept, networks
from helpers.small_training import digits, experiment, kind, trained, weights


@pytest.mark.parametrize(
    "epochs, kept",
    [(1, [0, 1]), (2, [0, 1, 2]), (8, [0, 1, 2, 4, 8]), (11, [0, 1, 2, 4, 8, 11])],
)
def test_epochs_kept(epochs, kept):
    assert epochs_kept(epochs) == kept


@pytest.fixture
def snapshots(tmp_path):
    """Return a function that trains seeds 0 and 1 and returns seed 1's snapshots, and both."""

    def train(model, epochs=3, of=1):
        e = experiment(model, epochs=epochs, units=20)
        taken = Snapshots(tmp_path / f"{model}-{epochs}", of, epochs)
        observe = partial(taken.take, seeds=[0, 1])
        result = trained(e, [0, 1], digits(200), tmp_path / f"c-{model}-{epochs}", observe=observe)
        path = tmp_path / f"{model}-{epochs}.safetensors"
        taken.save(path, result.state, result.diverged)
        return path, result.state

    return train


def same(network, state, names=None):
    ours = weights(network.state())
    return all(torch.equal(ours[name], state[name]) for name in names or state)


@pytest.mark.parametrize("model", ["bp", "bpff"])
def test_whole_networks_at_each_epoch(snapshots, model):
    path, final = snapshots(model)
    found = list(networks(kind(model), path))
    assert [(layer, epoch) for layer, epoch, _ in found] == [(3, 0), (3, 1), (3, 2), (3, 3)]
    assert same(found[-1][2], weights(final, 1))
    # What training for two epochs ends with is what training for three went through.
    _, earlier = snapshots(model, epochs=2)
    assert same(found[2][2], weights(earlier, 1))
    assert (found[0][2].head is None) == (model == "bpff")


def test_each_layer_of_ff_has_its_own_clock(snapshots):
    path, final = snapshots("ff", epochs=2)
    found = list(networks(kind("ff"), path))
    assert [(layer, epoch) for layer, epoch, _ in found] == [
        (layer, epoch) for layer in (1, 2, 3) for epoch in (0, 1, 2)
    ]
    state = weights(final, 1)
    for layer, epoch, network in found:
        assert len(network.layers) == layer
        before = [name for name in state if int(name[5]) < layer]
        assert same(network, state, before) if before else True
        now = [f"layer{layer}.weight", f"layer{layer}.bias"]
        assert same(network, state, now) == (epoch == 2)


def test_no_snapshots_of_another_block(snapshots):
    path, _ = snapshots("bp", of=7)
    with pytest.raises(UserError, match=r"beyond\.studies"):
        list(networks(kind("bp"), path))


def test_nor_where_some_are_missing(tmp_path, snapshots):
    _, state = snapshots("bp", epochs=2)
    folder = tmp_path / "bp-2"
    (folder / "layer1-1.safetensors").unlink()
    path = tmp_path / "again.safetensors"
    Snapshots(folder, 1, 2).save(path, state, {})
    with pytest.raises(UserError, match="holds no snapshots"):
        list(networks(kind("bp"), path))


def test_a_diverged_run_is_told(tmp_path, snapshots):
    _, state = snapshots("bp", epochs=2)
    path = tmp_path / "again.safetensors"
    Snapshots(tmp_path / "bp-2", 1, 2).save(path, state, {1: "epoch 2"})
    with pytest.raises(UserError, match="diverged in training"):
        list(networks(kind("bp"), path))
