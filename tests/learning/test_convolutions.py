"""Convolutional kinds: steps against torch's own layers, planted networks, killed training."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, layer_norm, linear

from ffensembles import variants
from ffensembles.analysis.ensembles import find_ensembles
from ffensembles.errors import UserError
from ffensembles.experiments import read_row
from ffensembles.extras.studies.groups import own_share
from ffensembles.learning.fast.goodness_slope import WithSlope
from ffensembles.learning.fast.moments import ReluMoments
from ffensembles.learning.goodness import goodness
from ffensembles.learning.kinds import find_kind
from ffensembles.learning.kinds.cwc import SHARE, AveragedLinear
from ffensembles.learning.module_kind import Batch
from ffensembles.learning.normalised_kind import NormalisedConvolution
from ffensembles.learning.trial import try_kind
from helpers.small_training import Killed, digits, trained

CELLS = dict(
    study="own", dataset="digits", seeds="1", epochs="2", learning_rate="0.01", batch_size="64",
    units="20,20,40,40", layers="4",
)  # fmt: skip
MODELS = ("cwc", "bpconv", "ffconv")


def row(model, **cells):
    return read_row(CELLS | {"model": model} | cells, "row")


@pytest.mark.parametrize("unit", ["channel", "position"])
@pytest.mark.parametrize("model", MODELS)
def test_what_a_unit_is_the_row_says(model, unit):
    e = row(model, unit=unit)
    try_kind(e, (1, 12, 12), 10)
    kind = find_kind(e, (1, 12, 12), 10)
    network = kind.build().eval()
    with torch.no_grad():
        found = list(kind.activations(network, torch.randn(3, 1, 12, 12)))
    side = [12, 12, 6, 6] if model != "ffconv" else [12, 6, 3, 1]
    units = [w * (s * s if unit == "position" else 1) for w, s in zip(e.widths, side, strict=True)]
    assert [h.shape for h in found] == [(3, n) for n in units]
    assert [len(w) for w in kind.weights(network)] == units
    assert all((h >= 0).all() for h in found)


def test_relu_and_its_moments_have_the_gradients_of_autograd():
    z = torch.randn(4, 3, 5, 6, requires_grad=True)
    weights = torch.randn(4, 3), torch.randn(4, 3), torch.randn(4, 3, 5, 6)

    def total(h, mean, square):
        return (weights[0] * mean + weights[1] * square).sum() + (weights[2] * h).sum()

    h = z.relu()
    (expected,) = torch.autograd.grad(total(h, h.mean((2, 3)), h.square().mean((2, 3))), z)
    (found,) = torch.autograd.grad(total(*ReluMoments.apply(z)), z)
    torch.testing.assert_close(found, expected)


def test_a_step_is_that_of_batch_normalisation():
    torch.manual_seed(0)
    layer = NormalisedConvolution(2, 6, groups=2, pooled=True)
    nn.init.normal_(layer.norm.weight)
    nn.init.normal_(layer.norm.bias)
    x = torch.randn(8, 2, 6, 6)
    plain = nn.BatchNorm2d(6, eps=1e-4)
    plain.load_state_dict(layer.norm.state_dict())
    expected = plain(nn.functional.max_pool2d(layer.conv(x).relu(), 2))
    output, goodness = layer.learn(x)
    torch.testing.assert_close(output, expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(goodness, expected.square().mean((2, 3)), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(layer.norm.running_mean, plain.running_mean)
    # That of the batch, where torch notes the estimate for all images.
    images = 8 * 3 * 3
    of_batch = (plain.running_var - 0.9) * (images - 1) / images + 0.9
    torch.testing.assert_close(layer.norm.running_var, of_batch)
    target = torch.randn_like(expected)
    parameters = layer.conv.weight, layer.norm.weight, layer.norm.bias
    wanted = torch.autograd.grad(
        (expected * target).sum(), (layer.conv.weight, plain.weight, plain.bias)
    )
    for one, other in zip(
        torch.autograd.grad((output * target).sum(), parameters), wanted, strict=True
    ):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4)


def test_a_layer_of_cwc_learns_by_its_own_goodness_alone_and_stops_in_time():
    e = row("cwc", epochs="5")
    kind = find_kind(e, (1, 12, 12), 10)
    torch.manual_seed(0)
    network = kind.build()
    labels = torch.arange(20) % 10
    images = torch.randn(20, 1, 12, 12)
    stops = [next(n for n in range(9) if not kind.learns(i, n)) for i in range(1, 5)]
    assert stops == [2, 3, 4, 5]  # as published for MNIST
    assert [kind.learns(i, 1) for i in range(1, 5)] == [True] * 4
    kind.loss(network, Batch(images, labels, 1, 2)).backward()
    assert network["layer1"].conv.weight.grad is None
    assert network["layer2"].conv.weight.grad is not None
    x = images
    for i in range(1, 3):  # of layer 2: the cross-entropy of the mean square of each group
        x = network[f"layer{i}"].learn(x.detach())[0]
    goodness = x.unflatten(1, (10, -1)).square().mean((2, 3, 4))
    (expected,) = torch.autograd.grad(
        cross_entropy(goodness, labels), network["layer2"].conv.weight
    )
    found = network["layer2"].conv.weight.grad
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-6)


def planted(unit, answers=True):
    """Return CwC for images of three channels, whose channels answer one of them each, or none."""
    e = row("cwc", units="6,12", layers="2", unit=unit)
    kind = find_kind(e, (3, 4, 4), 3)
    network = kind.build().eval()
    with torch.no_grad():
        for layer, inputs in ((network["layer1"], 3), (network["layer2"], 2)):
            layer.conv.weight.zero_()
            layer.conv.bias.fill_(0 if answers else -1)
            for channel, group in enumerate(
                torch.arange(3).repeat_interleave(len(layer.conv.bias) // 3)
            ):
                # Grouped layers see their own group alone.
                layer.conv.weight[channel, group if inputs == 3 else slice(None), 1, 1] = 1
    return kind, network


@pytest.mark.parametrize("unit", ["channel", "position"])
def test_ensembles_of_planted_channels_are_their_groups(unit):
    kind, network = planted(unit)
    labels = torch.arange(3).repeat(5)
    images = nn.functional.one_hot(labels, 3).float()[:, :, None, None].expand(-1, -1, 4, 4)
    with torch.no_grad():
        layers = list(kind.activations(network, images))
        assert (kind.predict(network, images, None) == labels).all()
    for h, assigned in zip(layers, kind.assigned(), strict=True):
        assert len(assigned) == h.shape[1]
        found = own_share(h.numpy(), labels.numpy(), assigned.numpy())
        assert (found["size"] == h.shape[1] // 3).all()
        assert (found["own"] == 1).all() and (found["other"] == 0).all()
        assert found["chance"].tolist() == pytest.approx([1 / 3] * 3)
        turned = own_share(h.numpy(), (labels.numpy() + 1) % 3, assigned.numpy())
        assert (turned["own"] == 0).all() and (turned["other"] == 0.5).all()


def test_channels_that_answer_nothing_are_in_no_ensemble():
    kind, network = planted("channel", answers=False)
    labels = np.arange(9) % 3
    with torch.no_grad():
        for h, assigned in zip(
            kind.activations(network, torch.rand(9, 3, 4, 4) / 2), kind.assigned(), strict=True
        ):
            assert not find_ensembles(h.numpy(), labels)["active"].any()
            assert own_share(h.numpy(), labels, assigned.numpy())["own"].isna().all()


@pytest.mark.parametrize("unit", ["channel", "position"])
def test_what_is_pruned_is_silent_for_all_that_follows(unit):
    kind, network = planted(unit)
    units = [h.shape[1] for h in kind.activations(network, torch.zeros(1, 3, 4, 4))]
    first = torch.arange(units[0] // 3, units[0])  # without the group of category 0
    pruned = kind.prune(network, [first, None])
    images = torch.eye(3)[:, :, None, None].expand(-1, -1, 4, 4)
    with torch.no_grad():
        before, after = (list(kind.activations(n, images)) for n in (network, pruned))
    assert (after[0][:, : units[0] // 3] == 0).all() and (after[1][0] == 0).all()
    assert torch.equal(after[0][:, units[0] // 3 :], before[0][:, units[0] // 3 :])
    assert (before[1][0] > 0).any() and torch.equal(before[1][1:], after[1][1:])
    # Of 3 x 3 weights over 4 x 4 positions 10 x 10 lie within the image.
    assert kind.operations(network) == 100 * (3 * 6 + 2 * 12)
    assert kind.operations(pruned) == 100 * (3 * 4 + 2 * 8)


def test_only_cwc_assigns_channels():
    assert [variants.describe(m).has("assigned") for m in MODELS] == [True, False, False]


def test_units_that_do_not_fall_into_groups_are_told():
    with pytest.raises(UserError, match=r"units is 25 in layer 1, which cannot be cut into 10"):
        try_kind(row("cwc", units="25"), (1, 12, 12), 10)
    with pytest.raises(UserError, match="kernel is 4; it must be odd"):
        try_kind(row("ffconv", kernel="4"), (1, 12, 12), 10)
    with pytest.raises(UserError, match="candidates is 10; of 9 wrong labels 1 to 9 can be"):
        try_kind(row("ffconv", candidates="10"), (1, 12, 12), 10)


def test_each_category_has_a_wave_of_its_own_over_the_whole_image():
    kind = find_kind(row("ffconv", layers="3", units="8"), (1, 12, 12), 10)
    images = torch.randn(10, 1, 12, 12)
    waves = kind.embedding(images).embed(images, torch.arange(10)) - images
    assert waves.abs().max() <= 1.001
    flat = waves.flatten(1)
    alike = torch.corrcoef(flat).fill_diagonal_(0).abs()
    assert alike.max() < 0.9
    changed = (waves[0] - waves[1]).abs() > 0.05
    assert changed.float().mean() > 0.8


def test_wrong_labels_are_different_ones_and_never_the_right_one():
    labels = torch.arange(10).repeat(50)
    kind = find_kind(row("ffconv", candidates="9"), (1, 12, 12), 10)
    every = torch.cat([labels[None], kind.wrong_labels(labels)])
    assert torch.equal(every.sort(0).values, torch.arange(10)[:, None].expand(10, len(labels)))
    one = find_kind(row("ffconv"), (1, 12, 12), 10).wrong_labels(labels)
    assert one.shape == (1, 500) and (one != labels).all()
    assert len(((one - labels) % 10).unique()) == 9


def test_ff_learns_from_the_candidate_that_its_layer_takes_for_right():
    kind = find_kind(row("ffconv", layers="1", units="4", candidates="3"), (1, 6, 6), 10)
    layer = kind.build()["layer1"]
    with torch.no_grad():
        x = torch.randn(5 * (1 + 3), 1, 6, 6)
        values = kind.goodness(layer.active(x)).reshape(4, 5)
        right, wrong = kind.learned(layer, x, 5).chunk(2)
        found = kind.goodness(layer.active(wrong))
    assert torch.equal(right, x[:5])
    torch.testing.assert_close(found, values[1:].amax(0))


@pytest.mark.parametrize("name", ["l1", "l2", "l3"])
def test_goodness_with_its_own_slope_has_the_gradient_of_autograd(name):
    z, weights = torch.randn(5, 7, dtype=torch.float64, requires_grad=True), torch.randn(5)
    gradients = [
        torch.autograd.grad((weights * of(z.relu(), name)).sum(), z)[0]
        for of in (goodness, WithSlope.apply)
    ]
    torch.testing.assert_close(*gradients)


def test_a_snapshot_predicts_by_the_layers_that_were_trained_until_then():
    kind = find_kind(row("ffconv"), (1, 12, 12), 10)
    one = find_kind(row("ffconv", units="20", layers="1"), (1, 12, 12), 10)
    state = {name: x[None] for name, x in one.build().state_dict().items()}
    images = torch.rand(50, 1, 12, 12)
    with torch.no_grad():
        found, expected = (
            k.predict(k.from_state(state), images, k.embedding(images)) for k in (kind, one)
        )
        assert len(list(kind.activations(kind.from_state(state), images))) == 1
    assert torch.equal(found, expected) and len(found.unique()) > 1


def test_layer_normalisation_is_that_of_torch_at_norm_one():
    kind = find_kind(row("ffconv", units="4", normalisation="layer"), (2, 6, 6), 10)
    layer, x = kind.build()["layer1"], torch.randn(3, 2, 6, 6) + 2
    normalised = layer_norm(x, x.shape[1:], eps=0) / x[0].numel() ** 0.5
    with torch.no_grad():
        torch.testing.assert_close(layer.active(x), layer.conv(normalised).relu())


@pytest.mark.parametrize("model", MODELS)
def test_a_killed_training_goes_on_with_the_same_bits(model, tmp_path):
    e, split = row(model, layers="2", units="20"), digits(200)
    whole = trained(e, [0], split, tmp_path / "whole")
    with pytest.raises(Killed):
        trained(e, [0], split, tmp_path / "broken", kill_after=5)
    resumed = trained(e, [0], split, tmp_path / "broken")
    assert all(torch.equal(resumed.state[name], x) for name, x in whole.state.items())
    assert resumed.log["loss"].tolist() == whole.log["loss"].tolist()


@pytest.mark.parametrize("model", ["cwc", "bpconv"])
def test_it_learns_digits(model, tmp_path):
    e, split = row(model, epochs="4", learning_rate="0.005", batch_size="32"), digits(800)
    state = trained(e, [0], split, tmp_path).state
    kind = find_kind(e, split.shape, 10)
    network = kind.from_state(state)
    images = split.images.unflatten(1, split.shape)
    with torch.no_grad():
        right = kind.predict(network, images, None) == split.labels
    assert right.float().mean() > 0.9


def test_the_head_of_cwc_answers_with_the_mean_of_its_weights_over_the_steps():
    head = AveragedLinear(3, 2)
    x, seen = torch.randn(4, 3), []
    for step in range(1, 4):
        with torch.no_grad():
            head.weight.fill_(step)
            head.bias.fill_(-step)
        seen.append(head(x))
        assert torch.equal(seen[-1], linear(x, head.weight, head.bias))
    assert torch.allclose(head.eval()(x), torch.stack(seen).mean(0))
    head.train().steps.fill_(1e6)
    head(x)
    assert torch.allclose(head.mean_weight, torch.tensor(2 + SHARE * (3 - 2)))
    assert {"mean_weight", "mean_bias", "steps"} <= set(head.state_dict())
