"""What the key `changes` makes of images, against closed forms."""

import numpy as np
import pytest

from ffensembles.data.changes import changed
from ffensembles.extras.sweeps.participation import participation_ratio


@pytest.fixture
def arrays():
    rng = np.random.default_rng(0)
    return {
        "train_images": rng.integers(60, 190, (400, 1, 8, 8), np.uint8),
        "train_labels": np.arange(400) % 4,
        "test_images": rng.integers(60, 190, (50, 1, 8, 8), np.uint8),
        "test_labels": np.arange(50) % 4,
    }


def test_nothing_else_changes(arrays):
    for change in ({"noise": 0.1}, {"shuffle_pixels": True}, {"components": 3}, {"low_pass": 2}):
        found = changed(arrays, change)
        assert found["train_images"].dtype == np.uint8
        assert all(found[name].shape == x.shape for name, x in arrays.items())
        assert (found["train_labels"] == arrays["train_labels"]).all()
        assert (found["train_images"] != arrays["train_images"]).any()
        assert (changed(arrays, change)["test_images"] == found["test_images"]).all()


def test_noise_has_the_standard_deviation_asked_for(arrays):
    found = changed(arrays, {"noise": 0.05})
    added = found["train_images"].astype(float) - arrays["train_images"]
    assert added.std() == pytest.approx(0.05 * 255, rel=0.02) and abs(added.mean()) < 0.3


def test_pixels_of_all_images_are_shuffled_alike(arrays):
    flat = {name: x.reshape(len(x), -1) for name, x in arrays.items() if "images" in name}
    found = changed(arrays, {"shuffle_pixels": True})
    first = flat["train_images"]
    order = [
        int(np.flatnonzero((first == pixel[:, None]).all(0))[0])
        for pixel in found["train_images"].reshape(400, -1).T
    ]
    assert sorted(order) == list(range(64))
    assert (found["test_images"].reshape(50, -1) == flat["test_images"][:, order]).all()


def test_components_are_those_of_the_training_images(arrays):
    basis = np.linalg.qr(np.random.default_rng(1).standard_normal((64, 2)))[0].T
    weights = np.random.default_rng(2).standard_normal((400, 2)) * [100, 50]
    plane = (128 + weights @ basis).reshape(-1, 1, 8, 8)
    arrays["train_images"] = np.rint(plane).clip(0, 255).astype(np.uint8)
    arrays["test_images"] = arrays["train_images"][:50]
    both = changed(arrays, {"components": 2})["test_images"].astype(float)
    assert np.abs(both - arrays["test_images"]).max() <= 2  # of rounding alone
    one = changed(arrays, {"components": 1})["train_images"]
    assert participation_ratio(one) == pytest.approx(1, abs=0.05)
    assert participation_ratio(plane) == pytest.approx(1.25**2 / (1 + 1 / 16), rel=0.15)


def test_low_pass_keeps_slow_waves_and_drops_fast_ones(arrays):
    x = np.arange(8)
    for periods, kept in ((1, True), (2, True), (3, False)):
        wave = np.rint(128 + 50 * np.cos(2 * np.pi * periods * x / 8)).astype(np.uint8)
        arrays["train_images"] = np.broadcast_to(wave, (4, 1, 8, 8)).copy()
        found = changed(arrays, {"low_pass": 2})["train_images"].astype(int)
        expected = wave.astype(int) if kept else 128
        assert np.abs(found - expected).max() <= 1


def test_labels_of_training_images_alone_are_shuffled(arrays):
    found = changed(arrays, {"shuffle_labels": True})
    assert (found["test_labels"] == arrays["test_labels"]).all()
    assert sorted(found["train_labels"]) == sorted(arrays["train_labels"])
    assert 0.15 < (found["train_labels"] == arrays["train_labels"]).mean() < 0.35


def test_the_participation_ratio_counts_dimensions():
    rng = np.random.default_rng(0)
    independent = rng.standard_normal((20000, 30))
    assert participation_ratio(independent) == pytest.approx(30, rel=0.02)
    line = rng.standard_normal((500, 1)) * rng.standard_normal(30)
    assert participation_ratio(line) == pytest.approx(1)
    eigenvalues = np.square(
        np.linalg.svd(independent - independent.mean(0), full_matrices=False)[1]
    )
    expected = eigenvalues.sum() ** 2 / np.square(eigenvalues).sum()
    assert participation_ratio(independent) == pytest.approx(expected)
