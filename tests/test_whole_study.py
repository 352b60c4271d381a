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

from ffensembles.analysis.catalogue import (
    ACCURACY,
    BALANCE,
    ENSEMBLES,
    MEASUREMENTS,
    PROBES,
    SIGNIFICANCE,
    SIMILARITY,
    SPARSITY,
    TRAINING_SPARSITY,
)
from ffensembles.analysis.probes import fit_probe
from ffensembles.analysis.significance import p_values
from ffensembles.extras.beyond import measurements as beyond
from ffensembles.learning import devices
from ffensembles.paper.tables.catalogue import TABLES
from ffensembles.paper.tables.layout import OVER_RUNS
from ffensembles.pipeline.results import DATASET, MODELS, REPRESENTATIONS
from ffensembles.representations.stored import read
from helpers.measuring import CONFIG, measure
from helpers.small_results import STUDIES, of_experiment

SEEDS = [0, 1]

CATEGORIES = 10
MAIN = [e for e in STUDIES if e.study == "main"]
FF = {"dataset": "digits", "model": "ff", "study": "main"}
by_model = pytest.mark.parametrize("e", MAIN, ids=lambda e: e.model)


class Run:
    """A run of a small study, from its files."""

    def __init__(self, folder, e, seed, split="test"):
        self.e, self.seed = e, seed
        (models,) = of_experiment(folder, MODELS, e)
        self.weights = {name: stack[SEEDS.index(seed)] for name, stack in load_file(models).items()}
        self.path = of_experiment(folder, REPRESENTATIONS, e)[SEEDS.index(seed)]
        with np.load(folder / DATASET.path.format(dataset=e.dataset)) as file:
            pixels, self.labels = file[f"{split}_images"] / 255, file[f"{split}_labels"]
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


every_run = pytest.mark.parametrize(
    ("e", "seed"),
    [(e, seed) for e in STUDIES for seed in SEEDS],
    ids=lambda x: getattr(x, "key", x),
)


def measured(folder, artefact, e, seed):
    """Return the rows of a measurement that are about a run."""
    (path,) = of_experiment(folder, artefact, e)
    table = pd.read_parquet(path)
    return table[(table["seed"] == seed) & (table.get("model", e.model) == e.model)]


@every_run
def test_accuracy_is_the_share_of_right_predictions(small_results, e, seed):
    stored = pd.read_parquet(Run(small_results, e, seed).path, columns=["label", "prediction"])
    accuracy = measured(small_results, ACCURACY, e, seed)
    (overall,) = accuracy.loc[accuracy["category"].isna(), "accuracy"]
    assert overall == (stored["label"] == stored["prediction"]).mean()


@every_run
def test_each_layer_is_measured_on_the_images_that_count(small_results, e, seed):
    """Those classified correctly, and all of the category that was held out."""
    path = Run(small_results, e, seed).path
    sparsity, ensembles, significance = (
        measured(small_results, kind, e, seed) for kind in (SPARSITY, ENSEMBLES, SIGNIFICANCE)
    )
    for layer in (1, 2, 3):
        x = read(path, layer, correct_only=False)
        right = pd.read_parquet(path, columns=["prediction"])["prediction"] == x.labels
        keep = (right | (x.labels == e.held_out)).to_numpy()
        x, labels = x.activations[keep].astype(float), x.labels[keep]
        means = {category: x[labels == category].mean(axis=0) for category in np.unique(labels)}
        rows = sparsity[sparsity["layer"] == layer].dropna(subset="category")
        defined = x.any(axis=1)
        l1_by_l2 = x[defined].sum(axis=1) / np.sqrt((x[defined] ** 2).sum(axis=1))
        hoyer = (np.sqrt(e.units) - l1_by_l2) / (np.sqrt(e.units) - 1)
        expected = pd.Series(hoyer).groupby(labels[defined]).mean()
        found = rows.set_index("category")["sparsity"].dropna()
        np.testing.assert_allclose(found, expected.loc[list(found.index)], rtol=1e-5)
        assert len(found) == len(expected)

        units = ensembles[ensembles["layer"] == layer]
        assert set(units["category"]) == set(means)
        assert set(units["held_out"].dropna()) == {e.held_out} - {None}
        active = units[units["active"]]
        others = {c: (mean.sum() - mean) / (e.units - 1) for c, mean in means.items()}
        expected = {(c, u) for c in means for u in np.flatnonzero(means[c] > 2 * others[c])}
        assert set(zip(active["category"], active["unit"], strict=True)) == expected

        tested = significance[significance["layer"] == layer]
        assert set(zip(tested["category"], tested["unit"], strict=True)) == expected
        for category, rows in tested.groupby("category"):
            of_category = read(path, layer, held_out=e.held_out)
            of_category = of_category.activations[of_category.labels == category]
            p = p_values(of_category, rows["unit"].to_numpy(), method="exact")
            np.testing.assert_array_equal(rows["p_value"], p)


def test_models_are_compared_layer_by_layer(small_results):
    (path,) = of_experiment(small_results, SIMILARITY, MAIN[0])
    table = (
        pd.read_parquet(path).query("metric == 'CKA'").set_index(["model_a", "model_b", "layer_a"])
    )
    runs = {e.model: Run(small_results, e, 0).path for e in MAIN}
    assert len(table) == 3 * 3
    for (a, b, layer), row in table.iterrows():
        x, y = (read(runs[model], layer, correct_only=False).activations for model in (a, b))
        x, y = (z - z.mean(axis=0, dtype=float) for z in (x, y))
        norm = np.linalg.norm
        assert row["value"] == pytest.approx(norm(x.T @ y) ** 2 / norm(x.T @ x) / norm(y.T @ y))
        assert row["layer_b"] == layer


@by_model
def test_training_sparsity_is_that_of_training_images(small_results, e):
    run = Run(small_results, e, 0, "train")
    right = run.scores().argmax(axis=1) == run.labels
    seen = run.images if e.model == "bp" else run.with_label(run.labels)
    table = measured(small_results, TRAINING_SPARSITY, e, 0)
    for layer, x in enumerate(run.layers(seen), 1):
        (row,) = table[(table["layer"] == layer) & table["category"].isna()].itertuples()
        x = x[right & x.any(axis=1)]
        l1_by_l2 = x.sum(axis=1) / np.sqrt((x**2).sum(axis=1))
        assert row.sparsity == pytest.approx(
            ((np.sqrt(e.units) - l1_by_l2) / (np.sqrt(e.units) - 1)).mean(), abs=1e-4
        )
        assert row.images == right.sum()


@by_model
def test_probes_are_fitted_to_training_images_and_judged_on_test_images(small_results, e):
    train, test = (Run(small_results, e, 0, split) for split in ("train", "test"))
    x, y = (np.hstack(list(run.layers(run.images))).astype(np.float32) for run in (train, test))
    right = fit_probe(x, train.labels).predict(y) == test.labels
    table = measured(small_results, PROBES, e, 0)
    (overall,) = table[table["category"].isna()].itertuples()
    assert overall.images == len(right)
    assert overall.accuracy == pytest.approx(right.mean(), abs=2.5 / len(right))
    assert (fit_probe(x, train.labels).predict(x) == train.labels).mean() > right.mean() + 0.03


OF_RUNS = [table for table in TABLES.values() if table.layout.cells == OVER_RUNS]


@pytest.mark.parametrize("table", OF_RUNS, ids=lambda table: table.name)
def test_a_table_counts_runs(small_results, table):
    tidy = pd.read_csv(small_results / f"tables/{table.name}.csv")
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
    for gpu, device in ((1, "cuda"), (0, "cpu")):
        asked.clear()
        given = measurement, small_results, FF, MAIN
        measure(*given, to=tmp_path, device="cuda", gpu=gpu)
        assert set(asked) == {device}


def test_dynamics_are_those_of_the_run_whose_snapshots_they_follow(small_results, tmp_path):
    (measurement,) = (m for m in beyond.MEASUREMENTS if m.name == "measure_dynamics")
    measure(measurement, small_results, FF, MAIN, to=tmp_path)
    table = pd.read_parquet(tmp_path / measurement.makes[0].at(MAIN[0]))
    assert set(table["seed"]) == {CONFIG["figures"]["seed"]}
