from dataclasses import replace

import numpy as np
import pytest
import torch

from ffensembles.extras.beyond.pruning import Ranking, accuracies, operations, prune, rank_units
from ffensembles.learning.kinds import Kind
from ffensembles.learning.label_embedding import Plain
from ffensembles.learning.perceptrons import Linear, Network
from ffensembles.representations import extraction
from ffensembles.representations.extraction import Prepared
from helpers.small_training import kind

CATEGORIES, UNITS = 10, 40


def planted():
    """Return a run of BP whose layer reads the category with its first ten units alone.

    Inputs are the category in one-hot code and as many that are always 1; those drive the other
    units, strongly, and with large weights, but the head does not look at them.
    """
    weight = torch.zeros(UNITS, 2 * CATEGORIES)
    weight[:CATEGORIES, :CATEGORIES] = torch.eye(CATEGORIES)
    weight[CATEGORIES:, CATEGORIES:] = 0.1
    head = torch.zeros(CATEGORIES, UNITS)
    head[:, :CATEGORIES] = torch.eye(CATEGORIES)
    network = Network(
        [Linear.of(weight[None], torch.zeros(1, UNITS))],
        Linear.of(head[None], torch.zeros(1, CATEGORIES)),
        "none",
    )
    labels = torch.arange(200) % CATEGORIES
    code = torch.nn.functional.one_hot(labels, CATEGORIES).float()
    # The last category is what the head says of zeros: it must not win by default.
    images = torch.cat([9 * code, torch.ones_like(code)], 1)
    return Prepared(kind("bp", layers=1), images, labels, Plain(), network)


@pytest.fixture(scope="module")
def pruned():
    run = planted()
    return prune(run, rank_units(run, np.random.default_rng(0)), np.random.default_rng(1))


def accuracy(table, ranking, share=None):
    rows = table[(table["ranking"] == ranking) & (table["layer"] == 1)]
    return rows if share is None else rows.loc[rows["share"] == share, "accuracy"].mean()


def test_only_the_ensembles_matter(pruned):
    assert pruned.loc[pruned["ranking"] == "whole", "accuracy"].tolist() == [1]
    assert accuracy(pruned, "ensembles", 0.25) == 1
    (members,), (others,) = (
        accuracy(pruned, name)[["share", "accuracy"]].to_numpy().tolist()
        for name in ("in ensembles", "in none")
    )
    assert members == pytest.approx([0.25, 1])
    assert others == pytest.approx([0.75, 1 / CATEGORIES])


def test_other_rankings_are_misled(pruned):
    # An eighth is half of what matters.
    assert accuracy(pruned, "ensembles", 0.125) == pytest.approx(0.5)
    random = accuracy(pruned, "random", 0.5)
    assert 1 / CATEGORIES < random < 0.9
    assert accuracy(pruned, "mean activation", 0.5) == pytest.approx(1 / CATEGORIES)


def test_sets_are_held_against_as_many_live_units_and_as_many_active_ones(pruned):
    drawn = accuracy(pruned, "as many live")
    assert (drawn["share"] == 0.25).all() and drawn["draw"].tolist() == list(range(10))
    assert drawn["accuracy"].between(1 / CATEGORIES, 0.7).all()
    active = accuracy(pruned, "most active")["accuracy"].item()
    assert active == pytest.approx(1 / CATEGORIES)


def test_what_is_drawn_is_drawn_from_live_units():
    run = planted()
    run.network.layers[0].bias[0, 20:] = -100
    ranking = rank_units(run, np.random.default_rng(0))
    table = prune(run, ranking, np.random.default_rng(0))
    assert (table.loc[table["ranking"] != "whole", "live"] == 0.5).all()
    # Half of the units, which are the live ones in whatever order: nothing is lost.
    assert (
        accuracy(table, "random")["accuracy"][accuracy(table, "random")["share"] == 0.5] == 1
    ).all()


def test_weight_norm_ranks_by_the_norm_of_the_inputs():
    (norms,) = rank_units(planted(), np.random.default_rng(0)).importance["weight norm"]
    np.testing.assert_allclose(norms[:CATEGORIES], 1)
    np.testing.assert_allclose(norms[CATEGORIES:], 0.1 * np.sqrt(CATEGORIES), rtol=1e-6)


def test_pruned_is_as_if_the_units_were_silent():
    # Zeroing a unit's weights and bias is another way to remove it.
    generator = torch.Generator().manual_seed(0)
    ff = kind("ff", units=(30, 20, 10))
    network = ff.initialise([generator])
    images = torch.rand(50, 144, generator=generator)
    labels = torch.arange(50) % CATEGORIES
    embedding = ff.embedding(images)
    prunings = [
        [None, None, None],
        [torch.arange(0, 30, 2), None, None],
        [None, torch.arange(5, 15), None],
        [torch.arange(10), torch.arange(3, 20), torch.tensor([1, 4, 9])],
    ]
    expected = []
    for kept in prunings:
        state = {name: tensor.clone() for name, tensor in network.state().items()}
        silenced = Network.from_state(state, network.normalisation)
        for layer, places in zip(silenced.layers, kept, strict=True):
            if places is not None:
                mask = torch.zeros(layer.bias.shape[1], dtype=torch.bool)
                mask[places] = True
                layer.weight[:, ~mask], layer.bias[:, ~mask] = 0, 0
        predicted = extraction.predict(ff, silenced, images, embedding)
        expected.append((predicted == labels.numpy()).mean())
    found = accuracies(Prepared(ff, images, labels, embedding, network), prunings)
    assert found == pytest.approx(expected)
    # What any kind does that can be pruned is the same, and slower.
    slowly = Kind.predict_pruned(ff, network, images, embedding, prunings)
    assert found == pytest.approx((slowly == labels).float().mean(1).tolist())
    assert len(set(expected)) > 1


def test_operations_left():
    bp = kind("bp", (1, 10, 10), layers=2, units=(40, 20))
    nothing = torch.zeros(0, 100), torch.zeros(0), Plain()
    network = Prepared(bp, *nothing, bp.initialise([torch.Generator()]))
    all_of_them = 100 * 40 + 40 * 20 + 20 * 10
    half = torch.arange(20)
    assert operations(network, [None, None]) == 1
    assert operations(network, [half, None]) == pytest.approx(
        (100 * 20 + 20 * 20 + 20 * 10) / all_of_them
    )
    assert operations(network, [half, half[:5]]) == pytest.approx(
        (100 * 20 + 20 * 5 + 5 * 10) / all_of_them
    )


def test_a_layer_is_never_left_empty():
    rng = np.random.default_rng(0)
    for members in (np.ones(UNITS, dtype=bool), np.zeros(UNITS, dtype=bool)):
        table = prune(planted(), Ranking({}, [members], [np.ones(UNITS)]), rng)
        assert set(table["ranking"]) == {"whole"}


def test_where_no_image_ranks_the_units_only_the_whole_network_is_tested():
    run = planted()
    wrong = replace(run, labels=(run.labels + 1) % CATEGORIES)
    rng = np.random.default_rng(0)
    table = prune(run, rank_units(wrong, rng), rng)
    assert table[["ranking", "accuracy"]].to_numpy().tolist() == [["whole", 1]]
