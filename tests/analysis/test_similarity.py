"""CKA, SVCCA and distance correlation, against other code, plain formulas and identities."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform
from scipy.stats import ortho_group

from ffensembles.analysis import distance_correlation as dcor
from ffensembles.analysis import similarity
from ffensembles.analysis.similarity import (
    COLUMNS,
    compare_layers,
    compare_models,
    measure_layer_similarity,
    measure_similarity,
)
from helpers.runs import drawn_layers, write_run
from helpers.small_training import experiment


def covariances(x, y):
    x, y = dcor.varying_units(x), dcor.varying_units(y)
    return [similarity.covariance(*pair) for pair in ((x, x), (y, y), (x, y))]


def cka(x, y):
    return similarity.cka(*covariances(x, y))


def svcca(x, y, **share):
    return similarity.svcca(*covariances(x, y), **share)


def distance_correlation(x, y):
    return dcor.distance_correlations([x, y], [(0, 1)])[0]


ALL = (cka, svcca, distance_correlation)


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch):
    """Several tiles and blocks, the last one incomplete, from matrices that are quick to test."""
    for module in (similarity, dcor):
        monkeypatch.setattr(module, "ROWS", 64)


def related(images: int, n: int, m: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two sparse representations with something in common, and some silent units."""
    rng = np.random.default_rng(seed)
    latent = rng.standard_normal((images, 6))
    x, y = (
        np.maximum(latent @ rng.standard_normal((6, k)) + rng.standard_normal((images, k)) - 1, 0)
        for k in (n, m)
    )
    x[:, :3] = 0
    return x, y


def naive_cka(x, y):
    """As printed by Kornblith et al.: with Gram matrices and a centring matrix."""
    h = np.eye(len(x)) - 1 / len(x)
    k, l = h @ x @ x.T @ h, h @ y @ y.T @ h  # noqa: E741
    return np.sum(k * l) / np.sqrt(np.sum(k * k) * np.sum(l * l))


def naive_svcca(x, y, share=0.99):
    """By the SVD of the representations, and canonical correlations by QR."""

    def reduced(z):
        u, s, _ = np.linalg.svd(z - z.mean(axis=0), full_matrices=False)
        k = next(k for k in range(1, len(s) + 1) if s[:k].sum() / s.sum() >= share)
        return u[:, :k] * s[:k]

    (qx, _), (qy, _) = np.linalg.qr(reduced(x)), np.linalg.qr(reduced(y))
    return np.linalg.svd(qx.T @ qy, compute_uv=False).mean()


def naive_dcor(x, y):
    """As defined by Székely et al.: with every distance, centred in its row and in its column."""

    def centred(z):
        d = squareform(pdist(z))
        return d - d.mean(axis=0) - d.mean(axis=1)[:, None] + d.mean()

    a, b = centred(x), centred(y)
    return (np.mean(a * b) / np.sqrt(np.mean(a * a) * np.mean(b * b))) ** 0.5


NAIVE = {cka: naive_cka, svcca: naive_svcca, distance_correlation: naive_dcor}


@pytest.mark.parametrize("shape", [(200, 30, 20), (150, 40, 200), (70, 120, 90)])
@pytest.mark.parametrize("metric", ALL)
def test_agrees_with_independent_code(metric, shape):
    x, y = related(*shape)
    assert metric(x, y) == pytest.approx(NAIVE[metric](x, y), abs=1e-9)


@pytest.mark.parametrize("offset", [0, 30])
@pytest.mark.parametrize("metric", ALL)
def test_single_precision_is_good_to_four_digits(metric, offset):
    x, y = related(500, 80, 50)
    x, y = (x + offset).astype(np.float32), (y * np.geomspace(1, 1e3, 50)).astype(np.float32)
    truth = NAIVE[metric](x.astype(np.float64), y.astype(np.float64))
    assert metric(x, y) == pytest.approx(truth, abs=1e-5)


def test_many_identical_images_do_not_blur_the_distances():
    # Half of the images leave all units silent: their distances are 0 and must not become noise.
    x, y = related(300, 40, 30)
    x[:150] = 0
    truth = naive_dcor(x, y)
    assert distance_correlation(x, y) == pytest.approx(truth, abs=1e-7)
    single = distance_correlation(x.astype(np.float32), y.astype(np.float32))
    assert single == pytest.approx(truth, abs=1e-5)


def test_distance_correlation_by_hand():
    # The distances between three images with one unit, centred as in the definition.
    x = np.array([[0.0], [1.0], [3.0]])
    a = np.array([[0, 1, 3], [1, 0, 2], [3, 2, 0]])
    b = np.array([[0, 2, 2], [2, 0, 0], [2, 0, 0]])
    centred_a = a - a.mean(0) - a.mean(1)[:, None] + a.mean()
    centred_b = b - b.mean(0) - b.mean(1)[:, None] + b.mean()
    expected = np.sum(centred_a * centred_b)
    expected /= np.sqrt(np.sum(centred_a**2) * np.sum(centred_b**2))
    assert distance_correlation(x, 2 * x + 1) == pytest.approx(1)
    assert distance_correlation(x, np.array([[0.0], [2], [2]])) == pytest.approx(expected**0.5)


@pytest.mark.parametrize("metric", ALL)
def test_a_representation_is_like_itself_rotated_scaled_and_moved(metric):
    x, y = related(200, 25, 15)
    rotation = ortho_group.rvs(25, random_state=0)
    assert metric(x, x) == pytest.approx(1)
    assert metric(x, 3 * x @ rotation - 7) == pytest.approx(1)
    assert metric(0.1 * x @ rotation + 2, y) == pytest.approx(metric(x, y))
    assert metric(y, x) == pytest.approx(metric(x, y))


@given(st.integers(2, 90), st.integers(1, 12), st.integers(1, 12), st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_values_and_order_of_images(images, n, m, seed):
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((images, n)), rng.standard_normal((images, m))
    order = rng.permutation(images)
    for metric in ALL:
        value = metric(x, y)
        assert -1e-9 <= value <= 1 + 1e-9
        assert metric(x[order], y[order]) == pytest.approx(value, abs=1e-6)


def test_orthogonal_representations_have_nothing_in_common():
    # A full factorial design: columns of x are uncorrelated with, and independent of, those of y.
    levels = np.stack(np.meshgrid(*[[0.0, 1.0]] * 8, indexing="ij"), axis=-1).reshape(-1, 8)
    for metric in ALL:
        assert metric(levels[:, :4], levels[:, 4:]) == pytest.approx(0, abs=1e-6)


def test_cka_and_svcca_by_their_definition_on_shared_units():
    # Uncorrelated units of equal variance, of which two of four are shared.
    levels = np.stack(np.meshgrid(*[[0.0, 1.0]] * 6, indexing="ij"), axis=-1).reshape(-1, 6)
    x, y = levels[:, :4], levels[:, 2:]
    assert cka(x, y) == pytest.approx(2 / 4)
    assert svcca(x, y) == pytest.approx(2 / 4)
    assert svcca(x, levels[:, 3:]) == pytest.approx(1 / 3)


def test_svcca_keeps_as_much_of_the_singular_values_as_asked():
    x, y = related(200, 25, 15)
    for share in (0.5, 0.9, 1.0):
        expected = naive_svcca(x, y, min(share, 1 - 1e-6))
        assert svcca(x, y, share=share) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("constant", [0.0, 0.1])
def test_a_constant_representation(constant):
    x, _ = related(200, 25, 15)
    same = np.full((200, 4), constant)
    assert np.isnan(cka(x, same))
    assert np.isnan(svcca(same, x))
    assert distance_correlation(x, same) == 0


def test_every_two_models_are_compared():
    x, y = related(300, 30, 20)
    x[7] = 0  # an image that leaves all units silent
    matrices = {"ff": x, "bpff": y, "bp": np.random.default_rng(0).standard_normal((300, 10))}
    directions = {
        model: z / np.maximum(np.sqrt((z**2).sum(axis=1, keepdims=True)), 1e-12)
        for model, z in matrices.items()
    }
    table = compare_models(matrices).set_index(["metric", "model_a", "model_b"])
    assert len(table) == 9 and (table["images"] == 300).all()
    for a, b in combinations(matrices, 2):
        expected = {
            "SVCCA": naive_svcca(matrices[a], matrices[b]),
            "CKA": naive_cka(matrices[a], matrices[b]),
            "dCor": naive_dcor(directions[a], directions[b]) ** 2,
        }
        for metric, value in expected.items():
            assert table.loc[(metric, a, b), "value"] == pytest.approx(value, abs=1e-7)


def test_models_must_have_the_same_images():
    with pytest.raises(ValueError, match="of 5 and of 4 images"):
        compare_models({"ff": np.ones((5, 2)), "bp": np.ones((4, 2))})


def test_layers_are_compared_in_pairs():
    x, y = related(200, 30, 20)
    table = compare_layers([x, y, np.zeros((200, 5))])
    values = table.set_index(["layer_a", "layer_b"])["value"].unstack().to_numpy()
    expected = cka(x, y)
    nan = np.nan
    np.testing.assert_allclose(values, [[1, expected, nan], [expected, 1, nan], [nan, nan, nan]])
    assert (table["images"] == 200).all()


@pytest.fixture
def models(tmp_path):
    """A run of each model, whose layers differ in their units, and its layers as arrays."""
    labels = np.arange(80) % 10
    layers = {name: drawn_layers(80, seed=i) for i, name in enumerate(("ff", "bpff", "bp"))}
    wrong = (labels + 1) % 10  # images count, whether classified correctly or not
    paths = {name: write_run(tmp_path / name, labels, wrong, x) for name, x in layers.items()}
    return paths, layers


def test_models_are_compared_layer_by_layer(models):
    paths, layers = models
    runs = {name: [path] for name, path in paths.items()}
    table = measure_similarity([experiment(name) for name in runs], **runs)
    assert list(table) == COLUMNS and len(table) == 3 * 9 and (table["images"] == 80).all()
    assert table["layer_a"].equals(table["layer_b"])
    values = table.set_index(["metric", "model_a", "model_b", "layer_a"])["value"]
    for layer in (1, 2, 3):
        for a, b in combinations(layers, 2):
            x, y = layers[a][layer - 1], layers[b][layer - 1]
            assert values["CKA", a, b, layer] == pytest.approx(naive_cka(x, y), abs=1e-5)
            assert values["SVCCA", a, b, layer] == pytest.approx(naive_svcca(x, y), abs=1e-5)


def test_each_two_layers_of_a_run_are_compared(models):
    paths, layers = models
    table = measure_layer_similarity(experiment("bpff"), [paths["bpff"]])
    assert list(table) == COLUMNS and len(table) == 9
    assert {*table["model_a"], *table["model_b"]} == {"bpff"}
    values = table.set_index(["layer_a", "layer_b"])["value"]
    for a in (1, 2, 3):
        for b in (1, 2, 3):
            expected = naive_cka(layers["bpff"][a - 1], layers["bpff"][b - 1])
            assert values[a, b] == pytest.approx(expected, abs=1e-5)
    assert values[1, 2] != pytest.approx(values[2, 3], abs=1e-3)
