"""A small study that has really run: what is stored of it follows from the weights, to the unit.

Prediction and activations are computed here once more, from the files alone and in the plainest
way, so that nothing can be mistaken in between: the kind of model, the label, the order of units.
"""

import sys

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.numpy import load_file

from ffensembles.analysis.catalogue import BALANCE, MEASUREMENTS
from ffensembles.extras.beyond import measurements as beyond
from ffensembles.learning import devices
from ffensembles.paper.tables.catalogue import TABLES
from ffensembles.paper.tables.layout import OVER_RUNS
from ffensembles.pipeline.results import DATASET, MODELS, REPRESENTATIONS
from ffensembles.representations.stored import read
from helpers.small_results import CONFIG, SEEDS, STUDIES, measure, of_experiment

CATEGORIES = 10
MAIN = [e for e in STUDIES if e.study == "main"]
by_model = pytest.mark.parametrize("e", MAIN, ids=lambda e: e.model)


class Run:
    """A run of a small study, from its files."""

    def __init__(self, folder, e, seed):
        self.e, self.seed = e, seed
        (models,) = of_experiment(folder, MODELS, e)
        self.weights = {name: stack[SEEDS.index(seed)] for name, stack in load_file(models).items()}
        self.path = of_experiment(folder, REPRESENTATIONS, e)[SEEDS.index(seed)]
        with np.load(folder / DATASET.path.format(dataset=e.dataset)) as file:
            pixels, self.labels = file["test_images"] / 255, file["test_labels"]
            x = (pixels - file["mean"][:, None, None]) / file["std"][:, None, None]
        self.images = x.reshape(len(x), -1)

    def with_label(self, labels):
        """Return the images with labels drawn into them: the first ten pixels, but one, are 0."""
        images = self.images.copy()
        images[:, :CATEGORIES] = 0
        images[np.arange(len(images)), labels] = self.images.max()
        return images

    def layers(self, images):
        """Yield the activations (images, units) of each layer."""
        x = images
        for layer in (1, 2, 3):
            if self.e.model != "bp":
                x = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
            x = x @ self.weights[f"layer{layer}.weight"].T + self.weights[f"layer{layer}.bias"]
            x = np.maximum(x, 0)
            yield x

    def scores(self):
        """Return for each image what speaks for each category, (images, categories)."""
        if self.e.model == "bp":
            *_, last = self.layers(self.images)
            return last @ self.weights["head.weight"].T + self.weights["head.bias"]
        goodness = np.array(
            [
                [np.linalg.norm(x, axis=1) for x in self.layers(self.with_label(label))]
                for label in range(CATEGORIES)
            ]
        )
        shares = np.exp(goodness) / np.exp(goodness).sum(axis=0)
        return shares.sum(axis=1).T


@by_model
@pytest.mark.parametrize("seed", SEEDS)
def test_each_model_predicts_in_its_own_way(small_results, e, seed):
    run = Run(small_results, e, seed)
    scores = run.scores()
    stored = pd.read_parquet(run.path, columns=["label", "prediction"])
    np.testing.assert_array_equal(stored["label"], run.labels)
    chosen = scores[np.arange(len(scores)), stored["prediction"]]
    np.testing.assert_allclose(chosen, scores.max(axis=1), rtol=1e-5)
    assert stored["prediction"].nunique() > 1


@by_model
@pytest.mark.parametrize("seed", SEEDS)
def test_units_are_in_the_order_of_the_weights(small_results, e, seed):
    run = Run(small_results, e, seed)
    seen = run.images if e.model == "bp" else run.with_label(run.labels)
    for layer, expected in enumerate(run.layers(seen), 1):
        stored = read(run.path, layer, correct_only=False).activations
        np.testing.assert_allclose(stored, expected, rtol=1e-3, atol=1e-5)
        assert len(np.unique(expected.mean(axis=0))) > e.units / 4  # so an order can be told

    (path,) = of_experiment(small_results, BALANCE, e)
    balance = pd.read_parquet(path).query("seed == @seed")
    for layer in (1, 2, 3):
        units = balance[balance["layer"] == layer].sort_values("unit")
        positive = (run.weights[f"layer{layer}.weight"] > 0).mean(axis=1)
        np.testing.assert_allclose(units["positive_fraction"], positive)
        np.testing.assert_allclose(units["bias"], run.weights[f"layer{layer}.bias"], rtol=1e-6)


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_a_table_counts_runs(small_results, table):
    tidy = pd.read_csv(small_results / f"tables/{table.name}.csv")
    if table.layout.cells != OVER_RUNS or "n" not in tidy:
        pytest.skip("is not of means over runs")
    compared = 1 if "metric" in tidy else len(SEEDS)
    assert set(tidy["n"]) <= {0, compared}  # 0: no run has what is averaged


WITH_NETWORKS = [m for m in (*MEASUREMENTS, *beyond.MEASUREMENTS) if m.networks]


@pytest.mark.parametrize("measurement", WITH_NETWORKS, ids=lambda m: m.name)
def test_networks_run_on_the_device_that_the_job_is_given(
    small_results, measurement, tmp_path, monkeypatch
):
    asked = []
    choose = devices.choose
    for module in list(sys.modules.values()):
        if vars(module).get("choose") is choose:
            monkeypatch.setattr(
                module, "choose", lambda name: asked.append(name) or torch.device("cpu")
            )
    path = measurement.makes[0].paths(MAIN[:1], CONFIG)[0]
    for gpu, device in ((1, "cuda"), (0, "cpu")):
        asked.clear()
        measure(small_results, measurement, path, to=tmp_path, device="cuda", gpu=gpu)
        assert set(asked) == {device}


def test_dynamics_are_those_of_the_run_whose_snapshots_they_follow(small_results, tmp_path):
    (measurement,) = (m for m in beyond.MEASUREMENTS if m.name == "measure_dynamics")
    (path,) = measurement.makes[0].paths(MAIN[:1], CONFIG)
    measure(small_results, measurement, path, to=tmp_path)
    assert set(pd.read_parquet(tmp_path / path)["seed"]) == {CONFIG["figures"]["seed"]}
