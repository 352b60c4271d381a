"""Whether ensembles follow the groups that units are assigned to, on planted shares."""

import pandas as pd
import pytest

from ffensembles.extras.studies import emergence


def shares(*layers, std=float("nan"), n=1):
    """Return groups.csv: of each layer what lies in its own group, trained and by controls."""
    names = ["trained", "untrained", "shuffled", "chance"]
    rows = [
        dict(dataset="mnist", model="cwc", layer=layer, of=of, mean=mean, std=std, n=n)
        for layer, percents in enumerate(layers, 1)
        for of, mean in zip(names, percents, strict=True)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("layers", "word"),
    [
        ([(95, 10, 10, 10)], "imposed"),
        ([(30, 10, 12, 10)], "in part"),
        ([(15, 10, 12, 10)], "emergent"),
        ([(15, 10, 12, 10), (90, 10, 10, 10)], "by layer"),
        ([(float("nan"), 10, 10, 10)], "no ensembles"),
    ],
)
def test_the_word_follows_from_the_share_and_its_controls(layers, word):
    assert emergence.answer(shares(*layers))[0] == word


def test_what_runs_differ_by_counts():
    assert emergence.answer(shares((30, 10, 12, 10), std=1, n=3))[0] == "in part"
    assert emergence.answer(shares((30, 10, 12, 10), std=8, n=3))[0] == "emergent"


def by_layer(means):
    keys = dict(dataset="mnist", model="cwc", std=float("nan"), n=1)
    return pd.DataFrame([keys | dict(layer=i, mean=m) for i, m in enumerate(means, 1)])


@pytest.mark.parametrize(
    ("sparsities", "word", "numbers"),
    [
        ((0.8, 0.5), "yes", "One run: layer 1: S 0.80, ensembles of 4 %; layer 2: S 0.50, "),
        ((0.8, 0.4), "in part", "layer 2: S 0.40"),
        ((0.2, 0.4), "no", "layer 1: S 0.20; layer 2: S 0.40"),
    ],
)
def test_layers_have_ensembles_where_they_are_sparse(sparsities, word, numbers):
    tables = by_layer(sparsities), by_layer((4, 5))
    [(_, found, said)] = emergence.formation(*tables)
    assert found == word and numbers.lower() in said.lower()
    assert ("ensembles of 5 %" in said) == (sparsities[1] >= 0.5)
