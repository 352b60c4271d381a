import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform
from scipy.stats import spearmanr
from sklearn.metrics import silhouette_score

from ffensembles.extras.beyond.microstructure import (
    FEWEST,
    NEAREST,
    by_category,
    find_patterns,
    one_heap,
    silhouette,
)

IMAGES, UNITS, CATEGORIES = 90, 60, 4


def category(patterns, rng):
    """Return activations of images of which every `patterns`-th drives the same units."""
    drive = np.zeros((patterns, UNITS))
    for pattern, units in enumerate(np.array_split(rng.permutation(UNITS)[:30], patterns)):
        drive[pattern, units] = 2
    noise = 0.7 * rng.standard_normal((IMAGES, UNITS))
    return np.maximum(drive[np.arange(IMAGES) % patterns] + noise - 0.3, 0).astype(np.float32)


def representation(patterns, rng):
    labels = np.repeat(np.arange(CATEGORIES), IMAGES)
    x = np.concatenate([category(patterns, rng) for _ in range(CATEGORIES)])
    return x, labels, np.arange(len(labels)) + 1000


def test_three_planted_patterns_are_found_in_every_category():
    rng = np.random.default_rng(0)
    x, labels, index = representation(3, rng)
    table = by_category(x, labels, index, rng)
    assert table["category"].tolist() == list(range(CATEGORIES))
    assert (table["patterns"] == 3).all()
    assert (table["answer"] == "clear").all()
    np.testing.assert_allclose(table["dominant"], 1 / 3)
    np.testing.assert_allclose(table["stability"], 1)
    for category, patterns in table[["category", "nearest"]].to_numpy():
        # Which images a pattern has is known: those of equal rest, here by place in the test set.
        rests = [{(i - 1000 - category * IMAGES) % 3 for i in images} for images in patterns]
        assert sorted(rest for (rest,) in rests) == [0, 1, 2]
        assert all(len(images) == NEAREST for images in patterns)


def test_no_pattern_is_found_in_the_null():
    # Rates as with three patterns, but each unit for itself.
    rng = np.random.default_rng(1)
    x, labels, index = representation(3, rng)
    for c in range(CATEGORIES):
        x[labels == c] = rng.permuted(x[labels == c], axis=0)
    table = by_category(x, labels, index, rng)
    assert (table["answer"] == "one").all()


def test_a_continuum_is_no_clear_answer():
    # Images along a line: they correlate, but nothing parts them.
    rng = np.random.default_rng(2)
    along = rng.standard_normal((200, 1)) @ rng.standard_normal((1, UNITS))
    found = find_patterns(along + 0.5 * rng.standard_normal((200, UNITS)), rng)
    assert found.answer == "one"


def test_uneven_patterns_and_the_share_of_the_dominant():
    rng = np.random.default_rng(3)
    x = category(3, rng)
    x = np.concatenate([x[::3], x[1::3][:10], x[2::3][:10]])
    found = find_patterns(x, rng)
    assert found.shares == pytest.approx([0.6, 0.2, 0.2])
    assert found.dominant == pytest.approx(0.6)


def test_silent_or_few_images():
    rng = np.random.default_rng(4)
    assert find_patterns(np.zeros((30, 5), np.float32), rng).answer == "one"
    with pytest.raises(ValueError, match="20 images"):
        find_patterns(np.ones((FEWEST - 1, 5)), rng)
    table = by_category(np.ones((5, 3)), np.zeros(5, int), np.arange(5), rng)
    assert table.empty
    assert "answer" in table


def test_the_same_generator_gives_the_same_patterns():
    x = category(2, np.random.default_rng(5))
    first, second = (find_patterns(x, np.random.default_rng(6)) for _ in range(2))
    assert first == second


def test_the_null_keeps_what_every_unit_does_and_how_two_of_them_go_together():
    rng = np.random.default_rng(7)
    x = category(3, rng)[:, :8].astype(np.float64)
    x[:, 0] = np.exp(x[:, 1] + 0.1 * rng.standard_normal(IMAGES))
    draws = list(one_heap(x, rng))
    for draw in draws:
        np.testing.assert_array_equal(np.sort(draw, axis=0), np.sort(x, axis=0))
    correlations = np.mean([spearmanr(draw).statistic for draw in draws], axis=0)
    np.testing.assert_allclose(correlations, spearmanr(x).statistic, atol=0.15)


def test_silhouette_is_that_of_scikit_learn():
    rng = np.random.default_rng(8)
    x, labels = rng.standard_normal((40, 3)), np.arange(40) % 3
    labels[0] = 3  # alone in its piece
    found = silhouette(squareform(pdist(x)), labels)
    assert found == pytest.approx(silhouette_score(x, labels))


def test_a_gain_is_no_pattern():
    x = category(1, np.random.default_rng(9)) + 1
    one, scaled = (
        find_patterns(each, np.random.default_rng(0))
        for each in (x, x * np.geomspace(0.1, 10, IMAGES)[:, None].astype(np.float32))
    )
    assert one.silhouette == pytest.approx(scaled.silhouette, abs=1e-5)
