"""Whatever carries what it was made from is held against what is asked for, wherever it is read."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from ffensembles.analysis.balance import measure_balance
from ffensembles.analysis.catalogue import ACCURACY
from ffensembles.analysis.measurements import runs_of
from ffensembles.analysis.similarity import measure_similarity
from ffensembles.files import write_parquet
from ffensembles.learning import weights
from ffensembles.learning.snapshots import Snapshots, networks
from ffensembles.paper.figures.drawing import draw
from ffensembles.representations.extraction import images_seen
from ffensembles.representations.stored import representation_table
from helpers.mistakes import refused
from helpers.runs import few_digits
from helpers.small_training import experiment, kind

FF = experiment("ff", seeds=1)
OTHER = replace(FF, epochs=FF.epochs + 1)
OF_FF, OF_OTHER = kind("ff", seeds=1), kind("ff", seeds=1, epochs=FF.epochs + 1)


def state():
    return OF_FF.state(OF_FF.initialise([torch.Generator().manual_seed(0)]))


@pytest.fixture
def models(tmp_path):
    path = tmp_path / "seeds-0-0.safetensors"
    weights.save(state(), OF_FF, [0], {}, path)
    return path


def representation(path, e=FF, seed=0):
    layers = [np.ones((3, 4), np.float32)] * 3
    table = representation_table(np.arange(3), np.arange(3), layers, 3)
    about = {"settings": e.training_settings(), "seed": seed, "dataset": "abc"}
    write_parquet(table, path, about | {"unseen_label": "none", "model": "m"})
    return path


def test_weights(models):
    assert weights.load(OF_FF, models, 0).layers
    refused(lambda: weights.load(OF_OTHER, models, 0), "seeds-0-0", f"epochs {FF.epochs}, not")
    refused(lambda: weights.load(OF_FF, models, 3), "it has the seeds 0, not 3")
    assert set(measure_balance(experiment=FF, models=[models])["seed"]) == {0}
    refused(lambda: measure_balance(experiment=OTHER, models=[models]), "epochs")


def test_snapshots_of_another_run_are_not_taken_for_the_one_that_figures_show(tmp_path):
    """The file of a block stays when figures.seed names another seed of it."""
    folder, path, net = tmp_path / "parts", tmp_path / "s.safetensors", state()
    taken = Snapshots(folder, 0, 1)
    for epoch in (0, 1):
        taken.take(epoch, net, [0])
    taken.save(path, net, {}, FF.training_settings())
    assert list(networks(OF_FF, path, 0))
    refused(lambda: list(networks(OF_FF, path, 1)), "of seed 0, not 1")
    refused(lambda: list(networks(OF_OTHER, path, 0)), "epochs")


def test_representations(tmp_path):
    path = representation(tmp_path / "seed-0.parquet")
    assert runs_of(FF, [path]) == [(0, path)]
    refused(lambda: runs_of(OTHER, [path]), str(path), "epochs")
    refused(lambda: runs_of(replace(FF, seeds=(1,)), [path]), str(path), "of seed 0, not 1")
    refused(lambda: images_seen(path, few_digits(), [0]), "of other images")


def test_runs_that_are_compared_are_of_one_seed(tmp_path):
    bp = experiment("bp", seeds=1)
    files = {
        "ff": [representation(tmp_path / "ff.parquet")],
        "bp": [representation(tmp_path / "bp.parquet", bp, seed=1)],
    }
    refused(lambda: measure_similarity(experiments=[FF, bp], **files), "different seeds")
    refused(lambda: measure_similarity(experiments=[OTHER, bp], **files), "ff.parquet", "epochs")


def test_a_figure_shows_the_run_that_it_says(tmp_path):
    path = representation(tmp_path / "seed-1.parquet")
    refused(
        lambda: draw("none.at_all", {"representations": [path]}, {}, {"seed": 1}),
        "is of seed 0, not 1",
    )


def test_measurements_lie_in_the_place_that_their_rows_name(tmp_path):
    place = tmp_path / "analysis/digits/ff/main/accuracy.parquet"
    keys = {"dataset": "digits", "model": "ff", "study": "main"}
    table = pd.DataFrame([{**keys, "seed": 0, "accuracy": 0.5}])
    write_parquet(table, place)
    assert len(ACCURACY.read([place])) == 1
    write_parquet(table.assign(model="bp"), place)
    refused(lambda: ACCURACY.read([place]), "accuracy.parquet", "digits / bp / main")
