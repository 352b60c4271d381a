import numpy as np
import pytest

from ffensembles.extras.beyond.assemblies import (
    by_deviations,
    compare,
    find_weights,
    largest_chance_variance,
    match,
    members,
)

UNITS, SIZE, GROUPS, IMAGES = 100, 8, 10, 3000
PLANTED = np.zeros((GROUPS, UNITS), dtype=bool)
for group in range(GROUPS):
    PLANTED[group, SIZE * group : SIZE * (group + 1)] = True


def activations(driven, rng):
    """Return noisy rates of units in planted groups; `driven` (M, GROUPS) drives some of them."""
    noise = 0.5 * np.abs(rng.standard_normal((len(driven), UNITS)))
    return (noise + 2 * (driven @ PLANTED)).astype(np.float32)


def found_in(x, rng):
    """Return the units of the assemblies found from every start, (starts, assemblies, units)."""
    return members(find_weights(x, rng))


def test_bound_on_independent_units():
    assert largest_chance_variance(400, 100) == pytest.approx((1 + 0.5) ** 2)
    x = np.random.default_rng(0).standard_normal((2000, UNITS))
    assert find_weights(x, np.random.default_rng(0)).shape[1] == 0


def test_planted_assemblies_are_found():
    rng = np.random.default_rng(1)
    found = found_in(activations(rng.random((IMAGES, GROUPS)) < 0.1, rng), rng)
    assert found.shape[1] == 2 * GROUPS  # both signs of each
    assert (match(PLANTED, found).max(axis=2) == 1).all()


def test_assemblies_that_follow_the_labels_match_the_ensembles():
    rng = np.random.default_rng(2)
    # Every other image is of one more category, which drives no group: if each image drove one,
    # the groups' activities would add up to a constant, and there would be one component less.
    labels = np.where(np.arange(IMAGES) % 2, GROUPS, np.arange(IMAGES) // 2 % GROUPS)
    x = activations(labels[:, None] == np.arange(GROUPS), rng)
    table = compare(x, labels, rng)
    driven = table[table["category"] < GROUPS]
    np.testing.assert_array_equal(driven["jaccard"], np.ones(GROUPS))
    assert (driven["size"] == SIZE).all()
    assert (driven["null_high"] < 0.5).all()


def test_assemblies_without_label_structure_do_not_match():
    # The groups fire together whatever the category; units outside them fire alone, and strongly
    # enough to make up the ensembles of all categories.
    rng = np.random.default_rng(3)
    x = activations(rng.random((IMAGES, GROUPS)) < 0.1, rng)
    x[:, -20:] = rng.exponential(5, (IMAGES, 20))
    table = compare(x, np.arange(IMAGES) % 5, rng)
    assert (table["assemblies"] == GROUPS).all()
    assert (table["size"] == 20).all()
    assert (table["jaccard"] < table["null_high"]).all()


def test_silent_units_take_no_part():
    rng = np.random.default_rng(4)
    x = activations(rng.random((IMAGES, GROUPS)) < 0.1, rng)
    x[:, -20:] = 0
    assert not found_in(x, rng)[..., -20:].any()
    assert found_in(np.zeros((50, 10)), rng).shape[1:] == (0, 10)


def test_empty_against_empty_is_no_match():
    nothing = np.zeros((1, 4), dtype=bool)
    assert match(nothing, nothing)[0, 0] == 0


def test_members_stand_out_by_either_sign():
    weights = np.zeros((1, 1, 12))
    weights[..., :3] = [0.6, 0.5, 0.5]
    weights[..., 3:5] = -0.3
    weights[..., 5:] = 0.01
    both = np.zeros((1, 2, 12), dtype=bool)
    both[0, 0, :3] = both[0, 1, 3:5] = True
    np.testing.assert_array_equal(members(weights), both)
    # Two standard deviations above the mean: three of twelve units cannot be.
    assert not by_deviations(weights)[0, 0, 1:].any()
