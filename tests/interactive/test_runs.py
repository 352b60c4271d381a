"""The library from Python: arrays in, runs out; what the pipeline has trained, opened."""

import re
import subprocess
import sys
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
from helpers.small_training import experiment

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
        e,
        [0, 1],
        data,
        model_path=kind(model),
        log_path=kind(tmp_path / "log.parquet"),
        random_seed=0,
        device="cpu",
        precision="auto",
        checkpoint_interval=60,
        code="",
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
