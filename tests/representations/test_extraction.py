"""Prediction and representations by hand."""

import numpy as np
import pandas as pd
import pytest
import torch

from ffensembles.data.datasets import make_dataset
from ffensembles.errors import UserError
from ffensembles.files import read_metadata, write_parquet
from ffensembles.learning import weights
from ffensembles.learning.goodness_kind import _first_activations
from ffensembles.learning.label_embedding import LabelEmbedding, Plain
from ffensembles.learning.perceptrons import Network
from ffensembles.representations import extraction
from ffensembles.representations.extraction import (
    activations,
    extract_run,
    images_seen,
    predict,
    represented_images,
)
from ffensembles.representations.stored import read
from helpers import DATASETS
from helpers.small_training import digits_dataset, experiment, kind

SHAPE = 1, 2, 12


@pytest.fixture
def images():
    return torch.randn(30, 24, generator=torch.manual_seed(0))


def network(head=None, norm="l2"):
    return Network.initialise([24, 8, 8, 8], head, norm, [torch.Generator().manual_seed(3)])


@pytest.mark.parametrize("norm, p", [("l2", 2), ("l1", 1)])
def test_the_label_with_the_largest_sum_of_the_layers_probabilities_wins(
    images, norm, p, monkeypatch
):
    monkeypatch.setattr(extraction, "ROWS", 7)
    net = network(norm=norm)
    net.layers[1].weight.mul_(20)  # so that the layers do not count alike without the softmax
    embedding = LabelEmbedding.of(images, SHAPE, 10, "zero", "split")
    ff = kind("ff", SHAPE, goodness=norm, normalisation=norm)
    predictions = predict(ff, net, images, embedding)
    for image, predicted in zip(images, predictions, strict=True):
        score = np.zeros(10)
        for layer in range(3):
            g = []
            for label in range(10):
                x = embedding.embed(image[None], torch.tensor([label]))[0]
                for linear in net.layers[: layer + 1]:
                    x = (linear.weight[0] @ (x / x.norm(p)) + linear.bias[0]).clamp(min=0)
                g.append(x.norm(p).item())
            score += np.exp(g) / np.exp(g).sum()
        assert predicted == score.argmax()
    assert len(set(predictions)) > 2


@pytest.mark.parametrize("maximum", ["split", "image"])
@pytest.mark.parametrize("black", ["zero", "minimum"])
@pytest.mark.parametrize("norm", ["l1", "l2"])
def test_what_the_labels_share_is_computed_once_and_adds_up(norm, black, maximum):
    images = torch.randn(30, 3 * 24, generator=torch.manual_seed(0))
    embedding = LabelEmbedding.of(images, (3, 2, 12), 10, black, maximum)
    net = Network.initialise([72, 8, 8], None, norm, [torch.Generator().manual_seed(3)])
    found = list(_first_activations(net, images, embedding))
    assert len(found) == 10
    for label, first in enumerate(found):
        embedded = embedding.embed(images, torch.full((30,), label))
        expected, _ = net.activations(embedded[None])
        torch.testing.assert_close(first, expected, rtol=1e-5, atol=1e-6)


def test_bp_predicts_by_its_head(images):
    net = network(head=10, norm="none")
    x = images
    for linear in [*net.layers, net.head]:
        x = x @ linear.weight[0].T + linear.bias[0]
        x = x if linear is net.head else x.clamp(min=0)
    assert predict(kind("bp"), net, images, Plain()).tolist() == x.argmax(1).tolist()


def test_activations_are_those_after_relu_and_before_normalisation(images, monkeypatch):
    monkeypatch.setattr(extraction, "ROWS", 7)
    first, *_, last = activations(kind("ff"), network(), images)
    linear = network().layers[0]
    x = images / images.norm(dim=1, keepdim=True)
    expected = (x @ linear.weight[0].T + linear.bias[0]).clamp(min=0)
    np.testing.assert_allclose(first, expected, rtol=1e-5, atol=1e-6)
    assert first.dtype == np.float32 and last.shape == (30, 8)


@pytest.mark.parametrize("unseen", ["none", "own", "neutral"])
def test_images_of_a_held_out_category_get_the_label_that_is_asked_for(images, unseen):
    labels = torch.arange(30) % 10
    embedding = LabelEmbedding.of(images, SHAPE, 10, "zero", "split")
    expected = embedding.embed(images, labels)
    if unseen == "none":
        expected[labels == 4] = images[labels == 4]
    if unseen == "neutral":
        expected[labels == 4] = embedding.embed_neutral(images[labels == 4])
    e = experiment("ff", held_out=4)
    assert torch.equal(represented_images(e, images, labels, embedding, unseen), expected)
    plain = represented_images(experiment("bp", held_out=4), images, labels, Plain(), unseen)
    assert torch.equal(plain, images)


def test_a_run_from_files_to_file(tmp_path, caplog):
    dataset = digits_dataset()
    ff = kind("ff", units=8)
    net = ff.initialise([torch.Generator().manual_seed(i) for i in range(2)])
    weights.save(net.state(), ff, [4, 5], {4: "layer 1, epoch 2"}, tmp_path / "m.safetensors")
    path = tmp_path / "r.parquet"

    def extract(seed):
        extract_run(
            ff.experiment,
            seed,
            str(tmp_path / "m.safetensors"),
            dataset,
            str(path),
            device="cpu",
            unseen_label="own",
        )

    extract(5)
    images = torch.from_numpy(dataset.standardised(dataset.test.images))
    embedding = LabelEmbedding.of(images, (1, 12, 12), 10, "zero", "split")
    one = Network.from_state({n: t[1:] for n, t in net.state().items()}, "l2")
    right = predict(ff, one, images, embedding) == dataset.test.labels
    embedded = embedding.embed(images, torch.from_numpy(dataset.test.labels))
    stored = read(path, 2)
    np.testing.assert_array_equal(stored.activations, activations(ff, one, embedded)[1][right])
    np.testing.assert_array_equal(stored.labels, dataset.test.labels[right])
    assert read_metadata(path)["diverged"] is None
    extract(4)
    assert read_metadata(path)["diverged"] == "layer 1, epoch 2"
    assert [x.shape for x in (read(path, n).activations for n in (1, 2, 3))] == [(0, 8)] * 3
    assert "seed 4 diverged in training (layer 1, epoch 2)" in caplog.text
    with pytest.raises(UserError, match=r"seed 4 diverged in training \(layer 1, epoch 2\)"):
        weights.load(ff, tmp_path / "m.safetensors", 4)


@pytest.mark.parametrize(
    "dataset, changes, black, white",
    [
        ("mnist", {"black": "zero", "maximum": "split"}, [33], [255]),
        ("mnist", {"black": "zero", "maximum": "image"}, [33], [200]),
        ("mnist", {"black": "minimum", "maximum": "split"}, [10], [255]),
        ("svhn", {"black": "zero", "maximum": "split"}, [112, 113, 121], [255] * 3),
        ("mnist", {"held_out": 7}, [50], [50]),
    ],
)
def test_images_are_seen_as_they_entered_the_network(tmp_path, dataset, changes, black, white):
    """Zero after standardisation is the mean pixel of the dataset, not black."""
    channels = len(black)
    images = np.full((3, channels, 2, 12), 50, np.uint8)
    images[0, :, 1, 0], images[1, :, 1, 0] = 10, 200
    images[2, :, 1, 0] = 255
    e = experiment("ff", dataset=dataset, **changes)
    about = {"settings": e.training_settings(), "unseen_label": "none"}
    arrays = {"images": images, "labels": np.array([4, 7, 1])}
    arrays = {f"{split}_{k}": v for split in ("train", "test") for k, v in arrays.items()}
    mean, std = DATASETS[dataset]["mean"], DATASETS[dataset]["std"]
    data = make_dataset(dataset, arrays, 10, mean=mean, std=std)
    about["dataset"] = data.sha256
    write_parquet(pd.DataFrame({"index": [0, 1, 2]}), tmp_path / "r.parquet", about)

    seen = images_seen(tmp_path / "r.parquet", data, [1])
    expected = images[1:2].copy()
    expected[0, :, 0, :10] = np.array(black)[:, None]
    expected[0, :, 0, 7] = white
    assert seen.dtype == np.uint8
    np.testing.assert_array_equal(seen, expected)


def test_bp_sees_images_without_a_label(tmp_path):
    data = digits_dataset()
    about = {"settings": experiment("bp").training_settings(), "unseen_label": "none"}
    about["dataset"] = data.sha256
    write_parquet(pd.DataFrame({"index": [0]}), tmp_path / "r.parquet", about)
    seen = images_seen(tmp_path / "r.parquet", data, np.array([3, 0]))
    np.testing.assert_array_equal(seen, data.test.images[[3, 0]])
