import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from ffensembles.analysis.balance import measure_balance, positive_fraction
from ffensembles.errors import UserError
from helpers.small_training import experiment


def test_positive_fraction_counts_strictly_positive_weights():
    weights = np.array([[1, -1, 0, 2], [-1, -2, -3, -4], [1, 1, 1, 1]], np.float32)
    np.testing.assert_array_equal(positive_fraction(weights), [0.5, 0, 1])


def write(state, path, seeds, diverged=()):
    about = {"seeds": seeds, "diverged": dict.fromkeys(map(str, diverged), "layer 2, epoch 7")}
    save_file(state, path, {"ffensembles": json.dumps(about)})
    return path


def measured(paths, layers):
    return measure_balance(experiment("ff", layers=layers), paths)


@pytest.fixture
def block(tmp_path):
    """Two networks of two layers: 3 inputs, 2 units, 2 units."""
    signs = np.array([[[1, 1, -1], [-1, -1, -1]], [[1, 1, 1], [1, -1, -1]]], np.float32)
    return write(
        {
            "layer1.weight": signs,
            "layer1.bias": np.array([[-0.5, 0.25], [1, 2]], np.float32),
            "layer2.weight": signs[:, :, :2].copy(),
            "layer2.bias": np.array([[0, 0], [3, 4]], np.float32),
            "head.weight": np.zeros((2, 10, 2), np.float32),
            "head.bias": np.zeros((2, 10), np.float32),
        },
        tmp_path / "seeds-4-5.safetensors",
        [4, 5],
    )


def test_each_network_of_a_block_in_order(block):
    table = measured([block], 2)
    assert table["seed"].tolist() == [4] * 4 + [5] * 4
    first, second = table[:4], table[4:]
    assert first["layer"].tolist() == second["layer"].tolist() == [1, 1, 2, 2]
    assert first["inputs"].tolist() == second["inputs"].tolist() == [3, 3, 2, 2]
    assert first["unit"].tolist() == second["unit"].tolist() == [0, 1, 0, 1]
    np.testing.assert_allclose(first["positive_fraction"], [2 / 3, 0, 1, 0])
    np.testing.assert_allclose(second["positive_fraction"], [1, 1 / 3, 1, 0.5])
    assert first["bias"].tolist() == [-0.5, 0.25, 0, 0]
    assert second["bias"].tolist() == [1, 2, 3, 4]


def test_fewer_layers_than_the_model_has(block):
    assert measured([block], 1)["layer"].tolist() == [1] * 4


def test_seeds_are_those_that_the_files_name(block, tmp_path):
    more = write(load_file(block), tmp_path / "more.safetensors", [7, 6])
    table = measured([block, more], 1)
    assert table["seed"].tolist() == [4, 4, 5, 5, 7, 7, 6, 6]
    assert table["bias"].tolist() == [-0.5, 0.25, 1, 2] * 2


def test_networks_that_diverged_are_left_out_but_not_all_of_them(block):
    state = load_file(block)
    state["layer2.bias"][1] = np.nan
    write(state, block, [4, 5], diverged=[5])
    assert measured([block], 2)["seed"].tolist() == [4] * 4
    write(state, block, [4, 5], diverged=[4, 5])
    with pytest.raises(UserError, match=r"every seed of .*\(seed 4: layer 2, epoch 7\)"):
        measured([block], 2)
