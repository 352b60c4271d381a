from types import SimpleNamespace

import pandas as pd
import pytest

from ffensembles.extras.beyond import answers


def pruning(in_ensembles, quarter, live=0.5, active=0.5):
    """Return a summary in which sets of units, and quarters, keep these accuracies."""
    rows = [("whole", 1.0, 0.9), ("in ensembles", 0.4, in_ensembles), ("in none", 0.6, 0.1)]
    rows += [("as many live", 0.4, live), ("most active", 0.4, active)]
    for ranking in ("ensembles", "weight norm", "mean activation", "random"):
        rows.append((ranking, 0.25, quarter if ranking == "ensembles" else 0.5))
    table = pd.DataFrame(rows, columns=["ranking", "share", "mean"])
    return table.assign(layer=0, std=0.02, n=1, live=0.75)


@pytest.mark.parametrize(
    "values, word",
    [
        ((0.895, 0.8), "yes"),
        ((0.85, 0.8), "in part"),
        ((0.9, 0.55), "in part"),
        ((0.9, 0.8, 0.85), "in part"),
        ((0.9, 0.55, 0.85), "no"),
        ((0.9, 0.55, 0.5, 0.9), "no"),
        ((0.5, 0.4), "no"),
    ],
)
def test_pruning(values, word):
    found, numbers = answers.pruning(pruning(*values))
    assert found == word
    assert f"in ensembles (40%, 25% of the units dead) keep {values[0]:.3f}" in numbers
    assert numbers.startswith("one run")


def test_without_units_in_ensembles_only_the_order_counts():
    table = pruning(0.9, 0.8)
    sets = ["in ensembles", "in none", "as many live", "most active"]
    assert answers.pruning(table[~table["ranking"].isin(sets)])[0] == "in part"


def test_a_kind_without_incoming_weights_is_ranked_without_their_norm():
    table = pruning(0.895, 0.8)
    word, numbers = answers.pruning(table[table["ranking"] != "weight norm"])
    assert word == "yes" and "weight norm" not in numbers


@pytest.mark.parametrize("to_end, word", [((0.1, 0.2, 1), "not settled"), ((0.1, 0.8, 1), "late")])
def test_dynamics(to_end, word):
    table = pd.DataFrame(
        {"layer": 1, "epoch": [0, 4, 8], "size": [0.2, 0.1, 0.05], "sparsity": [0.3, 0.5, 0.8],
         "to_end": to_end, "by_chance": 0.1, "live": 0.9}
    )  # fmt: skip
    found, numbers = answers.dynamics(table)
    assert found == word
    assert "20.0% to 5.0%" in numbers and "10% of the units dead" in numbers
    assert "by chance 0.10" in numbers


def of_layers(**measures):
    rows = [
        (layer, measure, value)
        for measure, values in measures.items()
        for layer, value in enumerate(values, 1)
    ]
    return pd.DataFrame(rows, columns=["layer", "measure", "mean"]).assign(n=3)


@pytest.mark.parametrize(
    "found, word", [((7, 5), "yes"), ((7, 1), "in part"), ((2, 0), "in part"), ((1, 1), "no")]
)
def test_assemblies(found, word):
    same = dict.fromkeys(["jaccard", "start_std", "permuted", "random", "units", "live"], (1, 1))
    table = of_layers(found=found, above=(9, 9), categories=(10, 10), **same)
    answer, numbers = answers.assemblies(table)
    assert answer == word
    assert numbers.startswith("mean of 3 runs: layer 1: ") and "dead" not in numbers


@pytest.mark.parametrize(
    "clear, weak, one, word", [(8, 1, 1, "yes"), (1, 8, 1, "cannot be told"), (0, 1, 9, "no")]
)
def test_microstructure(clear, weak, one, word):
    rest = dict.fromkeys(["silhouette", "null_mean", "stability"], (0.3,))
    table = of_layers(clear=(clear,), weak=(weak,), one=(one,), **rest)
    assert answers.microstructure(table)[0] == word


def test_a_question_without_an_answer_ends_no_other():
    keys = {"dataset": "digits", "model": "ff", "study": "main"}
    sizes = [(m, f, 0.1) for m in ("size", "by_chance") for f in (1.5, 2.0, 3.0)]
    table = pd.DataFrame(sizes, columns=["measure", "factor", "mean"]).assign(**keys, layer=1, n=1)
    accuracies = pd.DataFrame({"category": [pd.NA, *range(10)], "accuracy": 0.9}).assign(**keys)
    summaries = {"definition": table, "broken": table}
    questions = {
        "definition": SimpleNamespace(answer=answers.definition),
        "broken": SimpleNamespace(answer=lambda rows: rows["nowhere"]),
    }
    found = answers.answer_all(summaries, questions, {"definition": [], "broken": []}, accuracies)
    assert found["answer"].tolist() == ["little", "no answer"]
    assert "nowhere" in found["numbers"][1]
