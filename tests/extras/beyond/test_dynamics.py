import numpy as np
import pytest

from ffensembles.data.datasets import make_dataset
from ffensembles.data.digits import read_digits
from ffensembles.extras.beyond.dynamics import (
    Moment,
    chance_jaccard,
    follow,
    look,
    measure_dynamics,
)
from ffensembles.learning.block import train_block
from ffensembles.representations import extraction
from helpers.small_training import ON_CPU, experiment

UNITS, IMAGES = 40, 60


def representation(members):
    """Return activations of two categories: 5 for the units in each one's ensemble, 1 else."""
    labels = np.arange(IMAGES) % 2
    x = np.ones((IMAGES, UNITS), np.float32)
    for category, units in enumerate(members):
        x[np.ix_(labels == category, units)] = 5
    return x, labels


def test_ensembles_that_form_at_a_known_epoch():
    # Nothing at first; category 0 has half its units at epoch 4, category 1 another unit besides.
    stages = {
        0: ([], []),
        4: ([0, 1], [4, 5, 6, 7, 8]),
        8: ([0, 1, 2, 3], [4, 5, 6, 7]),
    }
    moments = [look(epoch, *representation(members)) for epoch, members in stages.items()]
    table = follow(moments, [0, 1]).set_index(["category", "epoch"])
    assert table["size"].to_dict() == {
        (0, 0): 0, (1, 0): 0, (0, 4): 2, (1, 4): 5, (0, 8): 4, (1, 8): 4,
    }  # fmt: skip
    assert table.loc[0, "to_end"].tolist() == pytest.approx([0, 0.5, 1])
    assert table.loc[1, "to_end"].tolist() == pytest.approx([0, 0.8, 1])
    assert table.loc[0, "to_before"].tolist()[1:] == pytest.approx([0, 0.5])
    assert np.isnan(table.loc[(0, 0), "to_before"])
    assert table.loc[1, "kept"].tolist()[1:] == pytest.approx([0.8, 1])
    assert table.loc[1, "joined"].tolist() == [0, 5, 0]
    assert table.loc[1, "left"].tolist() == [0, 0, 1]
    assert table.loc[(0, 8), "members"] == [0, 1, 2, 3]
    assert (table["units"] == UNITS).all()


def test_sparsity_by_category():
    # Category 0 answers with one unit, category 1 with all alike: 1 and 0.
    x, labels = np.zeros((4, 9), np.float32), np.array([0, 1, 0, 1])
    x[labels == 0, 2] = 3
    x[labels == 1] = 2
    np.testing.assert_allclose(look(0, x, labels).sparsity, [1, 0], atol=1e-12)


def test_two_empty_ensembles_have_no_similarity():
    nothing = np.zeros((1, 3), dtype=bool)
    live = np.ones(3, dtype=bool)
    table = follow([Moment(epoch, nothing, live, np.zeros(1)) for epoch in (0, 1)], [0])
    assert table["to_end"].isna().all()
    assert table["kept"].isna().all()


def test_chance_shares_units_that_both_sets_may_have():
    pools = np.arange(40) < 20, np.arange(40) >= 5
    rng = np.random.default_rng(0)
    found = []
    for _ in range(4000):
        a, b = (rng.choice(np.flatnonzero(pool), 8, replace=False) for pool in pools)
        found.append(len(np.intersect1d(a, b)))
    shared = np.mean(found)
    assert chance_jaccard(8, 8, *pools) == pytest.approx(shared / (16 - shared), rel=0.05)
    assert np.isnan(chance_jaccard(0, 0, *pools))


def train(e, dataset, folder):
    """Train runs 0 and 1; return the files of their weights and of the snapshots of run 1."""
    model_path, snapshots = (str(folder / name) for name in ("m.safetensors", "s.safetensors"))
    train_block(
        e, [0, 1], dataset, model_path=model_path, log_path=str(folder / "log.parquet"),
        snapshots_path=snapshots, snapshots_of=1, **ON_CPU,
    )  # fmt: skip
    return model_path, snapshots


def test_a_run_that_classifies_nothing_correctly_has_nothing_to_follow(tmp_path):
    arrays = {name: array[:300] for name, array in read_digits().items()}
    dataset, e = make_dataset("digits", arrays, 10), experiment("bp", epochs=1, units=30)
    model_path, snapshots = train(e, dataset, tmp_path)
    run = extraction.prepare(e, 1, model_path, dataset, "test", "cpu")
    wrong = (run.predicted() + 1) % 10
    other = make_dataset("digits", arrays | {"test_labels": wrong.astype(np.int64)}, 10)
    some = measure_dynamics(e, [snapshots], dataset, device="cpu", images=300, seed=1)
    none = measure_dynamics(e, [snapshots], other, device="cpu", images=300, seed=1)
    assert len(some) and not len(none)
    assert none.dtypes.to_dict() == some.dtypes.to_dict()


@pytest.mark.parametrize("model", ["ff", "bpff", "bp"])
def test_a_run_ends_with_the_ensembles_of_the_trained_network(model, tmp_path):
    first = {name: array[:300] for name, array in read_digits().items()}
    dataset = make_dataset("digits", first, 10)
    e = experiment(model, epochs=3, units=30, layers=2)
    model_path, snapshots = train(e, dataset, tmp_path)
    table = measure_dynamics(e, [snapshots], dataset, device="cpu", images=300, seed=1)
    assert set(table["seed"]) == {1}
    run = extraction.prepare(e, 1, model_path, dataset, "test", "cpu")
    correct = run.predicted() == run.labels.numpy()
    x, labels = run.images[correct], run.labels[correct]
    layers = extraction.activations(run.kind, run.network, run.embedding.embed(x, labels))
    assert sorted(set(table["epoch"])) == [0, 1, 2, 3]
    for layer, h in enumerate(layers, 1):
        expected = look(3, h, labels.numpy())
        end = table[(table["layer"] == layer) & (table["epoch"] == 3)]
        np.testing.assert_array_equal(end["size"], expected.active.sum(axis=1))
        np.testing.assert_allclose(end["sparsity"], expected.sparsity)
        assert end["members"].tolist() == [np.flatnonzero(a).tolist() for a in expected.active]
    last = table[(table["layer"] == 2) & (table["epoch"] == 3)]
    np.testing.assert_allclose(last["accuracy"], correct.mean())
