"""The measurements of the catalogue, each made as its rule has it made.

tests/test_whole_study.py has most of them, on networks that have really learned.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ffensembles.analysis import catalogue
from ffensembles.data.datasets import write
from ffensembles.extras.beyond import measurements as beyond
from ffensembles.lookup import named
from ffensembles.pipeline.results import DATASET, MODELS, REPRESENTATIONS
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


def made(folder, name, experiments, wildcards, **config):
    """Make a measurement of some experiments; return its tables by name."""
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
