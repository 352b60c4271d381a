"""Each figure beyond the paper shows the numbers that it is given."""

import numpy as np
import pandas as pd
import pytest

from ffensembles.extras.beyond.figures import (
    assemblies,
    definition,
    dynamics,
    microstructure,
    pruning,
)
from ffensembles.paper.figures.parts.style import save
from ffensembles.printing.names import name_datasets

KEYS = {"dataset": "digits", "study": "main"}
MODELS = ("ff", "bpff", "bp")


@pytest.fixture(autouse=True)
def names():
    name_datasets({"digits": {"name": "digits", "categories": list("0123456789")}})


def for_models(table):
    return pd.concat([table.assign(**KEYS, model=model) for model in MODELS], ignore_index=True)


def lines(axes):
    return {line.get_label(): line.get_xydata().tolist() for line in axes.lines}


def test_factors():
    table = pd.DataFrame(
        [(1, m, f, f / 10, np.nan) for m in ("size", "overlap", "in_one") for f in (1.5, 2.0)],
        columns=["layer", "measure", "factor", "mean", "std"],
    )
    figure = definition.factors(for_models(table), dataset="digits")
    assert len(figure.axes) == 9
    points = figure.axes[0].containers[0].lines[0].get_xydata().tolist()
    assert points == [[1.5, 0.15], [2.0, 0.2]]
    assert [axes.get_ylabel() for axes in figure.axes[::3]] == ["FF", "BP/FF", "BP"]


def test_accuracies_of_pruned_networks():
    rows = [(0, "whole", 1.0, 0.9)]
    rows += [
        (layer, ranking, share, share)
        for layer in (0, 1)
        for ranking in (*pruning.RANKINGS, *pruning.SETS)
        for share in (0.25, 0.5)
    ]
    table = pd.DataFrame(rows, columns=["layer", "ranking", "share", "mean"]).assign(std=0.01)
    figure = pruning.accuracies(for_models(table), dataset="digits")
    assert [axes.get_title() for axes in figure.axes[:2]] == ["all layers", "layer 1"]
    drawn = lines(figure.axes[0])
    assert drawn["ranked by ensembles"] == [[0.25, 0.25], [0.5, 0.5]]
    assert {"in random order", "only the units in none"} <= set(drawn)


def test_best_matches():
    frame = pd.DataFrame(
        {
            "layer": 1,
            "category": range(10),
            "jaccard": 0.5,
            "permuted": 0.1,
            "random": 0.1,
            "null_high": 0.2,
        }
    )
    figure = assemblies.best_matches(for_models(frame).assign(seed=0), dataset="digits")
    points = figure.axes[0].containers[1].lines[0].get_xydata()
    np.testing.assert_allclose(points, [[c, 0.5] for c in range(10)])


def test_nearest_images():
    frame = pd.DataFrame(
        {"layer": [1, 1, 2], "category": [0, 1, 2], "silhouette": [0.1, 0.4, 0.3],
         "shares": [[0.6, 0.4]] * 3, "nearest": [[[0, 1], [2]]] * 3}
    )  # fmt: skip
    images = np.zeros((3, 1, 4, 4), np.uint8)
    figure = microstructure.nearest_images(
        for_models(frame).assign(seed=0), images, dataset="digits", seed=0
    )
    # Of each model the category with the highest silhouette in each of two layers, of which three
    # images are known.
    assert sum(len(axes.images) for axes in figure.axes) == 3 * 2 * 3
    titles = [p.get_suptitle() for block in figure.subfigs for p in block.subfigs]
    assert titles[:2] == ["layer 1, 1: silhouette 0.40", "layer 2, 2: silhouette 0.30"]


def test_many_panels_give_the_same_bytes_again(tmp_path):
    # What finds the layout differs in the last bits as its variables lie in memory.
    frame = pd.DataFrame(
        {"layer": [1, 2], "category": [0, 1], "silhouette": 0.4,
         "shares": [[0.25] * 4] * 2, "nearest": [[list(range(3))] * 4] * 2}
    )  # fmt: skip
    paths = [tmp_path / f"{k}.pdf" for k in range(3)]
    for path in paths:
        shown = frame.assign(**KEYS, model="ff", seed=0), np.zeros((3, 1, 8, 8), np.uint8)
        save(microstructure.nearest_images(*shown, dataset="digits", seed=0), path)
    assert len({path.read_bytes() for path in paths}) == 1


def moments():
    rows = [
        (1, epoch, category, size, [0, 1, 2][: size // 2])
        for epoch, size in ((0, 6), (1, 4), (2, 2))
        for category in (0, 1)
    ]
    columns = ["layer", "epoch", "category", "size", "members"]
    return pd.DataFrame(rows, columns=columns).assign(
        units=10, sparsity=0.5, to_end=0.25, by_chance=0.1
    )


def test_courses():
    table = for_models(moments().drop_duplicates("epoch"))
    figure = dynamics.courses(table, dataset="digits")
    assert lines(figure.axes[0])["layer 1"] == [[0, 6], [1, 4], [2, 2]]
    assert figure.axes[-1].get_xlabel() == "Epoch"
    assert figure.axes[-3].get_xlabel() == "Epoch of each layer"


def test_raster():
    figure = dynamics.raster(for_models(moments()), dataset="digits", category=0)
    # Three units at epoch 0, two at 1, one at 2; the one that stays is drawn first.
    bars = figure.axes[0].patches
    assert len(bars) == 6
    stays = [bar.get_x() for bar in bars if round(bar.get_y() + 0.5) == 0]
    assert len(stays) == 3
