import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ffensembles.analysis.ensembles import (
    active_units,
    category_means,
    ensemble_sizes,
    find_ensembles,
    jaccard,
    leave_one_out,
    shared_units,
)

activity = arrays(bool, st.tuples(st.integers(1, 6), st.integers(1, 12)))


def test_means_of_each_category():
    x = np.array([[1, 0], [3, 2], [10, 20]], np.float32)
    means = category_means(x, np.array([4, 4, 1]), np.array([1, 4]))
    np.testing.assert_array_equal(means, [[10, 20], [2, 1]])
    assert means.dtype == np.float64


def test_a_category_without_images_has_no_mean():
    with pytest.raises(ValueError, match=r"\[3\]"):
        category_means(np.ones((2, 2)), np.array([0, 1]), np.array([0, 3]))


def test_leave_one_out_by_hand():
    means = np.array([[1.0, 2.0, 3.0, 6.0], [0.0, 0.0, 9.0, 0.0]])
    expected = [[11 / 3, 10 / 3, 3.0, 2.0], [3.0, 3.0, 0.0, 3.0]]
    np.testing.assert_allclose(leave_one_out(means), expected, rtol=1e-15)


def test_leave_one_out_needs_others():
    with pytest.raises(ValueError, match="two or more"):
        leave_one_out(np.ones((3, 1)))


@settings(deadline=None)
@given(
    arrays(
        np.float64,
        st.tuples(st.integers(1, 4), st.integers(2, 20)),
        elements=st.floats(0, 1e6, width=32),
    )
)
def test_leave_one_out_is_the_mean_of_the_others(means):
    loo = leave_one_out(means)
    for unit in range(means.shape[1]):
        others = np.delete(means, unit, axis=1).mean(axis=1)
        np.testing.assert_allclose(loo[:, unit], others, atol=1e-8)


def test_active_only_above_twice_the_others():
    # LOO of the first unit is 1: twice that is not enough, anything more is.
    at, above = np.array([[2.0, 1.0, 1.0]]), np.array([[2.000001, 1.0, 1.0]])
    assert active_units(at, leave_one_out(at)).tolist() == [[False, False, False]]
    assert active_units(above, leave_one_out(above)).tolist() == [[True, False, False]]


def test_the_papers_example_of_jaccard():
    # Two ensembles of 50 units, 15 of them shared: J ≈ 0.18 (section 3.5).
    active = np.zeros((2, 100), bool)
    active[0, :50] = True
    active[1, 35:85] = True
    assert shared_units(active).tolist() == [[50, 15], [15, 50]]
    assert jaccard(active)[0, 1] == 15 / 85


@pytest.mark.filterwarnings("error")
def test_jaccard_with_empty_ensembles():
    active = np.array([[True, False], [False, False], [False, False]])
    np.testing.assert_array_equal(
        jaccard(active), [[1, 0, 0], [0, np.nan, np.nan], [0, np.nan, np.nan]]
    )


@settings(deadline=None)
@given(activity)
def test_shared_units_and_jaccard_agree_with_sets(active):
    ensembles = [set(np.flatnonzero(row)) for row in active]
    for c, first in enumerate(ensembles):
        for d, second in enumerate(ensembles):
            assert shared_units(active)[c, d] == len(first & second)
            if first | second:
                assert jaccard(active)[c, d] == len(first & second) / len(first | second)


def test_find_ensembles():
    x = np.array([[8, 0, 1], [8, 2, 1], [0, 0, 0]], np.float32)
    table = find_ensembles(x, np.array([3, 3, 5], np.int8))
    assert table["category"].tolist() == [3, 3, 3, 5, 5, 5]
    assert table["unit"].tolist() == [0, 1, 2, 0, 1, 2]
    assert table["mean"].tolist() == [8, 1, 1, 0, 0, 0]
    assert table["loo"].tolist() == [1, 4.5, 4.5, 0, 0, 0]
    # A category whose units are all silent has an empty ensemble.
    assert table["active"].tolist() == [True, False, False, False, False, False]


def test_categories_without_images_are_not_in_the_table():
    table = find_ensembles(np.ones((2, 4), np.float32), np.array([0, 9]))
    assert table["category"].unique().tolist() == [0, 9]


def test_ensembles_do_not_depend_on_the_scale_of_a_layer():
    x = np.random.default_rng(0).exponential(size=(60, 30)) ** 3
    labels = np.arange(60) % 4
    ours, scaled = find_ensembles(x, labels), find_ensembles(x * 1024, labels)
    assert ours["active"].any()
    assert ours["active"].equals(scaled["active"])


def test_sizes_by_category_are_those_of_the_ensembles_found() -> None:
    x = np.array([[9.0, 1, 1, 1], [9, 1, 1, 1], [5, 5, 0, 0], [0, 0, 0, 0]])
    table = ensemble_sizes(x, np.array([0, 0, 2, 5]))
    assert table["category"].tolist() == [0, 2, 5]
    assert table["size"].tolist() == [1, 2, 0]
    assert table["units"].tolist() == [4, 4, 4]
