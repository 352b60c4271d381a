"""The permutation test, against shuffling done plainly and against laws known in closed form."""

from math import erfc, sqrt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ffensembles.analysis.ensembles import find_ensembles
from ffensembles.analysis.measurements import measure_runs
from ffensembles.analysis.significance import (
    METHODS,
    ensemble_p_values,
    measure_significance,
    p_values,
    shuffled_means,
)
from ffensembles.representations.stored import read
from helpers.runs import drawn_layers, write_run


def naive_p_values(x: np.ndarray, shuffles: int, rng: np.random.Generator) -> np.ndarray:
    """Appendix D to the letter, for every unit."""

    def delta(x):
        means = x.mean(axis=0)
        return means - 2 * (means.sum() - means) / (len(means) - 1)

    exceeding = sum(delta(rng.permuted(x, axis=1)) > delta(x) for _ in range(shuffles))
    return exceeding / shuffles


def sparse_category(images: int, units: int, seed: int) -> np.ndarray:
    """Sparse activations, some units more active than others."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((images, units)) + rng.exponential(0.4, units) - 0.8
    return np.maximum(x, 0) * rng.lognormal(0, 0.3, (images, 1))


@pytest.mark.parametrize(("images", "units"), [(3, 40), (12, 25), (40, 60)])
@pytest.mark.parametrize("method", METHODS)
def test_agrees_with_naive_shuffling(images, units, method):
    x = sparse_category(images, units, seed=images)
    shuffles = 2000
    naive = naive_p_values(x, shuffles, np.random.default_rng(1))
    ours = p_values(
        x, np.arange(units), method=method, shuffles=shuffles, rng=np.random.default_rng(2)
    )
    error = np.sqrt(np.maximum(naive * (1 - naive), 1 / shuffles) / shuffles)
    if method == "shuffle":
        error *= sqrt(2)
    tested = x.mean(axis=0) > x.mean()
    assert tested.sum() >= units // 4
    assert np.all(np.abs(ours - naive)[tested] < 4.5 * error[tested])


def every_mean(x: np.ndarray) -> np.ndarray:
    """The mean of each way to draw one entry from each row."""
    sums = np.zeros(1)
    for row in x:
        sums = np.add.outer(sums, row).ravel()
    return sums / len(x)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("images", "units", "rel"), [(5, 12, 0.002), (10, 4, 0.15)])
def test_exact_agrees_with_enumeration(images, units, rel, dtype):
    x = np.sort(np.random.default_rng(1).exponential(size=(images, units)).astype(dtype), axis=1)
    x[0, [-1, -2]] = x[0, [-2, -1]]
    means = every_mean(x.astype(float))
    tested = np.arange(1, units)
    truth = [np.mean(means > x[:, unit].mean(dtype=float) + 1e-9) for unit in tested]
    np.testing.assert_allclose(p_values(x, tested, method="exact"), truth, rtol=rel)
    assert 0 < truth[-1] < 1 / 200


def test_exact_agrees_with_a_normal_law_where_sums_are_normal():
    # Rows of normal quantiles: the mean of 400 of their entries is normal, far into its tail.
    rng = np.random.default_rng(0)
    x = rng.permuted(np.tile(rng.standard_normal(2000), (400, 1)), axis=1)
    x -= x.mean()
    x /= x.std()
    z = np.arange(1, 11)
    x[:, :10] += z / sqrt(400) - x[:, :10].mean(axis=0)
    ours = p_values(x, np.arange(10), method="exact")
    normal = [erfc(score / sqrt(2)) / 2 for score in z]
    np.testing.assert_allclose(np.log10(ours), np.log10(normal), rtol=0.05, atol=0.05)
    assert ours[-1] < 1e-20


def test_float32_and_float64_agree():
    x = sparse_category(300, 200, seed=0)
    units = np.flatnonzero(x.mean(axis=0) > 2 * x.mean())
    assert units.size
    np.testing.assert_allclose(
        p_values(x.astype(np.float32), units, method="exact"),
        p_values(x, units, method="exact"),
        rtol=1e-3,
    )


def test_each_shuffle_is_a_shuffle():
    x = np.arange(12.0).reshape(3, 4) ** 2
    means = shuffled_means(x, units=4, shuffles=50, rng=np.random.default_rng(0))
    # All units of a shuffle together hold each entry of each row once.
    np.testing.assert_allclose(means.sum(axis=1), x.sum() / 3)
    assert len(np.unique(means[:, 0])) > 20


def test_one_unit_takes_independent_draws():
    x = sparse_category(8, 30, seed=3)
    means = shuffled_means(x, units=5, shuffles=6000, rng=np.random.default_rng(0))
    error = sqrt(x.var(axis=1).sum()) / 8 / sqrt(6000)
    np.testing.assert_allclose(means.mean(axis=0), x.mean(), atol=4 * error)
    np.testing.assert_allclose(means.var(axis=0), x.var(axis=1).sum() / 64, rtol=0.1)
    lagged = [np.corrcoef(means[:-1, unit], means[1:, unit])[0, 1] for unit in range(5)]
    np.testing.assert_allclose(lagged, 0, atol=4 / sqrt(6000))


def test_the_law_of_the_shuffle_p_value_is_binomial():
    x = sparse_category(10, 40, seed=1)
    unit = np.array([np.argsort(x.mean(axis=0))[-5]])
    [p] = p_values(x, unit, method="exact")
    rng = np.random.default_rng(0)
    drawn = np.array([p_values(x, unit, shuffles=200, rng=rng)[0] for _ in range(150)])
    np.testing.assert_allclose(drawn * 200, np.round(drawn * 200), atol=1e-9)
    assert drawn.mean() == pytest.approx(p, abs=4 * sqrt(p * (1 - p) / 200 / 150))
    assert drawn.var() == pytest.approx(p * (1 - p) / 200, rel=0.5)


@pytest.mark.parametrize("method", METHODS)
def test_no_shuffle_exceeds_the_largest_mean(method):
    x = np.tile([3.0, 1.0, 0.0, 0.0, 0.0], (6, 1))
    assert p_values(x, np.array([0]), method=method, rng=np.random.default_rng(0)) == 0
    constant = np.full((6, 5), 2.0)
    assert p_values(constant, np.array([1]), method=method, rng=np.random.default_rng(0)) == 0


@given(
    arrays(np.float64, st.tuples(st.integers(1, 20), st.integers(2, 10)), elements=st.floats(0, 9))
)
@settings(max_examples=60, deadline=None)
def test_p_values_are_probabilities_that_fall_as_activity_grows(x):
    means = x.mean(axis=0)
    p = p_values(x, np.arange(x.shape[1]), method="exact")
    assert np.all((p >= 0) & (p <= 1))
    more_active = means[:, None] > means + 0.01
    assert np.all((p[:, None] <= p + 1e-9)[more_active])


@given(
    arrays(np.float64, st.tuples(st.integers(1, 9), st.integers(2, 10)), elements=st.floats(0, 9))
)
@settings(max_examples=30, deadline=None)
def test_the_most_active_unit_of_every_image_is_never_exceeded(x):
    x[:, 0] = x.max(axis=1)
    for method in METHODS:
        rng = np.random.default_rng(0)
        assert p_values(x, np.array([0]), method=method, shuffles=20, rng=rng) <= 1e-9


def test_ensembles_are_tested_category_by_category():
    x = np.concatenate([sparse_category(20, 30, seed=0), sparse_category(30, 30, seed=1)])
    labels = np.repeat([4, 7], [20, 30])
    order = np.random.default_rng(0).permutation(50)
    ensembles = pd.DataFrame({"category": [7, 4, 7], "unit": [3, 3, 9]}, index=[5, 2, 8])
    table = ensemble_p_values(x[order], labels[order], ensembles, method="exact")
    assert table["category"].tolist() == [7, 4, 7]
    assert table["unit"].tolist() == [3, 3, 9]
    seven = p_values(x[20:], np.array([3, 9]), method="exact")
    np.testing.assert_allclose(table["p_value"].iloc[[0, 2]], seven)
    np.testing.assert_allclose(table["p_value"].iloc[1], p_values(x[:20], [3], method="exact"))


def test_no_ensembles_no_p_values():
    empty = pd.DataFrame({"category": [], "unit": []}, dtype=np.int8)
    table = ensemble_p_values(np.ones((4, 3)), np.zeros(4), empty, method="exact")
    assert list(table) == ["category", "unit", "p_value"]
    assert table.empty


def test_the_generator_decides_the_shuffles():
    x = sparse_category(20, 30, seed=0)
    units = np.argsort(x.mean(axis=0))[-8:]
    first, again, other = (
        p_values(x, units, rng=np.random.default_rng(seed)).tolist() for seed in (1, 1, 2)
    )
    assert first == again != other


def test_refuses_what_it_cannot_test():
    x = np.ones((2, 3))
    with pytest.raises(ValueError, match="none of shuffle, exact"):
        p_values(x, np.array([0]), method="bootstrap")
    with pytest.raises(ValueError, match="random generator"):
        p_values(x, np.array([0]), method="shuffle")
    with pytest.raises(ValueError, match="without images"):
        p_values(x[:0], np.array([0]), method="exact")


@pytest.fixture
def runs(tmp_path):
    """Two runs of three layers; every seventh image is classified wrongly."""
    labels = np.arange(60) % 3
    predictions = np.where(np.arange(60) % 7 == 0, labels + 1, labels)
    return [
        (seed, write_run(tmp_path / f"{seed}", labels, predictions, drawn_layers(60, seed=seed)))
        for seed in (0, 3)
    ]


@pytest.mark.parametrize("held_out", [None, 2])
def test_every_unit_is_tested_in_its_own_run_and_layer(runs, held_out):
    ensembles = measure_runs(find_ensembles, runs, 3, held_out=held_out).query("active")
    table = measure_significance(runs, 3, ensembles, held_out=held_out, method="exact")
    keys = ["seed", "layer", "category", "unit"]
    assert table[keys].equals(ensembles[keys].reset_index(drop=True))
    assert table["layer"].nunique() == 3 and table["category"].nunique() == 3
    for (seed, layer, category), rows in table.groupby(keys[:3]):
        x = read(dict(runs)[seed], layer, held_out=held_out)
        expected = p_values(x.activations[x.labels == category], rows["unit"], method="exact")
        np.testing.assert_array_equal(rows["p_value"], expected)
    assert table["p_value"].nunique() > 10


def test_shuffles_are_named_by_seed_experiment_run_and_layer(runs):
    (_, path), _ = runs
    same = [(0, path), (1, path)]  # of one file, so that only the shuffles differ
    ensembles = measure_runs(find_ensembles, same, 1).query("active")

    def shuffled(**name):
        return measure_significance(same, 1, ensembles, **name)["p_value"].tolist()

    first = shuffled(random_seed=1, experiment="digits/ff/main")
    half = len(first) // 2
    assert first[:half] != first[half:]
    assert first == shuffled(random_seed=1, experiment="digits/ff/main")
    assert first != shuffled(random_seed=2, experiment="digits/ff/main")
    assert first != shuffled(random_seed=1, experiment="digits/ff/other")
