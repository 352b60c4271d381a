"""The library from Python: arrays in, runs out; what the pipeline has trained, opened."""

import os
import re
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import ffensembles
from ffensembles.errors import UserError
from ffensembles.experiments import read_experiments
from ffensembles.learning.block import train_block
from ffensembles.representations.stored import read
from helpers import ROOT
from helpers.runs import few_digits
from helpers.small_training import ON_CPU, experiment

FEW = {"epochs": 2, "learning_rate": 0.01, "batch_size": 64, "units": 40}


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (40, 5, 4), np.uint8)


@pytest.fixture
def labels():
    return np.arange(40) % 4


def test_the_package_itself_is_light():
    code = "import sys, ffensembles; print({'torch', 'pandas', 'numpy'} & set(sys.modules))"
    env = {"PYTHONPATH": str(ROOT / "workflow")}
    run = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert run.stdout.strip() == "set()", run.stderr
    assert set(ffensembles.__all__) <= set(dir(ffensembles))
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        ffensembles.trian  # noqa: B018


def test_the_lines_of_the_docs_train_ff_and_list_its_ensembles(capsys):
    page = (ROOT / "docs/extending.md").read_text("utf-8")
    block = next(b for b in re.findall(r"```python\n(.+?)```", page, re.DOTALL) if "train(" in b)
    assert len([line for line in block.splitlines() if line]) <= 15
    names = {}
    exec(block, names)
    run = names["run"]
    assert run.accuracy >= 0.95  # bands are easy to tell apart
    ensembles = run.ensembles(layer=1)
    assert set(ensembles["category"]) == {0, 1, 2}
    assert (ensembles["mean"] > 2 * ensembles["loo"]).all()
    assert str(ensembles.loc[0, "unit"]) in capsys.readouterr().out


def test_an_experiment_is_a_row_of_the_table(tmp_path):
    table = tmp_path / "experiments.tsv"
    row = {"study": "own", "dataset": "own", "model": "bpff", "seeds": "1", **FEW, "theta": 2}
    table.write_text("\n".join("\t".join(map(str, part)) for part in (row, row.values())))
    made = ffensembles.experiment(model="bpff", theta=2, **FEW)
    assert [made] == read_experiments(table)
    several = ffensembles.experiment(model="bp", seeds=[0, 2], **FEW | {"units": (40, 30, 20)})
    assert (several.runs, several.widths) == ((0, 2), (40, 30, 20))
    assert ffensembles.experiment(model="ff", held_out=None, **FEW).held_out is None


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({**FEW, "epochs": 0}, "experiment: epochs is '0'; it must be a whole number, at least 1"),
        ({**FEW, "epoch": 3}, "experiment: unknown column 'epoch'"),
        ({"epochs": 3}, "experiment: lacks column learning_rate, batch_size, units"),
    ],
)
def test_a_wrong_column_is_told(columns, told):
    with pytest.raises(UserError, match=re.escape(told)):
        ffensembles.experiment(model="ff", **columns)


def test_a_dataset_is_made_of_arrays(images, labels):
    data = ffensembles.dataset(images, labels, test_share=0.2)
    assert data.categories == 4 and data.shape == (1, 5, 4)
    assert np.bincount(data.test.labels).tolist() == [2] * 4
    scaled = ffensembles.dataset(
        images / 51 - 1, labels, test=(images[:4] / 51 - 1, labels[:4]), range=(-1, 4)
    )
    np.testing.assert_allclose(scaled.train.images[:, 0], images / 255, atol=1e-6)
    assert len(scaled.test.labels) == 4
    with pytest.raises(UserError, match="dataset: train_labels: holds 3, outside 0 to 2"):
        ffensembles.dataset(images, labels, categories=3)


@pytest.mark.parametrize("kind", [str, Path])
def test_runs_are_those_of_the_pipeline(kind, tmp_path):
    """The same weights and representations as from the functions that the scripts call."""
    e, data = experiment("ff"), few_digits()
    runs = ffensembles.train(e, data, kind(tmp_path / "runs"), device="cpu")
    model = tmp_path / "block.safetensors"
    train_block(
        e, [0, 1], data, model_path=kind(model), log_path=kind(tmp_path / "log.parquet"), **ON_CPU
    )
    assert model.read_bytes() == next((tmp_path / "runs").rglob("*.safetensors")).read_bytes()
    assert list(runs) == [0, 1] and runs[1].seed == 1
    opened = ffensembles.open_run(kind(tmp_path / "runs"), ("digits", "ff", "main"), seed=1)
    assert opened.experiment.training_settings() == e.training_settings()
    assert set(opened.log["seed"]) == {1} and len(opened.log) == 3 * e.epochs
    for name, values in runs[1].weights.items():
        np.testing.assert_array_equal(opened.weights[name], values)
    path = tmp_path / "runs/representations/digits/ff/main/seed-1.parquet"
    for layer in (1, 2, 3):
        np.testing.assert_array_equal(
            opened.representation(layer).activations, read(path, layer).activations
        )
    everything = opened.representation(1, correct_only=False)
    assert len(everything.labels) == len(data.test.labels)
    assert opened.accuracy == len(opened.representation(1).labels) / len(everything.labels)
    with pytest.raises(UserError, match="no layer 4; the layers are 1 to 3"):
        opened.ensembles(4)


def test_without_a_folder_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    (run,) = ffensembles.train(experiment("bp", seeds=1), few_digits(), device="cpu").values()
    assert not any(tmp_path.iterdir())
    assert run.representation(3).activations.shape[1] == 40


def small(**columns):
    return ffensembles.experiment(model="ff", **FEW | {"epochs": 1} | columns)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"precision": "low"}, "precision: 'low' is not one of"),
        ({"unseen_label": "bad"}, "unseen_label: 'bad' is not one of"),
        ({"device": "gpu"}, "device: 'gpu' is not one of"),
        ({"random_seed": -1}, "random_seed: -1 is less than the minimum of 0"),
        ({"random_seed": 1.5}, "random_seed: 1.5 is not of type 'integer'"),
    ],
)
def test_python_is_told_what_the_config_is_told(wrong, told):
    with pytest.raises(UserError, match=re.escape(told)) as error:
        ffensembles.train(small(), few_digits(), **wrong)
    assert "config" not in str(error.value)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"test_share": -0.5}, "test_share: -0.5 is less than or equal to the minimum of 0"),
        ({"test_seed": -1}, "test_seed: -1"),
        ({"std": [0]}, "gives one of mean and std"),
        ({"mean": [0], "std": [0]}, "std is [0]; pixels are divided by it"),
        ({"mean": [[0]], "std": [1]}, "mean.0: [0] is not of type 'number'"),
        ({"range": (1, 0)}, "range: is [1, 0]"),
        ({"test": np.zeros(3)}, "test: give a pair"),
        ({"categories": 1.5}, "categories: 1.5"),
    ],
)
def test_settings_of_a_dataset_are_held_against_the_schema(settings, told, images, labels):
    with pytest.raises(UserError, match=re.escape(told)):
        ffensembles.dataset(images, labels, **settings)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            lambda images, labels: (images, labels.astype(str)),
            "labels: has shape (40,) and type",
        ),
        (lambda images, labels: (labels, images), "labels: has shape (40, 5, 4)"),
        (lambda images, labels: (images, 3), "labels: has shape ()"),
        (lambda images, labels: (3, labels), "images of shape ()"),
        (lambda images, labels: ([[1], [1, 2]], labels), "images: is no array"),
    ],
)
def test_what_are_no_images_and_labels_is_told(given, told, images, labels):
    with pytest.raises(UserError, match=re.escape(told)):
        ffensembles.dataset(*given(images, labels))


def test_arguments_in_another_order_and_a_category_that_is_not_there_are_told():
    with pytest.raises(UserError, match="takes an experiment, then a dataset"):
        ffensembles.train(few_digits(), small())
    with pytest.raises(UserError, match="held_out: there is no category 12: own has 10, from 0"):
        ffensembles.train(small(held_out=12), few_digits())
    images = np.random.default_rng(0).integers(0, 256, (20, 5, 4), np.uint8)
    two = ffensembles.dataset(images, np.arange(20) % 2)
    with pytest.raises(UserError, match="holds out one of 2 categories; two must be left"):
        ffensembles.train(small(held_out=1), two)


def test_a_folder_keeps_what_was_trained_there(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    data = few_digits()
    (first,) = ffensembles.train(small(), data, "~/runs", device="cpu").values()
    (model,) = (tmp_path / "runs").rglob("*.safetensors")
    before = model.stat().st_mtime_ns
    (again,) = ffensembles.train(small(), data, "~/runs", device="cpu").values()
    assert model.stat().st_mtime_ns == before and again.accuracy == first.accuracy
    with pytest.raises(UserError, match="trained with another epochs; give another folder"):
        ffensembles.train(small(epochs=2), data, "~/runs", device="cpu")
    with pytest.raises(UserError, match="trained with another random_seed"):
        ffensembles.train(small(), data, "~/runs", device="cpu", random_seed=1)
    other = replace(data, sha256="0" * 64)
    with pytest.raises(UserError, match="trained with another data"):
        ffensembles.train(small(), other, "~/runs", device="cpu")
    assert ffensembles.open_run("~/runs", small()).accuracy == first.accuracy
    assert first == first and first != again


def test_a_thread_can_train():
    found = []
    thread = threading.Thread(
        target=lambda: found.append(ffensembles.train(small(), few_digits(), device="cpu"))
    )
    thread.start()
    thread.join(timeout=120)
    assert found and 0 in found[0]


FORKED = """
import multiprocessing
import numpy as np
import ffensembles

def accuracy(rate):
    e = ffensembles.experiment(
        model="ff", epochs=1, learning_rate=rate, batch_size=64, units=300, layers=1
    )
    return ffensembles.train(e, data, device="cpu")[0].accuracy

rng = np.random.default_rng(0)
data = ffensembles.dataset(rng.integers(0, 256, (400, 12, 12), np.uint8), rng.integers(0, 3, 400))
accuracy(0.01)
with multiprocessing.get_context("fork").Pool(1) as pool:
    print(pool.map_async(accuracy, [0.01]).get(timeout=60))
"""


def test_a_pool_that_forks_after_a_training_can_train():
    run = subprocess.run(
        [sys.executable, "-c", FORKED],
        env={**os.environ, "PYTHONPATH": str(ROOT / "workflow"), "OMP_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert run.stdout.startswith("[0."), run.stderr
