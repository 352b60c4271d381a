import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ffensembles.analysis import sparsity
from ffensembles.analysis.sparsity import (
    count_varying,
    dead_layers,
    hoyer,
    layer_sparsity,
    sparsity_by_category,
    with_diverged,
)

vectors = arrays(
    np.float32,
    st.tuples(st.integers(1, 5), st.integers(2, 30)),
    elements=st.floats(0, 1000, width=32),
)


@pytest.mark.parametrize("units", [2, 9, 3072])
def test_one_active_unit_is_1_and_equal_units_are_0(units):
    one_hot = np.eye(units, dtype=np.float32)[:3]
    equal = np.full((3, units), 7, np.float32)
    np.testing.assert_allclose(hoyer(one_hot), 1, atol=1e-12)
    np.testing.assert_allclose(hoyer(equal), 0, atol=1e-12)


def test_closed_form():
    # n = 4, ‖x‖₁ = 7, ‖x‖₂ = 5: S = (2 − 7/5) / (2 − 1)
    assert hoyer(np.array([[3.0, 4.0, 0.0, 0.0]]))[0] == pytest.approx(0.6)


def test_only_all_zero_vectors_have_no_sparsity():
    rows = np.array([[0, 0, 0], [0, 1e-30, 0], [1, 2, 3]], np.float32)
    assert np.isnan(hoyer(rows)).tolist() == [True, False, False]


def test_float32_input_is_accumulated_in_float64():
    row = np.full((1, 3000), 0.1, np.float32)
    row[0, 0] = 1e6
    exact = row.astype(np.longdouble)
    n = np.sqrt(np.longdouble(3000))
    expected = (n - exact.sum() / np.sqrt((exact**2).sum())) / (n - 1)
    assert hoyer(row)[0] == pytest.approx(float(expected), rel=1e-14)


@settings(deadline=None)
@given(vectors, st.floats(0.125, 1000))
def test_between_0_and_1_and_blind_to_scale_sign_and_order_of_units(x, scale):
    s = hoyer(x)
    defined = s[~np.isnan(s)]
    assert ((defined > -1e-9) & (defined < 1 + 1e-9)).all()
    np.testing.assert_allclose(hoyer(x.astype(float) * scale), s, atol=1e-9)
    np.testing.assert_allclose(hoyer(-x[:, ::-1]), s, atol=1e-9)


@pytest.mark.parametrize("chunk", [1, 7, 64])
def test_chunks_do_not_change_the_result(monkeypatch, chunk):
    x = np.random.default_rng(0).random((23, 6), dtype=np.float32)
    whole = hoyer(x)
    monkeypatch.setattr(sparsity, "CHUNK", chunk)
    np.testing.assert_array_equal(hoyer(x), whole)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_broken_activations_are_no_silent_images(wrong):
    with pytest.raises(ValueError, match="NaN or infinite"):
        hoyer(np.array([[1.0, wrong]]))


def test_one_unit_has_no_sparsity():
    with pytest.raises(ValueError, match="two units"):
        hoyer(np.ones((3, 1)))


def test_layer_mean_leaves_out_silent_images():
    layer = layer_sparsity(np.array([0.25, np.nan, 0.75, np.nan]))
    assert layer == {"sparsity": 0.5, "images": 4, "silent": 2}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("values", [[], [np.nan, np.nan]])
def test_layer_mean_of_nothing_is_nan(values):
    layer = layer_sparsity(np.array(values))
    assert np.isnan(layer["sparsity"])
    assert (layer["images"], layer["silent"]) == (len(values), len(values))


def test_by_category():
    x = np.array([[1, 0, 0, 0], [1, 1, 1, 1], [3, 4, 0, 0], [0, 0, 0, 0]], np.float32)
    table = sparsity_by_category(x, np.array([7, 7, 2, 2], np.int8))
    expected = pd.DataFrame(
        {
            "category": pd.array([pd.NA, 2, 7], dtype="Int64"),
            "sparsity": [1.6 / 3, 0.6, 0.5],
            "images": [4, 2, 2],
            "silent": [1, 1, 0],
        }
    )
    pd.testing.assert_frame_equal(table, expected)


def test_layers_that_answer_all_images_alike_are_dead_as_silent_ones_are():
    rng = np.random.default_rng(0)
    lively = rng.random((5, 4))
    alike = np.tile([0.0, 2.0, 3.0, -1.0], (5, 1)) * (1 + 1e-7 * rng.random((5, 1)))
    assert [count_varying(x) for x in (lively, alike, 0 * lively, lively[:0])] == [4, 0, 0, 0]
    layers = (lively, alike, 0 * lively, lively[:0], alike[:1])
    table = pd.concat(
        sparsity_by_category(x, np.zeros(len(x), int)).assign(layer=n, varying=count_varying(x))
        for n, x in enumerate(layers, 1)
    )
    assert dead_layers(table)["layer"].tolist() == [2, 3]
    assert dead_layers(table.drop(columns="varying"))["layer"].tolist() == [3]


def test_a_diverged_run_has_a_row_without_a_value_for_each_layer():
    x = np.array([[1, 0, 0, 0], [0, 2, 1, 0]], np.float32)
    one = sparsity_by_category(x, np.array([0, 1])).assign(seed=0, varying=3)
    table = with_diverged(pd.concat([one.assign(layer=n) for n in (1, 2)]), {4: "epoch 2"})
    assert table["diverged"].isna().sum() == 6
    rows = table[table["seed"] == 4]
    assert rows["layer"].tolist() == [1, 2] and set(rows["diverged"]) == {"epoch 2"}
    assert rows["sparsity"].isna().all() and rows["images"].sum() == 0
    assert dead_layers(table).empty
