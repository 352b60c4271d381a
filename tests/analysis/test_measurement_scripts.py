"""The scripts that measure hand on what the rules give them."""

import numpy as np
import pandas as pd
import pytest

from ffensembles.analysis.significance import p_values
from ffensembles.data.datasets import write
from ffensembles.representations.stored import read
from helpers.runs import drawn_layers, few_digits, write_networks, write_run
from helpers.scripts import run_script
from helpers.small_training import experiment

KEYS = {"dataset": "digits", "model": "ff", "study": "without-3"}
LABELS = np.arange(100) % 10
LAYERS = 3


@pytest.fixture
def runs(tmp_path):
    """Representations of two seeds that never saw a 3 and take it for something else."""
    predictions = np.where((LABELS == 3) | (np.arange(100) % 9 == 0), (LABELS + 1) % 10, LABELS)
    return [
        str(write_run(tmp_path / f"seed-{seed}", LABELS, predictions, drawn_layers(100, seed=seed)))
        for seed in (0, 1)
    ]


@pytest.fixture
def measure(tmp_path):
    """Run a script on an experiment; return its table."""

    def measure(script, inputs, wildcards=KEYS, **params):
        path = tmp_path / f"{script}.parquet"
        named = {"input": inputs, "output": {"table": str(path)}, "params": params}
        run_script(f"{script}.py", tmp_path / "log", wildcards=wildcards, **named)
        table = pd.read_parquet(path)
        assert table[list(wildcards)].drop_duplicates().astype(str).to_dict("records") == [
            wildcards
        ]
        return table

    return measure


def test_accuracy(runs, measure):
    table = measure("measure_accuracy", {"representations": runs}, seeds=[0, 1])
    table = table[table["category"].isna()]
    # Wrong are ten images of the unseen category, and eleven others.
    assert table["seed"].tolist() == [0, 1]
    assert table["correct"].tolist() == [79, 79]
    assert table["accuracy"].tolist() == [0.79, 0.79]


@pytest.mark.parametrize("script", ["measure_sparsity", "find_ensembles"])
def test_all_images_of_a_held_out_category_count(runs, measure, script):
    params = {"seeds": [0, 1], "layers": LAYERS}
    without, with_held_out = (
        measure(script, {"representations": runs}, **params, held_out=held_out)
        for held_out in (None, 3)
    )
    assert set(without["category"].dropna()) == set(range(10)) - {3}
    assert set(with_held_out["category"].dropna()) == set(range(10))
    if script == "find_ensembles":
        assert set(with_held_out["held_out"]) == {3}
        assert without["held_out"].isna().all()
    else:
        assert with_held_out.query("category == 3")["images"].tolist() == [10] * 2 * LAYERS


def test_significance_of_each_layer(runs, measure, tmp_path):
    params = {"seeds": [0, 1], "layers": LAYERS, "held_out": 3}
    found = measure("find_ensembles", {"representations": runs}, **params)
    inputs = {"representations": runs, "ensembles": str(tmp_path / "find_ensembles.parquet")}
    params |= {"method": "exact", "shuffles": 1, "random_seed": 0}
    table = measure("measure_significance", inputs, **params)
    keys = ["seed", "layer", "category", "unit"]
    assert table[keys].equals(found.loc[found["active"], keys].reset_index(drop=True))
    for (seed, layer, category), rows in table.groupby(keys[:3]):
        x = read(runs[seed], layer, held_out=3)
        units = rows["unit"].to_numpy()
        expected = p_values(x.activations[x.labels == category], units, method="exact")
        np.testing.assert_array_equal(rows["p_value"], expected)


def test_what_needs_networks(measure, tmp_path):
    path, dataset = tmp_path / "seeds-0-1.safetensors", tmp_path / "digits.npz"
    write_networks(path, [0, 1])
    write(few_digits(), dataset)
    settings = experiment("ff").training_settings()
    balance = measure("measure_balance", {"models": [str(path)]}, seeds=[0, 1], layers=2)
    assert balance.groupby(["seed", "layer"]).size().tolist() == [16] * 4

    inputs = {"models": [str(path)], "dataset": str(dataset)}
    sparsity = measure("measure_training_sparsity", inputs, experiment=settings, device="cpu")
    assert sparsity.loc[sparsity["category"].isna(), "layer"].tolist() == [1, 2, 3] * 2
    assert sparsity["images"].between(1, 299).all()


def test_probes_of_the_models_of_a_study(measure, tmp_path):
    dataset, inputs = tmp_path / "digits.npz", {}
    write(few_digits(), dataset)
    for model, seeds in (("ff", [0, 1]), ("bpff", [0])):
        inputs[model] = str(tmp_path / f"{model}.safetensors")
        write_networks(inputs[model], seeds)
    experiments = [
        experiment("ff", study="without-3", held_out=3).training_settings(),
        experiment("bpff", study="without-3").training_settings(),
    ]
    wildcards = {"dataset": "digits", "study": "without-3"}
    params = {"experiments": experiments, "layers": [1, 3], "device": "cpu"}
    table = measure("fit_probes", inputs | {"dataset": str(dataset)}, wildcards, **params)
    assert set(table["layers"]) == {"1+3"}
    runs = table.loc[table["category"].isna(), ["model", "seed", "held_out", "images"]]
    assert runs.astype(object).where(runs.notna(), None).values.tolist() == [
        ["ff", 0, 3, 200],
        ["ff", 1, 3, 200],
        ["bpff", 0, None, 200],
    ]


def test_similarities(runs, measure):
    wildcards = {"dataset": "digits", "seed": "0"}
    inputs = {"ff": runs[0], "bpff": runs[1], "bp": runs[0]}
    models = measure("measure_similarity", inputs, wildcards, layers=LAYERS).query(
        "metric == 'CKA'"
    )
    alike = models[(models["model_a"] == "ff") & (models["model_b"] == "bp")]
    np.testing.assert_allclose(alike["value"], 1)
    assert models["value"].min() < 0.9

    inputs = {"representation": runs[0]}
    layers = measure("measure_layer_similarity", inputs, wildcards, layers=LAYERS)
    np.testing.assert_allclose(layers.query("layer_a == layer_b")["value"], 1)
    assert len(layers) == LAYERS**2
