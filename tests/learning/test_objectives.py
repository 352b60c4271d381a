"""Losses by hand, and every gradient against autograd on a plain reading of the paper."""

import math
import re
from types import SimpleNamespace

import pytest
import torch
from torch.nn.functional import relu

from ffensembles import variants
from ffensembles.errors import UserError
from ffensembles.learning import goodness as goodness_package
from ffensembles.learning import losses
from ffensembles.learning.fast.summed_goodness import SummedGoodness
from ffensembles.learning.kinds.bp import CrossEntropy
from ffensembles.learning.losses import find_loss
from ffensembles.learning.paired_data import LayerOutputs
from ffensembles.learning.perceptrons import Linear, Network

# What a user may write by mistake, and what is said of it.
BAD_LOSSES = {
    "is of shape (), not (2,)": "def loss(p, n, theta): return (n - p).mean()",
    "takes 2 positional arguments": "def loss(p, n): return (n - p).mean(-1)",
    "a derivative is of shape (2,), not (2, 3)": "def loss(p, n, _): return (p.mean(-1),) * 3",
    "the loss is not finite": "def loss(p, n, theta): return (n - p).log().mean(-1)",
}
BAD_GOODNESS = {
    "value is of shape (), not (2, 3)": "def value(h): return h.sum()",
    "slope's factor is of shape": """
def value(h): return h.sum(-1)
def slope(h, value): return h, h
""",
    "does not require grad": "def value(h): return h.detach().sum(-1)",
    "value is not finite": "def value(h): return h.log().sum(-1)",
    "direction is not finite": "def value(h): return (h**2).sum(-1).sqrt()",
    "name 'torch' is not defined": "def value(h): return torch.sum(h, -1)",
}
LOSSES = {name: find_loss(name, 3.0) for name in ("threshold", "difference")}
SEEDS, IMAGES, INPUTS, UNITS = 3, 50, 12, 9


def generators(n=SEEDS):
    return [torch.Generator().manual_seed(seed) for seed in range(n)]


@pytest.fixture
def data():
    return LayerOutputs(torch.randn(SEEDS, 2, IMAGES, INPUTS, generator=torch.manual_seed(0)))


@pytest.fixture
def index():
    return torch.stack([torch.randperm(IMAGES)[:20] for _ in range(SEEDS)])


def double(layer):
    """Return a layer's weight and bias as float64 leaves."""
    return [t.detach().double().requires_grad_() for t in (layer.weight, layer.bias)]


def test_losses_by_hand():
    positive, negative = torch.tensor([[1.0, 4.0]]), torch.tensor([[2.0, 3.0]])

    def softplus(x):
        return math.log1p(math.exp(x))

    threshold = (softplus(3 - 1) + softplus(3 - 4) + softplus(2 - 3) + softplus(3 - 3)) / 4
    difference = (math.log(1 + math.exp(2 - 1)) + math.log(1 + math.exp(3 - 4))) / 2
    assert LOSSES["threshold"](positive, negative)[0].item() == pytest.approx(threshold)
    assert LOSSES["difference"](positive, negative)[0].item() == pytest.approx(difference)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_the_derivatives_of_a_loss_are_those_of_its_value(loss):
    goodness = (6 * torch.rand(2, 4, 20, dtype=torch.float64)).requires_grad_()
    value, *derivatives = loss(*goodness)
    assert value.shape == (4,)
    (expected,) = torch.autograd.grad(value.sum(), goodness)
    torch.testing.assert_close(torch.stack(derivatives), expected)


def test_losses_stay_finite_where_goodness_is_huge():
    huge = torch.full((1, 2), 1e4)
    for loss in LOSSES.values():
        assert all(part.isfinite().all() for part in loss(0 * huge, huge))


@pytest.mark.parametrize("norm, p", [("l1", 1), ("l2", 2)])
@pytest.mark.parametrize("name", LOSSES)
def test_the_closed_form_of_ff_is_the_gradient(data, index, name, norm, p):
    layer = Linear.initialise(INPUTS, UNITS, generators())
    values = SummedGoodness([layer], data, norm, norm, LOSSES[name])(index)
    weight, bias = double(layer)
    for seed in range(SEEDS):
        g = [
            relu(data.outputs[seed, half, index[seed]].double() @ weight[seed].T + bias[seed]).norm(
                p, dim=1
            )
            for half in (0, 1)
        ]
        loss = LOSSES[name](g[0][None], g[1][None])[0].sum()
        loss.backward()
        expected = torch.stack([loss, g[0].mean(), g[1].mean()]).detach()
        torch.testing.assert_close(values[seed].double(), expected, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(layer.transposed.grad.mT.double(), weight.grad, rtol=1e-4, atol=1e-7)
    torch.testing.assert_close(layer.bias.grad.double(), bias.grad, rtol=1e-4, atol=1e-7)


def test_ff_with_a_layer_that_never_answers_has_gradient_zero(data, index):
    layer = Linear.initialise(INPUTS, UNITS, generators())
    layer.bias.fill_(-1e3)
    values = SummedGoodness([layer], data, "l2", "l2", LOSSES["threshold"])(index)
    assert values.isfinite().all() and (values[:, 1:] == 0).all()
    assert (layer.transposed.grad.mT == 0).all() and (layer.bias.grad == 0).all()


@pytest.mark.parametrize("normalisation", ["l1", "l2", "none"])
@pytest.mark.parametrize("norm, p", [("l1", 1), ("l2", 2)])
@pytest.mark.parametrize("name", LOSSES)
def test_bpff_learns_from_the_summed_goodness_end_to_end(data, index, name, norm, p, normalisation):
    layers = Network.initialise([INPUTS, UNITS, 7, UNITS], None, "none", generators()).layers
    values = SummedGoodness(layers, data, norm, normalisation, LOSSES[name])(index)
    parameters = list(map(double, layers))
    for seed in range(SEEDS):
        g = []
        for half in (0, 1):
            x, total = data.outputs[seed, half, index[seed]].double(), 0
            for weight, bias in parameters:
                h = relu(x @ weight[seed].T + bias[seed])
                total = total + h.norm(p, dim=1)
                x = h
                if normalisation != "none":
                    x = h / h.norm(int(normalisation[1]), dim=1, keepdim=True).clamp_min(1e-12)
            g.append(total)
        loss = LOSSES[name](g[0][None], g[1][None])[0].sum()
        loss.backward()
        assert values[seed, 0].item() == pytest.approx(loss.item(), rel=1e-5)
    for layer, (weight, bias) in zip(layers, parameters, strict=True):
        torch.testing.assert_close(
            layer.transposed.grad.mT.double(), weight.grad, rtol=1e-4, atol=1e-6
        )
        torch.testing.assert_close(layer.bias.grad.double(), bias.grad, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("strength", [0.0, 2.5e-6, 0.1])
def test_bp_and_its_penalty_summed_over_batch_and_layers(strength):
    images, labels = torch.randn(IMAGES, INPUTS), torch.randint(10, (IMAGES,))
    network = Network.initialise([INPUTS, UNITS, UNITS], 10, "none", generators())
    index = torch.stack([torch.randperm(IMAGES)[:20] for _ in range(SEEDS)])
    objective = CrossEntropy(network, images, labels, strength)
    values = objective(index)
    (w1, b1), (w2, b2), (w3, b3) = map(double, [*network.layers, network.head])
    for seed in range(SEEDS):
        x, y = images[index[seed]].double(), labels[index[seed]]
        h1 = relu(x @ w1[seed].T + b1[seed])
        h2 = relu(h1 @ w2[seed].T + b2[seed])
        p = (h2 @ w3[seed].T + b3[seed]).softmax(1)
        loss = -p[torch.arange(20), y].log().mean() + strength * (h1.sum() + h2.sum())
        loss.backward()
        assert values[seed, 0].item() == pytest.approx(loss.item(), rel=1e-5)
    assert values[:, 1:].isnan().all()
    gradients = [p.grad if p.ndim == 2 else p.grad.mT for p in objective.parameters]
    for gradient, expected in zip(gradients, (w1, b1, w2, b2, w3, b3), strict=True):
        torch.testing.assert_close(gradient.double(), expected.grad, rtol=1e-4, atol=1e-6)


def test_gradients_lie_in_memory_as_their_weights_do(data, index):
    """The fused Adam on a CPU takes this for granted."""
    network = Network.initialise([INPUTS, UNITS, UNITS], 10, "none", generators())
    images, labels = torch.randn(IMAGES, INPUTS), torch.randint(10, (IMAGES,))
    for objective in (
        SummedGoodness(network.layers, data, "l2", "l2", LOSSES["threshold"]),
        CrossEntropy(network, images, labels, 0.1),
    ):
        objective(index)
        for parameter in objective.parameters:
            assert parameter.grad.stride() == parameter.stride()


PLAIN_THRESHOLD = """
from ffensembles.learning.losses import threshold
def loss(positive, negative, theta):
    return threshold.loss(positive, negative, theta)[0]
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Return a function that writes a file of one's own, called `mine`."""
    monkeypatch.setenv(variants.VARIABLE, "{}")
    goodness_package._module.cache_clear()
    losses._tried.cache_clear()

    def write(text):
        (tmp_path / "rule.py").write_text(text)
        variants.use({"mine": tmp_path / "rule.py"})

    return write


def test_a_loss_without_derivatives_leaves_them_to_autograd(own):
    goodness = 6 * torch.rand(2, 4, 20)
    expected = find_loss("threshold", 2.0)(*goodness)
    own(PLAIN_THRESHOLD)
    for ours, theirs in zip(find_loss("mine", 2.0)(*goodness), expected, strict=True):
        torch.testing.assert_close(ours, theirs)
        assert not ours.requires_grad


def test_theta_is_the_goodness_at_which_the_loss_turns():
    for theta in (0.5, 3.0):
        g = torch.full((1, 4), theta)
        value, positive, negative = find_loss("threshold", theta)(g, g)
        assert value.item() == pytest.approx(math.log(2))
        assert torch.equal(positive, -negative)


@pytest.mark.parametrize("name", ["l1", "l2", "l3"])
def test_a_goodness_without_a_slope_leaves_it_to_autograd(name, monkeypatch):
    h = torch.randn(2, 5, 7).relu()
    value = goodness_package.goodness(h, name)
    direction, factor = goodness_package.slope(h, value, name)
    bare = SimpleNamespace(value=goodness_package._module(name).value)
    monkeypatch.setattr(goodness_package, "_module", lambda _: bare)
    with torch.no_grad():
        found, one = goodness_package.slope(h, value, name)
    torch.testing.assert_close(found * one[..., None], direction * factor[..., None])
    assert (found[h == 0] == 0).all()


@pytest.mark.parametrize("said", BAD_LOSSES)
def test_a_loss_of_ones_own_is_tried_before_anything_is_trained(said, own):
    own(BAD_LOSSES[said])
    with pytest.raises(UserError, match=rf"rule\.py: .*{re.escape(said)}"):
        find_loss("mine", 3.0)


@pytest.mark.parametrize("said", BAD_GOODNESS)
def test_so_is_a_goodness(said, own):
    own(BAD_GOODNESS[said])
    with pytest.raises(UserError, match=rf"rule\.py: .*{re.escape(said)}"):
        goodness_package.goodness(torch.ones(1, 4), "mine")
