"""The measurements of the catalogue, each made as its rule has it made."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ffensembles.analysis import catalogue
from ffensembles.analysis.significance import p_values
from ffensembles.data.datasets import write
from ffensembles.extras.beyond import measurements as beyond
from ffensembles.lookup import named
from ffensembles.pipeline.results import DATASET, MODELS, REPRESENTATIONS
from ffensembles.representations.stored import read
from helpers.measuring import CONFIG, measure
from helpers.runs import drawn_layers, few_digits, write_networks, write_run
from helpers.small_training import experiment

LABELS = np.arange(100) % 10
LAYERS = 3
ROWS = {row.name: row for row in (*catalogue.MEASUREMENTS, *beyond.MEASUREMENTS)}
MAIN = [experiment(model, seeds=2) for model in ("ff", "bpff", "bp")]


def with_representations(folder, experiments):
    """Write runs that never saw a 3 and take it for something else; return the folder."""
    predictions = np.where((LABELS == 3) | (np.arange(100) % 9 == 0), (LABELS + 1) % 10, LABELS)
    for e in experiments:
        for seed in e.runs:
            path = folder / REPRESENTATIONS.at(e, seed=seed)
            path.parent.mkdir(parents=True, exist_ok=True)
            other = seed + 2 * (e.model == "bpff")
            write_run(path, LABELS, predictions, drawn_layers(100, seed=other))
    return folder


def with_networks(folder, experiments):
    """Write untrained networks and a few images; return the folder."""
    for e in experiments:
        (path,) = (folder / file for file in MODELS.paths([e], CONFIG))
        path.parent.mkdir(parents=True, exist_ok=True)
        write_networks(path, list(e.runs), e)
    write(few_digits(), folder / DATASET.at(experiments[0]))
    return folder


def made(folder, name, experiments, wildcards=None, **config):
    """Make a measurement of the first of some experiments; return its tables by name."""
    e = experiments[0]
    wildcards = wildcards or {"dataset": e.dataset, "model": e.model, "study": e.study}
    measure(ROWS[name], folder, wildcards, experiments, **config)
    tables = {
        a.name: pd.read_parquet(folder / a.path.format(**wildcards)) for a in ROWS[name].makes
    }
    for table in tables.values():
        keys = table[list(wildcards)].drop_duplicates().astype(str).to_dict("records")
        assert keys == [wildcards]
    return tables


@pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: row.name)
def test_every_row_names_a_function_and_files_of_its_own(row):
    assert callable(named(row.measure))
    for artefact in row.makes:
        others = {a.path for other in ROWS.values() if other is not row for a in other.makes}
        assert artefact.path not in others
        assert all(wildcard in artefact.path for wildcard in row.place.split("/"))


def test_all_images_of_a_held_out_category_count(tmp_path):
    unseen, seen = (
        experiment("ff", seeds=2, study="without-3", held_out=3),
        experiment("ff", seeds=2),
    )
    with_representations(tmp_path, [unseen, seen])
    with_held_out, without = (
        made(tmp_path, "measure_representations", [e]) for e in (unseen, seen)
    )
    for name in ("sparsity", "ensembles", "significance"):
        assert set(without[name]["category"].dropna()) == set(range(10)) - {3}
        assert set(with_held_out[name]["category"].dropna()) == set(range(10))
    assert set(with_held_out["ensembles"]["held_out"]) == {3}
    assert without["ensembles"]["held_out"].isna().all()
    sparsity = with_held_out["sparsity"]
    assert sparsity.query("category == 3")["images"].tolist() == [10] * 2 * LAYERS
    # Wrong are ten images of the unseen category, and eleven others, held out or not.
    for tables in (with_held_out, without):
        whole = tables["accuracy"][tables["accuracy"]["category"].isna()]
        assert whole["seed"].tolist() == [0, 1]
        assert whole["accuracy"].tolist() == [0.79, 0.79]


def test_significance_of_each_layer(tmp_path):
    e = experiment("ff", seeds=2, study="without-3", held_out=3)
    tables = made(with_representations(tmp_path, [e]), "measure_representations", [e])
    table, found = tables["significance"], tables["ensembles"]
    keys = ["seed", "layer", "category", "unit"]
    assert table[keys].equals(found.loc[found["active"], keys].reset_index(drop=True))
    for (seed, layer, category), rows in table.groupby(keys[:3]):
        x = read(tmp_path / REPRESENTATIONS.at(e, seed=seed), layer, held_out=3)
        units = rows["unit"].to_numpy()
        expected = p_values(x.activations[x.labels == category], units, method="exact")
        np.testing.assert_array_equal(rows["p_value"], expected)


def test_what_needs_networks(tmp_path):
    e = experiment("ff", seeds=2)
    with_networks(tmp_path, [e])
    balance = made(tmp_path, "measure_balance", [e])["balance"]
    assert balance.groupby(["seed", "layer"]).size().tolist() == [40] * 6
    sparsity = made(tmp_path, "measure_training_sparsity", [e])["training_sparsity"]
    assert sparsity.loc[sparsity["category"].isna(), "layer"].tolist() == [1, 2, 3] * 2
    assert sparsity["images"].between(1, 299).all()


@pytest.mark.parametrize("row", [r for r in ROWS.values() if r.networks], ids=lambda r: r.name)
def test_what_runs_networks_does_so_on_the_cpu_where_it_was_given_no_gpu(
    row, tmp_path, monkeypatch
):
    asked = []
    monkeypatch.setattr(f"ffensembles.{row.measure}", lambda *_, device, **__: asked.append(device))
    with_networks(tmp_path, MAIN)
    with pytest.raises(SystemExit):  # there is no table
        measure(
            row,
            tmp_path,
            {"dataset": "digits", "model": "ff", "study": "main"},
            MAIN,
            device="cuda",
        )
    assert asked == ["cpu"]


def test_probes_of_the_models_of_a_study(tmp_path):
    rows = [
        experiment("ff", seeds=2, study="without-3", held_out=3),
        experiment("bpff", seeds=1, study="without-3"),
    ]
    with_networks(tmp_path, rows)
    wildcards = {"dataset": "digits", "study": "without-3"}
    # Of a study that holds out a category those models are probed that do.
    table = made(tmp_path, "fit_probes", rows[:1], wildcards, probe_layers=[1, 3])["probes"]
    assert set(table["layers"]) == {"1+3"}
    measured = [replace(e, study="mine", held_out=None) for e in rows]
    with_networks(tmp_path, measured)
    table = made(tmp_path, "fit_probes", measured, wildcards | {"study": "mine"})["probes"]
    runs = table.loc[table["category"].isna(), ["model", "seed", "held_out", "images"]]
    assert runs.astype(object).where(runs.notna(), None).values.tolist() == [
        ["ff", 0, None, 200],
        ["ff", 1, None, 200],
        ["bpff", 0, None, 200],
    ]


def test_similarities(tmp_path):
    with_representations(tmp_path, MAIN)
    wildcards = {"dataset": "digits", "seed": "1"}
    models = made(tmp_path, "measure_similarity", MAIN, wildcards)["similarity"]
    models = models.query("metric == 'CKA'")
    alike = models[(models["model_a"] == "ff") & (models["model_b"] == "bp")]
    np.testing.assert_allclose(alike["value"], 1)
    assert models["value"].min() < 0.9

    layers = made(tmp_path, "measure_layer_similarity", MAIN, wildcards)["layer_similarity"]
    assert set(layers["model_a"]) == {"ff"}
    np.testing.assert_allclose(layers.query("layer_a == layer_b")["value"], 1)
    assert len(layers) == LAYERS**2
