"""Training against plain readings of the algorithms, alone and in blocks, whole and disturbed."""

import itertools

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch.nn.functional import cross_entropy, normalize, softplus

from ffensembles.analysis.sparsity import hoyer
from ffensembles.data.datasets import make_dataset
from ffensembles.data.digits import read_digits
from ffensembles.errors import UserError
from ffensembles.files import read_metadata
from ffensembles.learning import block as block_module
from ffensembles.learning import loop, memory
from ffensembles.learning import weights as weight_files
from ffensembles.learning.checkpoints import Checkpoint
from ffensembles.learning.label_embedding import LabelEmbedding, draw_negatives
from ffensembles.learning.perceptrons import Network
from ffensembles.randomness import generator
from ffensembles.representations import extraction
from helpers.small_training import (
    ON_CPU,
    batches,
    digits,
    digits_dataset,
    experiment,
    initial_layers,
    kind,
    trained,
    weights,
)

CLOSE = {"rtol": 1e-3, "atol": 2e-5}
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def split():
    return digits(400)


def embedded(e, seed, split):
    """Return the positive and negative images of a seed, as the paper describes them."""
    embedding = LabelEmbedding.of(split.images, split.shape, 10, e.black, e.maximum)
    draws = generator(0, *e.key, seed, "negatives")
    image, wrong = draw_negatives(split.labels, 10, e.negatives, draws)
    return embedding.embed(split.images, split.labels), embedding.embed(split.images[image], wrong)


def plain_step(loss, optimiser):
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


def plain_ff(e, seed, split):
    """Train layer after layer with torch.nn, torch.optim and detached inputs."""
    positive, negative = embedded(e, seed, split)
    layers = initial_layers(e, seed, [positive.shape[1]] + [e.units] * e.layers)
    order = batches(e, seed, len(positive))
    for layer in layers:
        positive, negative = normalize(positive), normalize(negative)
        optimiser = torch.optim.Adam(layer.parameters(), lr=e.learning_rate)
        for batch in itertools.chain(*itertools.islice(order, e.epochs)):
            g_pos = layer(positive[batch]).relu().norm(dim=1)
            g_neg = layer(negative[batch]).relu().norm(dim=1)
            plain_step((softplus(3 - g_pos) + softplus(g_neg - 3)).mean() / 2, optimiser)
        positive, negative = (layer(x).relu().detach() for x in (positive, negative))
    return layers


def plain_bpff(e, seed, split):
    halves = embedded(e, seed, split)
    layers = initial_layers(e, seed, [halves[0].shape[1]] + [e.units] * e.layers)
    optimiser = torch.optim.Adam(
        [p for layer in layers for p in layer.parameters()], e.learning_rate
    )
    for batch in itertools.chain(*itertools.islice(batches(e, seed, len(halves[0])), e.epochs)):
        g = []
        for images in halves:
            x, total = images[batch], 0
            for layer in layers:
                x = layer(normalize(x)).relu()
                total = total + x.norm(dim=1)
            g.append(total)
        plain_step((softplus(3 - g[0]) + softplus(g[1] - 3)).mean() / 2, optimiser)
    return layers


def plain_bp(e, seed, split):
    layers = initial_layers(e, seed, [split.images.shape[1]] + [e.units] * e.layers + [10])
    hidden = [module for layer in layers[:-1] for module in (layer, torch.nn.ReLU())]
    model = torch.nn.Sequential(*hidden, layers[-1])
    optimiser = torch.optim.Adam(model.parameters(), e.learning_rate)
    for batch in itertools.chain(*itertools.islice(batches(e, seed, len(split.images)), e.epochs)):
        plain_step(cross_entropy(model(split.images[batch]), split.labels[batch]), optimiser)
    return layers


@pytest.mark.parametrize("model, plain", [("ff", plain_ff), ("bpff", plain_bpff), ("bp", plain_bp)])
@pytest.mark.parametrize("epochs", [1, 3])
def test_training_is_the_plain_algorithm(model, plain, epochs, split, tmp_path):
    e = experiment(model, epochs=epochs, learning_rate=0.001)
    network = trained(e, [0, 7], split, tmp_path).state
    for place, seed in enumerate((0, 7)):
        ours = weights(network, place).values()
        theirs = [p.detach() for layer in plain(e, seed, split) for p in layer.parameters()]
        for a, b in zip(ours, theirs, strict=True):
            torch.testing.assert_close(a, b, **CLOSE)


def test_the_log_says_loss_and_goodness_of_each_epoch(split, tmp_path):
    e = experiment("ff", epochs=2)
    log = trained(e, [3, 4], split, tmp_path).log
    assert list(zip(log.layer, log.epoch, log.seed, strict=True)) == [
        (layer, epoch, seed) for layer in (1, 2, 3) for epoch in (1, 2) for seed in (3, 4)
    ]
    assert (log.seconds > 0).all()
    # One batch holds all images: what is logged is of the initial weights.
    log = trained(experiment("ff", epochs=1, batch_size=400), [3], split, tmp_path / "1").log
    (layer, *_) = initial_layers(e, 3, [144, 40])
    g = [layer(normalize(x)).relu().norm(dim=1) for x in embedded(e, 3, split)]
    expected = [
        (softplus(3 - g[0]) + softplus(g[1] - 3)).mean().item() / 2,
        *(x.mean().item() for x in g),
    ]
    columns = ["loss", "positive_goodness", "negative_goodness"]
    np.testing.assert_allclose(log[columns].iloc[0].astype(float), expected, rtol=1e-5)


@pytest.mark.parametrize("model", ["bpff", "bp"])
def test_progress_says_how_well_it_goes(model, split, tmp_path, caplog):
    caplog.set_level("INFO", "ffensembles.progress")
    log = trained(experiment(model), [0, 1], split, tmp_path).log
    last = log[log["epoch"] == 2].mean()
    expected = f"loss {last['loss']:.4g}"
    if model == "bpff":
        expected += f", goodness {last['positive_goodness']:.3g} | {last['negative_goodness']:.3g}"
    assert caplog.messages[-1].endswith(f", {expected}]")


def test_a_smaller_last_batch_counts_by_its_size(split, tmp_path):
    losses = [
        trained(
            experiment("bp", epochs=1, learning_rate=1e-9, batch_size=size),
            [0],
            split,
            tmp_path / str(size),
        ).log.loss[0]
        for size in (400, 150)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_held_out_images_do_not_enter_training(split, tmp_path):
    e = experiment("bp", held_out=3, epochs=1)
    network = trained(e, [0], split, tmp_path).state
    theirs = [p for layer in plain_bp(e, 0, split.without(3)) for p in layer.parameters()]
    for a, b in zip(weights(network).values(), theirs, strict=True):
        torch.testing.assert_close(a, b.detach(), **CLOSE)


@pytest.mark.parametrize("model", ["ff", "bpff", "bp"])
def test_after_one_epoch_a_seed_alone_is_the_seed_in_a_block_of_ten(model, split, tmp_path):
    e = experiment(model, epochs=1)
    block = trained(e, list(range(10)), split, tmp_path).state
    alone = trained(e, [6], split, tmp_path).state
    for name, tensor in weights(alone).items():
        torch.testing.assert_close(tensor, block[name][6], **CLOSE)


@pytest.mark.parametrize("model", ["ff", "bpff", "bp"])
def test_at_the_end_a_seed_alone_is_as_good_and_sparse_as_in_a_block_of_ten(model, tmp_path):
    e = experiment(model, epochs=30, learning_rate=0.01 if model == "ff" else 0.003)
    dataset, train_split = digits_dataset(), digits()
    of = extraction.inputs(e, dataset, "test", torch.device("cpu"))

    def measure(state, place):
        one = of.kind.from_state({name: x[place : place + 1] for name, x in state.items()})
        right = extraction.Prepared(**vars(of), network=one).predicted() == dataset.test.labels
        layers = extraction.activations(of.kind, one, of.images)
        return [right.mean(), *(np.nanmean(hoyer(h[h.any(1)])) for h in layers)]

    block = trained(e, list(range(10)), train_split, tmp_path).state
    seeds = np.array([measure(block, place) for place in range(10)])
    alone = measure(trained(e, [6], train_split, tmp_path).state, 0)
    assert seeds[:, 0].mean() > 0.5  # they have learned
    assert (np.abs(alone - seeds[6]) <= 2 * seeds.std(0, ddof=1)).all()


def test_seeds_differ(split, tmp_path):
    state = trained(experiment("bp"), [0, 1], split, tmp_path).state
    assert not torch.allclose(*state["layer1.weight"])


@pytest.mark.parametrize("model", ["ff", "bpff", "bp"])
def test_a_seed_that_diverges_is_named_and_leaves_the_others_alone(
    model, split, tmp_path, caplog, monkeypatch
):
    e = experiment(model, epochs=3)
    undisturbed = trained(e, [0, 1, 2], split, tmp_path / "a").state
    initialise = Network.initialise.__func__

    def poisoned(*arguments):
        network = initialise(Network, *arguments)
        network.layers[1].weight[1, 0, 0] = torch.nan
        return network

    monkeypatch.setattr(Network, "initialise", poisoned)
    result = trained(e, [0, 1, 2], split, tmp_path / "b")
    place = "layer 2, epoch 1" if model == "ff" else "epoch 1"
    assert result.diverged == {1: place}
    assert f"digits / {model} / main: seed 1 diverged in {place}" in caplog.text
    assert caplog.text.count("diverged") == 1
    for name, tensor in result.state.items():
        assert torch.equal(tensor[[0, 2]], undisturbed[name][[0, 2]])
        assert tensor[1].isnan().all()


def test_weights_that_overflow_in_the_very_last_step_are_noticed(split, tmp_path):
    result = trained(
        experiment("bp", epochs=1, batch_size=400, learning_rate=float("inf")), [0], split, tmp_path
    )
    assert np.isfinite(result.log.loss).all()
    assert result.diverged == {0: "epoch 1"}


@pytest.mark.parametrize("model", ["ff", "bpff", "bp"])
def test_medium_precision_stays_near(model, split, tmp_path):
    e = experiment(model, epochs=3)
    log = trained(e, [0], split, tmp_path / "a").log
    other = trained(e, [0], split, tmp_path / "b", precision="medium").log
    assert log.loss.tolist() != other.loss.tolist()
    np.testing.assert_allclose(log.loss, other.loss, rtol=0.05)


class TestFiles:
    """`train_block`: from a dataset to files."""

    E = experiment("ff", epochs=1)

    @pytest.fixture
    def dataset(self):
        first = {name: array[:300] for name, array in read_digits().items()}
        return make_dataset("digits", first, 10)

    @pytest.fixture
    def block(self, tmp_path, dataset):
        def train_block(folder="a", seeds=(0, 1, 2, 3), e=self.E, checkpoints=None):
            (tmp_path / folder).mkdir(exist_ok=True)
            block_module.train_block(
                e,
                list(seeds),
                dataset,
                model_path=str(tmp_path / folder / "m.safetensors"),
                log_path=str(tmp_path / folder / "m.log.parquet"),
                **ON_CPU,
                checkpoints=checkpoints,
            )
            return tmp_path / folder

        return train_block

    def test_weights_and_log_are_written_and_checkpoints_removed(self, block, dataset):
        folder = block()
        assert sorted(p.name for p in folder.iterdir()) == ["m.log.parquet", "m.safetensors"]
        state = load_file(folder / "m.safetensors")
        assert list(state["layer1.weight"].shape) == [4, 40, 144]
        network = weight_files.load(kind("ff", epochs=1), folder / "m.safetensors", 2)
        assert torch.equal(network.layers[2].bias[0], state["layer3.bias"][2])
        metadata = read_metadata(folder / "m.log.parquet")
        assert metadata["dataset"] == dataset.sha256
        assert metadata["seeds"] == [0, 1, 2, 3]
        assert metadata["device"] == "cpu" and metadata["hardware"]

    def test_the_same_training_gives_the_same_bytes(self, block):
        one, other = (block(folder) / "m.safetensors" for folder in "ab")
        assert one.read_bytes() == other.read_bytes()

    def test_it_goes_on_with_another_number_of_threads_and_says_so(
        self, block, monkeypatch, caplog
    ):
        def save_and_leave(self, state):
            self.save(state())
            raise KeyboardInterrupt

        monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(Checkpoint, "after_step", save_and_leave)
            block()
        monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
        folder = block()
        assert "saved with threads 2 and goes on with 1" in caplog.text
        assert "starts anew" not in caplog.text
        assert not list(folder.glob("*.checkpoints"))

    def test_checkpoints_lie_where_they_are_wanted(self, block, monkeypatch, tmp_path):
        def leave(self, state):
            self.save(state())
            raise KeyboardInterrupt

        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(Checkpoint, "after_step", leave)
            block(checkpoints=tmp_path / "elsewhere")
        assert (tmp_path / "elsewhere/0-3.checkpoint").exists()
        assert not list((tmp_path / "a").iterdir())
        block(checkpoints=tmp_path / "elsewhere")
        assert not (tmp_path / "elsewhere").exists()

    def test_whoever_may_read_the_log_may_read_the_weights(self, block):
        assert len({path.stat().st_mode for path in block().iterdir()}) == 1

    def test_a_block_that_does_not_fit_is_trained_in_parts(self, block, monkeypatch, caplog):
        whole = load_file(block("whole") / "m.safetensors")
        shared, per_seed = kind("ff", epochs=1).memory(300)
        room = int((shared + 3.5 * per_seed) / 0.9)
        monkeypatch.setattr(memory, "free_memory", lambda device: room)
        sizes = []
        train = loop.train
        monkeypatch.setattr(
            block_module,
            "train",
            lambda e, part, *a, **k: sizes.append(part) or train(e, part, *a, **k),
        )
        parts = load_file(block("parts") / "m.safetensors")
        assert sizes == [[0, 1, 2], [3]]
        assert "cut from 4 to 3" in caplog.text
        for name, tensor in whole.items():
            torch.testing.assert_close(parts[name], tensor, **CLOSE)

    def test_a_run_that_goes_on_keeps_its_parts(self, block, monkeypatch, caplog):
        """More memory is free after the kill; another cut would change the rounding."""
        monkeypatch.setattr(block_module, "seeds_that_fit", lambda *_: 2)
        unbroken = load_file(block("unbroken") / "m.safetensors")
        train, calls = loop.train, []

        def killed_in_second(*arguments, **settings):
            calls.append(arguments[1])
            if len(calls) == 2:
                raise KeyboardInterrupt
            return train(*arguments, **settings)

        monkeypatch.setattr(block_module, "train", killed_in_second)
        with pytest.raises(KeyboardInterrupt):
            block("broken")
        monkeypatch.setattr(block_module, "seeds_that_fit", lambda *_: 4)
        folder = block("broken")
        assert calls == [[0, 1], [2, 3], [0, 1], [2, 3]]
        assert "starts anew" not in caplog.text  # the first part's checkpoint was taken up
        for name, tensor in load_file(folder / "m.safetensors").items():
            assert torch.equal(tensor, unbroken[name])
        assert sorted(p.name for p in folder.iterdir()) == ["m.log.parquet", "m.safetensors"]

    def test_running_out_of_memory_has_a_cure(self, block, monkeypatch):
        def fail(*_, **__):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")

        monkeypatch.setattr(block_module, "train", fail)
        with pytest.raises(UserError, match="ran out of memory; lower seeds_per_job"):
            block()

    def test_seeds_that_diverged_are_marked(self, block, monkeypatch):
        initialise = Network.initialise.__func__
        poison = [1]

        def poisoned(*arguments):
            network = initialise(Network, *arguments)
            network.layers[0].bias[poison] = torch.inf
            return network

        monkeypatch.setattr(Network, "initialise", poisoned)
        monkeypatch.setattr(block_module, "try_kind", lambda *_: None)
        folder = block(seeds=(0, 1))
        with pytest.raises(UserError, match=r"seed 1 diverged in training \(layer 1, epoch 1\)"):
            weight_files.load(kind("ff", epochs=1), folder / "m.safetensors", 1)
        sound = weight_files.load(kind("ff", epochs=1), folder / "m.safetensors", 0)
        assert sound.layers[0].weight.isfinite().all()
        assert read_metadata(folder / "m.log.parquet")["diverged"] == {"1": "layer 1, epoch 1"}
        assert weight_files.sound_networks(self.E, [folder / "m.safetensors"])[0][1] == 0
        poison.append(0)
        folder = block("b", seeds=(0, 1))
        with pytest.raises(UserError, match="every seed of digits / ff / main diverged"):
            weight_files.sound_networks(self.E, [folder / "m.safetensors"])


@pytest.mark.parametrize(
    "changes",
    [
        {"negatives": "fresh"},
        {"units": (30, 20, 10)},
        {"theta": 1.0},
        {"weight_decay": 10.0},
    ],
    ids=lambda changes: next(iter(changes)),
)
@pytest.mark.parametrize("model", ["ff", "bpff"])
def test_further_settings_change_what_is_learned(model, changes, split, tmp_path):
    usual = trained(experiment(model), [0], split, tmp_path / "a").state
    other = trained(experiment(model, **changes), [0], split, tmp_path / "b").state
    layers = [f"layer{number}.weight" for number in (1, 2, 3)]
    sizes = [tuple(other[name].shape[1:]) for name in layers]
    assert sizes == (
        [(30, 144), (20, 30), (10, 20)] if "units" in changes else [(40, 144), (40, 40), (40, 40)]
    )
    for name in layers:
        assert usual[name].shape != other[name].shape or not torch.equal(usual[name], other[name])
    if "weight_decay" in changes:
        assert other["layer1.weight"].norm() < 0.95 * usual["layer1.weight"].norm()
