from dataclasses import replace

import pandas as pd
import pytest
import torch

from ffensembles.analysis.ensembles import find_ensembles
from ffensembles.analysis.sparsity import sparsity_by_category
from ffensembles.analysis.training_sparsity import measure_training_sparsity
from ffensembles.learning.label_embedding import LabelEmbedding, Plain
from ffensembles.representations.extraction import activations, predict
from helpers.runs import few_digits, write_networks
from helpers.small_training import experiment, kind


@pytest.mark.parametrize("model", ["ff", "bp"])
def test_only_training_images_that_are_classified_correctly_count(tmp_path, model):
    path, dataset, e = tmp_path / "seeds-3-4.safetensors", few_digits(), experiment(model)
    networks = write_networks(path, [3, 4], e)
    table = measure_training_sparsity(e, [path], dataset, device="cpu")

    images = torch.from_numpy(dataset.standardised(dataset.train.images))
    labels = torch.from_numpy(dataset.train.labels)
    of = kind(model)
    drawn = LabelEmbedding.of(images, (1, 12, 12), 10, "zero", "split")
    embedding = Plain() if model == "bp" else drawn
    embedded = embedding.embed(images, labels)
    expected = []
    for place, seed in enumerate([3, 4]):
        state = {name: tensor[place : place + 1] for name, tensor in networks.state().items()}
        network = of.from_state(state)
        correct = predict(of, network, images, embedding) == dataset.train.labels
        assert 0 < correct.sum() < len(images)
        for layer, x in enumerate(activations(of, network, embedded), 1):
            part = sparsity_by_category(x[correct], dataset.train.labels[correct])
            found = find_ensembles(x[correct], dataset.train.labels[correct])
            size = found.groupby("category")["active"].sum()
            part["size"] = part["category"].map(size)
            part["units"] = part["size"].where(part["size"].isna(), x.shape[1])
            expected.append(part.assign(seed=seed, layer=layer))
    expected = pd.concat(expected, ignore_index=True)
    columns = ["category", "sparsity", "images", "silent", "size", "units"]
    assert list(table) == ["seed", "layer", *columns]
    pd.testing.assert_frame_equal(table, expected[list(table)], rtol=1e-5, check_dtype=False)


def test_a_network_that_classifies_no_training_image_correctly_has_no_sparsity(tmp_path):
    path, dataset, e = tmp_path / "seeds-0-0.safetensors", few_digits(), experiment("bp")
    network = write_networks(path, [0], e)
    images = torch.from_numpy(dataset.standardised(dataset.train.images))
    wrong = (predict(kind("bp"), network, images, Plain()) + 1) % 10
    train = replace(dataset.train, labels=wrong.astype(dataset.train.labels.dtype))
    table = measure_training_sparsity(e, [path], replace(dataset, train=train), device="cpu")
    assert table["layer"].tolist() == [1, 2, 3] and table["category"].isna().all()
    assert table["images"].tolist() == [0, 0, 0]
    assert table[["sparsity", "size", "units"]].isna().all(axis=None)
