import numpy as np
import pytest

from ffensembles.analysis.ensembles import leave_one_out
from ffensembles.extras.beyond.definition import measure_definition, sweep, treves_rolls

RNG = np.random.default_rng(0)


def value(table, measure, factor=None):
    rows = table[table["measure"] == measure]
    rows = rows[rows["factor"].isna()] if factor is None else rows[rows["factor"] == factor]
    (found,) = rows["value"]
    return found


@pytest.mark.parametrize("active", [1, 2, 5, 8])
def test_sparseness_of_equally_active_units(active):
    # Of n units k are equally active: a = k / n.
    n = 8
    rates = np.zeros((1, n), np.float32)
    rates[0, :active] = 3
    assert treves_rolls(rates)[0] == pytest.approx((1 - active / n) / (1 - 1 / n))


def test_sparseness_of_exponential_rates():
    # <r>² / <r²> of an exponential distribution is one half, whatever its mean.
    n = 400_000
    rates = 7 * np.random.default_rng(0).exponential(size=(1, n))
    assert treves_rolls(rates)[0] == pytest.approx(0.5, abs=0.005)


def test_a_silent_row_has_no_sparseness():
    assert np.isnan(treves_rolls(np.zeros((1, 4)))).all()


def test_a_single_entry_has_no_sparseness():
    with pytest.raises(ValueError, match="two entries"):
        treves_rolls(np.ones((3, 1)))


def test_lifetime_is_population_of_the_transposed():
    # One unit answers a single image, one all alike, one none: 1, 0 and left out.
    x = np.array([[4, 2, 0], [0, 2, 0], [0, 2, 0], [0, 2, 0]], np.float32)
    table = measure_definition(x, np.array([0, 0, 1, 1]), RNG)
    assert value(table, "lifetime") == pytest.approx(0.5)
    assert value(table, "silent_units") == pytest.approx(1 / 3)


def test_sweep_of_planted_means():
    # Unit 0 stands at 3 against 1 in category 0, unit 1 in category 1 likewise, unit 2 in both.
    means = np.ones((2, 100))
    means[0, 0] = means[1, 1] = 3
    means[:, 2] = 3
    table = sweep(means, leave_one_out(means), [2, 5])
    assert value(table, "size", 2) == pytest.approx(2 / 100)
    assert value(table, "overlap", 2) == pytest.approx(1 / 3)
    assert value(table, "in_one", 2) == pytest.approx(2 / 100)
    assert value(table, "in_none", 2) == pytest.approx(97 / 100)
    assert value(table, "size", 5) == 0
    assert value(table, "in_none", 5) == 1
    assert np.isnan(value(table, "overlap", 5))


def test_ensembles_shrink_as_the_factor_grows():
    x = np.random.default_rng(1).exponential(size=(60, 40)) ** 2
    table = measure_definition(x, np.arange(60) % 3, RNG)
    sizes = table[table["measure"] == "size"].sort_values("factor")["value"].to_numpy()
    assert (np.diff(sizes) <= 0).all()
    assert sizes[0] > sizes[-1]


def test_what_takes_two_images_is_not_defined_for_one_and_nothing_for_none():
    x, labels = np.array([[4, 0, 0, 0]], np.float32), np.array([2])
    one = measure_definition(x, labels, RNG)
    assert value(one, "hoyer") == 1 and value(one, "size", 2.0) == 0.25
    assert np.isnan(value(one, "lifetime"))
    none = measure_definition(x[:0], labels[:0], RNG)
    assert none["value"].isna().all()
    assert none[["measure", "factor"]].equals(one[["measure", "factor"]])


def test_size_by_chance_is_that_of_permuted_labels():
    # A unit stands out in either category: with the labels permuted it stands out nowhere.
    x = np.ones((400, 40))
    labels = np.arange(400) % 2
    x[labels == 0, 0] = x[labels == 1, 1] = 3.5
    table = measure_definition(x, labels, np.random.default_rng(0))
    assert value(table, "size", 2.0) == 1 / 40
    assert value(table, "by_chance", 2.0) == pytest.approx(2 / 40)
    assert value(table, "by_chance", 3.0) == 0
