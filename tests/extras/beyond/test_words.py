"""Planted populations and untrained networks: the words that the questions give to each.

Where something is drawn, it is drawn eight times, and has to be told so but for one of them.
"""

import numpy as np
import pandas as pd
import pytest
import torch

from ffensembles.extras.beyond import assemblies, microstructure
from ffensembles.extras.beyond.answers import answer_all
from ffensembles.extras.beyond.dynamics import Moment, follow
from ffensembles.extras.beyond.pruning import prune, rank_units
from ffensembles.extras.beyond.questions import QUESTIONS
from ffensembles.learning.label_embedding import Plain
from ffensembles.learning.perceptrons import Linear, Network
from ffensembles.representations.extraction import Prepared
from helpers.small_training import digits_dataset, kind
from helpers.untrained_world import Images, untrained

DRAWS = 8
MOST = DRAWS - 1
KEYS = {"dataset": "digits", "model": "ff", "study": "main", "seed": 0}
CATEGORIES, SIZE, UNITS = 10, 8, 100


def answer(question, frame):
    table = QUESTIONS[question].summarise(frame.assign(**KEYS))
    return QUESTIONS[question].answer(table)


def words(question, draw):
    """Return the words that a question has for the frames of several draws, most frequent first."""
    frames = [draw(np.random.default_rng(seed)) for seed in range(DRAWS)]
    return pd.Series([answer(question, frame)[0] for frame in frames]).value_counts()


# Assemblies


def grouped(rng, images, noise=0.5):
    """Return activations in which eight units fire for each category, and the labels.

    Every other image is of one more category, which drives no group: if each image drove one, the
    groups' activities would add up to a constant, and there would be one component less.
    """
    rows = np.arange(images * CATEGORIES)
    labels = np.where(rows % 2, CATEGORIES, rows // 2 % CATEGORIES)
    x = noise * np.abs(rng.standard_normal((len(rows), UNITS)))
    for category in range(CATEGORIES):
        x[np.ix_(labels == category, range(SIZE * category, SIZE * (category + 1)))] += 2
    return x, labels


@pytest.fixture
def few_shuffles(monkeypatch):
    """Let there be fewer draws of the nulls, which is quicker."""
    monkeypatch.setattr(assemblies, "SHUFFLES", 12)


@pytest.mark.parametrize("images", [300, 50])
def test_assemblies_that_are_the_categories_are_found(images, few_shuffles):
    def draw(rng):
        x, labels = grouped(rng, images)
        table = assemblies.compare(x, labels, rng).assign(layer=1)
        return table[table["category"] < CATEGORIES]  # the eleventh drives no group

    assert words("assemblies", draw)["yes"] >= MOST


def test_assemblies_that_follow_no_label_are_not_found(few_shuffles):
    def draw(rng):
        x, labels = grouped(rng, 50)
        x *= np.exp(rng.standard_normal(UNITS))  # so that some stand out, whatever the category
        table = assemblies.compare(x, rng.permutation(labels), rng).assign(layer=1)
        assert table["size"].all()
        return table

    assert words("assemblies", draw)["no"] >= MOST


def test_dead_units_do_not_make_a_match_better_than_chance():
    x, labels = grouped(np.random.default_rng(0), 50, noise=0.1)
    dead = np.hstack([x, np.zeros((len(x), 3 * UNITS))])
    random = {}
    for name, rates in (("live", x), ("dead", dead)):
        table = assemblies.compare(rates, labels, np.random.default_rng(1))
        random[name] = table["random"].mean()
        assert table["live"].eq(UNITS).all()
    assert random["dead"] == pytest.approx(random["live"], abs=0.03)
    assert "75% of the units dead" in answer("assemblies", table.assign(layer=1))[1]


def test_several_starts_vary_less_than_one():
    rng = np.random.default_rng(0)
    x = np.maximum(rng.standard_normal((200, 12)) @ rng.standard_normal((12, 60)) - 3, 0)
    ensembles = np.arange(60) // 10 == np.arange(6)[:, None]

    def spread(starts):
        found = [
            assemblies.match(
                ensembles,
                assemblies.members(assemblies.find_weights(x, np.random.default_rng(k), starts)),
            )
            for k in range(12)
        ]
        return np.std([np.median(each.max(axis=2), axis=1).mean() for each in found])

    assert 0 < spread(5) < 0.7 * spread(1)


# Pruning


def pruned(network, images, labels, rng):
    run = Prepared(kind("bp", layers=1), images, labels, Plain(), network)
    return prune(run, rank_units(run, rng), rng, shares=[0.25])


def network(weight, bias, head):
    none = torch.zeros(1, len(head))
    return Network([Linear.of(weight[None], bias[None])], Linear.of(head[None], none), "none")


def dead_and_arbitrary(rng):
    """Prune a network of 150 dead units and 50 whose features are drawn at random."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
    test = Images(DIGITS, DIGITS.test)
    weight = torch.randn(200, 144, generator=generator)
    weight[50:] = 0
    bias = torch.where(torch.arange(200) < 50, 0.0, -1.0)
    h = (test.images @ weight.T + bias).relu()
    target = torch.nn.functional.one_hot(test.labels, 10).float()
    ridge = torch.linalg.solve(h.T @ h + torch.eye(200), h.T @ target)
    return pruned(network(weight, bias, ridge.T), test.images, test.labels, rng)


DIGITS = digits_dataset()


def test_that_dead_units_can_go_says_nothing_of_ensembles():
    assert words("pruning", dead_and_arbitrary)["no"] >= MOST


@pytest.mark.parametrize("images", [300, 50])
def test_detectors_that_matter_are_found(images):
    def detectors(rng):
        """Ten units read the categories, with noise; thirty fire for all, and nobody reads them."""
        labels = torch.arange(images * CATEGORIES) % CATEGORIES
        code = torch.nn.functional.one_hot(labels, CATEGORIES).float()
        noise = torch.from_numpy(rng.random((len(labels), 40)).astype(np.float32))
        x = torch.cat([5 * code, torch.full((len(labels), 30), 0.5)], 1) + noise
        head = torch.eye(40)[:CATEGORIES]
        return pruned(network(torch.eye(40), torch.zeros(40), head), x, labels, rng)

    assert words("pruning", detectors)["yes"] >= MOST


# Microstructure


def scaled(rng, images):
    """Return one pattern, scaled by a random gain."""
    gain = np.exp(rng.standard_normal((images, 1)))
    return np.maximum(gain * rng.exponential(size=60) + 0.5 * rng.standard_normal((images, 60)), 0)


def continuum(rng, images):
    """Return patterns along a line, which nothing parts."""
    along = 3 * rng.standard_normal(60) + rng.standard_normal((images, 1)) * rng.standard_normal(60)
    return np.maximum(along + 0.5 * rng.standard_normal((images, 60)), 0)


def patterns(shares, shared):
    """Return what draws three patterns of twenty units, neighbours sharing some of them."""

    def draw(rng, images):
        units = rng.permutation(60)
        drive = np.zeros((3, 60))
        for row, start in zip(drive, (0, 20 - shared, 40 - 2 * shared), strict=True):
            row[units[start : start + 20]] = 2
        which = rng.choice(3, images, p=shares)
        return np.maximum(drive[which] + 0.7 * rng.standard_normal((images, 60)) - 0.3, 0)

    return draw


def several(draw, images, monkeypatch):
    """Count the draws with several patterns; fewer of the null are quicker."""
    monkeypatch.setattr(microstructure, "DRAWS", 5)
    monkeypatch.setattr(microstructure, "RESAMPLES", 1)
    found = []
    for seed in range(DRAWS):
        rng = np.random.default_rng(seed)
        found.append(microstructure.find_patterns(draw(rng, images), rng))
    return sum(each.answer != "one" for each in found), found


@pytest.mark.parametrize("draw", [scaled, continuum])
def test_one_pattern_is_one(draw, monkeypatch):
    count, _ = several(draw, 300, monkeypatch)
    assert count <= 1


@pytest.mark.parametrize("images", [300, 50])
@pytest.mark.parametrize(
    "draw",
    [patterns([1 / 3] * 3, 0), patterns([1 / 3] * 3, 10), patterns([0.6, 0.3, 0.1], 0)],
    ids=["three", "half overlapping", "60/30/10"],
)
def test_three_patterns_are_found(draw, images, monkeypatch):
    count, found = several(draw, images, monkeypatch)
    assert count >= MOST
    assert sum(each.patterns == 3 for each in found) >= MOST


# Dynamics

EPOCHS = (0, 1, 2, 4, 8, 16, 32, 40)


def followed(sets):
    """Follow sets of units, (epochs, categories, units) bool; all units are live."""
    live = np.ones(sets.shape[2], dtype=bool)
    moments = [
        Moment(e, active, live, np.zeros(len(active)))
        for e, active in zip(EPOCHS, sets, strict=True)
    ]
    table = follow(moments, range(sets.shape[1]))
    return table.assign(layer=1, accuracy=0.9)


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_sets_drawn_anew_never_settle(share):
    def draw(rng):
        return followed(rng.random((len(EPOCHS), CATEGORIES, UNITS)) < share)

    assert words("dynamics", draw)["not settled"] >= MOST


def test_sets_that_stay_have_settled_and_those_that_part_again_have_not():
    rng = np.random.default_rng(0)
    anew, end = rng.random((2, len(EPOCHS), CATEGORIES, UNITS)) < 0.1
    end[:] = end[-1]
    early, late, between = end.copy(), anew.copy(), anew.copy()
    early[:2] = anew[:2]
    late[-3:] = end[-3:]
    between[3] = between[-1]
    settled = [answer("dynamics", followed(sets))[0] for sets in (early, late, between)]
    assert settled == ["early", "late", "not settled"]


def test_a_layer_without_ensembles_at_the_end_says_so():
    nothing = np.zeros((len(EPOCHS), CATEGORIES, UNITS), dtype=bool)
    nothing[0] = True
    word, numbers = answer("dynamics", followed(nothing))
    assert word == "no ensembles"
    assert "no ensembles at the end" in numbers and "nan" not in numbers
    both = pd.concat([followed(nothing), followed(np.ones_like(nothing)).assign(layer=2)])
    assert answer("dynamics", both)[0] == "early"


# Definition


def sizes(*layers):
    """Return the sizes of layers at factors of 1.5, 2 and 3."""
    rows = [
        (layer, measure, factor, size)
        for layer, values in enumerate(layers, 1)
        for factor, size in zip((1.5, 2.0, 3.0), values, strict=True)
        for measure in ("size", "by_chance")
    ]
    return pd.DataFrame(rows, columns=["layer", "measure", "factor", "value"])


def test_a_layer_without_ensembles_has_no_part_in_little():
    stable, nothing = (0.1, 0.09, 0.08), (0, 0, 0)
    assert answer("definition", sizes(stable))[0] == "little"
    assert answer("definition", sizes(nothing, stable))[0] == "by layer"
    assert answer("definition", sizes(nothing))[0] == "no ensembles"


# No answer from nothing


@pytest.mark.parametrize("model", ["ff", "bp"])
def test_untrained_networks_have_no_answers(model):
    test = Images(DIGITS, DIGITS.test)
    frame = sizes((0.2, 0.2, 0.2))
    answers = []
    for seed in range(DRAWS):
        predicted = test.predicted(untrained(model, "main", seed), model)
        accuracies = pd.DataFrame({"category": [pd.NA, *range(10)]}).assign(
            **KEYS, accuracy=(predicted == test.labels.numpy()).mean()
        )
        summary = {"definition": QUESTIONS["definition"].summarise(frame.assign(**KEYS))}
        answers.append(answer_all(summary, QUESTIONS, {"definition": []}, accuracies))
    table = pd.concat(answers)
    assert (table["answer"] == "no answer").sum() >= MOST
    assert table["numbers"].str.contains("guessing").sum() >= MOST


def test_a_single_run_says_so():
    assert answer("definition", sizes((0.2, 0.1, 0.1)))[1].startswith("one run")
