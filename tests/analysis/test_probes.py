import logging

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import recall_score
from sklearn.preprocessing import StandardScaler

from ffensembles.analysis.probes import evaluate, fit_probe, measure_probes
from ffensembles.learning import weights
from ffensembles.representations.extraction import activations
from helpers.runs import few_digits, write_networks
from helpers.small_training import kind

FF = kind("ff", units=16)


@pytest.fixture(scope="module")
def digits():
    """Training and test halves of scikit-learn's digits: 64 activations each."""
    x, labels = load_digits(return_X_y=True)
    x = (x / 16).astype(np.float32)
    return (x[:900], labels[:900]), (x[900:], labels[900:])


@pytest.fixture(scope="module")
def probe(digits):
    return fit_probe(*digits[0])


def test_accuracies_are_those_of_scikit_learn(digits, probe):
    (train, train_labels), (test, labels) = digits
    scaler = StandardScaler().fit(train)
    reference = LogisticRegression(max_iter=500).fit(scaler.transform(train), train_labels)
    x = scaler.transform(test)
    table = evaluate(probe, test, labels)
    assert table["category"].tolist() == [pd.NA, *range(10)]
    assert table["accuracy"][0] == reference.score(x, labels) > 0.85
    recall = recall_score(labels, reference.predict(x), average=None)
    np.testing.assert_allclose(table["accuracy"][1:], recall, rtol=1e-15)
    assert table["images"][1:].sum() == table["images"][0] == len(labels) == 897


def test_the_solution_is_the_optimum(digits, probe):
    """At the optimum the penalty's gradient, W, cancels that of the summed cross-entropy."""
    x, labels = digits[0]
    residual = np.eye(10)[labels] - probe.predict_proba(x)
    weights, gradient = probe[-1].coef_, residual.T @ probe[0].transform(x)
    tolerance = 1e-4 * len(x)  # scikit-learn's, on the mean instead of the sum
    np.testing.assert_allclose(weights, gradient, atol=tolerance)
    assert np.abs(weights).max() > 5 * tolerance


def test_float32_stays_float32(probe):
    assert probe[-1].coef_.dtype == np.float32


def test_categories_without_test_images_are_not_in_the_table(digits, probe):
    x, labels = digits[1]
    few = np.isin(labels, [2, 7])
    assert evaluate(probe, x[few], labels[few])["category"].tolist() == [pd.NA, 2, 7]


@pytest.mark.filterwarnings("error")
def test_convergence_is_logged(digits, caplog):
    caplog.set_level(logging.INFO)
    fit_probe(*digits[0], iterations=3)
    fit_probe(*digits[0])
    first, second = caplog.messages
    assert first == "probe of 64 units on 900 images: stopped after 3 iterations"
    assert "converged after" in second


def test_silent_units_do_not_matter(digits, probe):
    """Forward-Forward has many of them."""
    (train, labels), (test, test_labels) = digits
    silent = np.zeros((900, 30), np.float32)
    wide = fit_probe(np.hstack([train, silent]), labels)
    table = evaluate(wide, np.hstack([test, silent[: len(test)]]), test_labels)
    assert table.equals(evaluate(probe, test, test_labels))


def test_the_scale_of_a_unit_does_not_matter(digits, probe):
    (train, labels), (test, test_labels) = digits
    scale = 2.0 ** np.random.default_rng(0).integers(-12, 12, size=64)
    scaled = fit_probe((train * scale).astype(np.float32), labels)
    table = evaluate(scaled, (test * scale).astype(np.float32), test_labels)
    assert table.equals(evaluate(probe, test, test_labels))


def test_probes_of_networks_are_fitted_to_training_images_and_judged_on_test_images(tmp_path):
    path, dataset = tmp_path / "seeds-3-4.safetensors", few_digits()
    networks = write_networks(path, [3, 4], FF.experiment)
    # A layer that there is not is left out.
    how = {"layers": [1, 3, 4], "device": "cpu", "ff": [path]}
    table = measure_probes([FF.experiment], dataset, **how)
    assert set(table["model"]) == {"ff"} and table["held_out"].isna().all()

    def represent(network, images):
        first, _, third = activations(FF, network, torch.from_numpy(dataset.standardised(images)))
        return np.hstack([first, third])

    assert list(table)[4:9] == ["seed", "layers", "category", "images", "accuracy"]
    assert list(table)[9:] == ["dead", "diverged"] and table[["dead", "diverged"]].isna().all(
        axis=None
    )
    assert (table["layers"] == "1+3").all()
    for place, seed in enumerate([3, 4]):
        state = {name: tensor[place : place + 1] for name, tensor in networks.state().items()}
        network = FF.from_state(state)
        probe = fit_probe(represent(network, dataset.train.images), dataset.train.labels)
        x, labels = represent(network, dataset.test.images), dataset.test.labels
        ours = table[table["seed"] == seed].reset_index(drop=True)
        pd.testing.assert_frame_equal(
            ours[["category", "images", "accuracy"]], evaluate(probe, x, labels)
        )
        assert 0.3 < ours["accuracy"][0] < 1


def test_dead_layers_and_diverged_runs_are_told(tmp_path):
    path, dataset = tmp_path / "seeds-3-5.safetensors", few_digits()
    network = write_networks(path, [3, 4, 5], FF.experiment)
    network.layers[1].weight[1] = 0  # and so the last layer, too, is the same for all images
    weights.save(FF.state(network), FF, [3, 4, 5], {5: "epoch 2"}, path)
    table = measure_probes([FF.experiment], dataset, layers=[1], device="cpu", ff=[path])
    said = table.drop_duplicates("seed").set_index("seed")
    assert said["dead"].fillna("").to_dict() == {3: "", 4: "2+3", 5: ""}
    assert said["diverged"].fillna("").to_dict() == {3: "", 4: "", 5: "epoch 2"}
    last = table[table["seed"] == 5]
    assert len(last) == 1 and last["accuracy"].isna().all() and last["category"].isna().all()
