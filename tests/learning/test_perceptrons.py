"""The networks: PyTorch's own layers, one per seed, and the norms between them."""

import pytest
import torch
from torch.nn.functional import linear

from ffensembles.learning.goodness import goodness
from ffensembles.learning.perceptrons import Linear, Network, normalise


def generators(n):
    return [torch.Generator().manual_seed(seed) for seed in range(n)]


def test_a_linear_layer_maps_each_seed_by_its_own_weights():
    layer = Linear.initialise(7, 5, generators(3))
    x = torch.randn(3, 4, 7)
    expected = torch.stack([linear(x[s], layer.weight[s], layer.bias[s]) for s in range(3)])
    torch.testing.assert_close(layer(x), expected)


def test_initialisation_is_distributed_as_pytorchs_default():
    ours, theirs = Linear.initialise(100, 5000, generators(1)), torch.nn.Linear(100, 5000)
    for a, b in ((ours.weight[0], theirs.weight), (ours.bias[0], theirs.bias)):
        assert 0.0999 < a.max() <= 0.1 and -0.1 <= a.min() < -0.0999
        quantiles = torch.linspace(0.1, 0.9, 9)
        torch.testing.assert_close(
            a.flatten()[:5000].quantile(quantiles),
            b.detach().flatten()[:5000].quantile(quantiles),
            atol=0.01,
            rtol=0,
        )


def test_a_head_is_initialised_for_the_width_of_the_last_layer():
    head = Network.initialise([6, 400, 100], 50, "none", generators(1)).head
    assert head.weight.shape == (1, 50, 100)
    for drawn in (head.weight, head.bias):
        assert 0.09 < drawn.abs().max() <= 1 / 100**0.5


def test_a_seeds_weights_do_not_depend_on_its_block():
    block = Network.initialise([6, 4, 4], 3, "l2", generators(3))
    alone = Network.initialise([6, 4, 4], 3, "l2", generators(3)[2:])
    for name, tensor in alone.state().items():
        assert torch.equal(tensor[0], block.state()[name][2])
        assert not torch.equal(tensor[0], block.state()[name][1])


@pytest.mark.parametrize("norm, p", [("l1", 1), ("l2", 2)])
def test_activations_by_hand(norm, p):
    network = Network.initialise([6, 4, 5], None, norm, generators(1))
    x = torch.randn(1, 3, 6)
    first, second = network.activations(x)
    row = x[0, 1] / x[0, 1].abs().pow(p).sum() ** (1 / p)
    h = (network.layers[0].weight[0] @ row + network.layers[0].bias[0]).clamp(min=0)
    torch.testing.assert_close(first[0, 1], h)
    h = h / h.pow(p).sum() ** (1 / p)
    h = (network.layers[1].weight[0] @ h + network.layers[1].bias[0]).clamp(min=0)
    torch.testing.assert_close(second[0, 1], h)


def test_norms_by_hand():
    x = torch.tensor([[3.0, 4.0], [0.0, 0.0]])
    assert goodness(x, "l2").tolist() == [5, 0]
    assert goodness(x, "l1").tolist() == [7, 0]
    torch.testing.assert_close(normalise(x, "l2"), torch.tensor([[0.6, 0.8], [0.0, 0.0]]))
    torch.testing.assert_close(normalise(x, "l1"), torch.tensor([[3 / 7, 4 / 7], [0.0, 0.0]]))
    assert normalise(x, "none") is x


def test_networks_survive_naming_and_rebuilding():
    network = Network.initialise([6, 4, 4, 4], 3, "none", generators(2))
    again = Network.from_state(network.state(), "none")
    x = torch.randn(2, 5, 6)
    for a, b in zip(network.activations(x), again.activations(x), strict=True):
        assert torch.equal(a, b)
    assert torch.equal(network.logits(a), again.logits(a))
    assert list(network.state())[:2] == ["layer1.weight", "layer1.bias"]
    assert list(network.state())[-2:] == ["head.weight", "head.bias"]
