"""Positive and negative data: what each layer is shown."""

from functools import partial

import pytest
import torch
from torch.nn.functional import relu

from ffensembles.learning import paired_data
from ffensembles.learning.label_embedding import LabelEmbedding, draw_negatives
from ffensembles.learning.paired_data import (
    LayerOutputs,
    ThroughLayers,
    embedded_images,
    layer_outputs,
)
from ffensembles.learning.perceptrons import Linear
from ffensembles.randomness import generator
from helpers.small_training import digits, experiment

CPU = torch.device("cpu")
SEEDS = [0, 5, 6]
NAME = (0, "digits")
DRAW = partial(generator, *NAME)


@pytest.fixture(scope="module")
def split():
    return digits(90)


@pytest.fixture
def index():
    draws = torch.manual_seed(0)
    return torch.stack([torch.randperm(90, generator=draws)[:20] for _ in SEEDS])


def layer(inputs, units):
    return Linear.initialise(inputs, units, [torch.Generator().manual_seed(s) for s in SEEDS])


@pytest.mark.parametrize("norm, p", [("l1", 1), ("l2", 2)])
@pytest.mark.parametrize("negatives", ["pooled", "paired"])
@pytest.mark.parametrize("maximum", ["split", "image"])
def test_a_batch_of_images_is_embedded_and_normalised(split, index, norm, p, negatives, maximum):
    e = experiment("ff", normalisation=norm, negatives=negatives, maximum=maximum)
    before = split.images.clone()
    batch = embedded_images(e, split, SEEDS, DRAW, CPU).batch(index)
    embedding = LabelEmbedding.of(split.images, split.shape, 10, e.black, maximum)
    for place, seed in enumerate(SEEDS):
        image, wrong = draw_negatives(
            split.labels, 10, negatives, generator(*NAME, seed, "negatives")
        )
        positive = embedding.embed(split.images, split.labels)[index[place]]
        negative = embedding.embed(split.images[image], wrong)[index[place]]
        expected = torch.cat([positive, negative])
        expected /= expected.norm(p, dim=1, keepdim=True)
        torch.testing.assert_close(batch[place], expected)
    assert torch.equal(split.images, before)


def test_the_held_out_category_has_no_images_but_stays_a_wrong_label(split):
    rest = split.without(3)
    assert len(rest.images) == (split.labels != 3).sum() and 3 not in rest.labels
    data = embedded_images(experiment("ff", held_out=3), rest, [0], DRAW, CPU)
    shown = data.batch(torch.arange(len(rest.labels))[None])[0, :, :10].argmax(1)
    positive, negative = shown.unflatten(0, (2, -1))
    assert torch.equal(positive, rest.labels)
    assert (negative == 3).any()
    assert split.without(None) is split


@pytest.mark.parametrize("rows", [7, 1024])
@pytest.mark.parametrize("units", [12, 9])
def test_outputs_are_the_normalised_activations_whatever_the_chunks(
    split, index, rows, units, monkeypatch
):
    """Of images, of outputs in place, and of outputs of another width."""
    monkeypatch.setattr(paired_data, "ROWS", rows)
    first, second = layer(144, 12), layer(12, units)
    images = embedded_images(experiment("ff"), split, SEEDS, DRAW, CPU)
    once = layer_outputs(images, first, "l2")
    kept = LayerOutputs(once.outputs.clone())
    twice = layer_outputs(once, second, "l1")
    for data, before, trained, p in ((kept, images, first, 2), (twice, kept, second, 1)):
        x = before.batch(index)
        h = relu(torch.einsum("sbi,soi->sbo", x, trained.weight) + trained.bias[:, None])
        torch.testing.assert_close(data.batch(index), h / h.norm(p, dim=-1, keepdim=True))
    assert (twice.outputs.data_ptr() == once.outputs.data_ptr()) == (units == 12)


@pytest.fixture
def fresh(split):
    return embedded_images(experiment("ff", negatives="fresh"), split, SEEDS, DRAW, CPU)


def test_fresh_negatives_are_drawn_anew_in_every_epoch_and_phase(split, fresh):
    drawn = []
    for phase, epoch in ((1, 0), (1, 1), (2, 0)):
        fresh.begin_epoch(phase, epoch)
        image, wrong = fresh.negatives
        assert torch.equal(image, torch.arange(90).expand(3, -1))
        assert (wrong != split.labels).all()
        drawn.append(wrong.clone())
    assert not torch.equal(drawn[0], drawn[1]) and not torch.equal(drawn[0], drawn[2])
    fresh.begin_epoch(1, 1)  # as after a kill in mid-epoch
    assert torch.equal(fresh.negatives[1], drawn[1])


def test_other_negatives_stay_as_they_were_drawn(split):
    data = embedded_images(experiment("ff"), split, SEEDS, DRAW, CPU)
    before = data.negatives.clone()
    data.begin_epoch(1, 7)
    assert torch.equal(data.negatives, before)


def test_fresh_data_pass_the_layers_below_batch_by_batch(fresh, index):
    first, second = layer(144, 30), layer(30, 20)
    fresh.begin_epoch(3, 4)
    kept = layer_outputs(layer_outputs(fresh, first, "l2"), second, "l2")
    through = ThroughLayers.after(ThroughLayers.after(fresh, first, "l2"), second, "l2")
    assert through.shape == fresh.shape
    torch.testing.assert_close(through.batch(index), kept.batch(index))
