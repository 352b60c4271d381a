from types import SimpleNamespace

import pandas as pd
import pytest

from ffensembles.extras.beyond import answers


def pruning(in_ensembles, quarter):
    rows = [("whole", 1.0, 0.9), ("in ensembles", 0.4, in_ensembles), ("in none", 0.6, 0.1)]
    for ranking in ("ensembles", "weight norm", "mean activation", "random"):
        rows.append((ranking, 0.25, quarter if ranking == "ensembles" else 0.5))
    return pd.DataFrame(rows, columns=["ranking", "share", "mean"]).assign(layer=0)


@pytest.mark.parametrize(
    "in_ensembles, quarter, word",
    [(0.895, 0.8, "yes"), (0.85, 0.8, "in part"), (0.9, 0.4, "no")],
)
def test_pruning(in_ensembles, quarter, word):
    found, numbers = answers.pruning(pruning(in_ensembles, quarter))
    assert found == word
    assert f"in ensembles alone (40%) keep {in_ensembles:.3f}" in numbers


@pytest.mark.parametrize("to_end, word", [((0.1, 0.2, 1), "late"), ((0.6, 0.8, 1), "early")])
def test_dynamics(to_end, word):
    table = pd.DataFrame(
        {"layer": 1, "epoch": [0, 4, 8], "size": [0.2, 0.1, 0.05], "sparsity": [0.3, 0.5, 0.8],
         "to_end": to_end, "kept": [0.1, 0.7, 1]}
    )  # fmt: skip
    found, numbers = answers.dynamics(table)
    assert found == word
    assert "20.0% to 5.0%" in numbers and "70% of the units of epoch 4 kept" in numbers


def sizes(*values):
    return pd.DataFrame({"measure": "size", "layer": 1, "factor": [1.5, 2.0, 3.0], "mean": values})


def test_definition():
    assert answers.definition(sizes(0.1, 0.09, 0.08))[0] == "little"
    assert answers.definition(sizes(0.4, 0.2, 0.01))[0] == "much"


def of_layers(**measures):
    rows = [
        (layer, measure, value)
        for measure, values in measures.items()
        for layer, value in enumerate(values, 1)
    ]
    return pd.DataFrame(rows, columns=["layer", "measure", "mean"])


@pytest.mark.parametrize(
    "jaccard, word", [((0.7, 0.6), "yes"), ((0.7, 0.2), "in part"), ((0.1, 0.05), "no")]
)
def test_assemblies(jaccard, word):
    table = of_layers(jaccard=jaccard, null_mean=(0.1, 0.1), above=(9, 5))
    assert answers.assemblies(table)[0] == word


@pytest.mark.parametrize(
    "clear, weak, one, word", [(8, 1, 1, "yes"), (1, 8, 1, "no clear answer"), (0, 1, 9, "no")]
)
def test_microstructure(clear, weak, one, word):
    rest = dict.fromkeys(["silhouette", "null_mean", "stability"], (0.3,))
    table = of_layers(clear=(clear,), weak=(weak,), one=(one,), **rest)
    assert answers.microstructure(table)[0] == word


def test_a_question_without_an_answer_ends_no_other():
    table = sizes(0.1, 0.09, 0.08).assign(dataset="digits", model="ff", study="main")
    summaries = {"definition": table, "broken": table}
    questions = {
        "definition": SimpleNamespace(answer=answers.definition),
        "broken": SimpleNamespace(answer=lambda rows: rows["nowhere"]),
    }
    found = answers.answer_all(summaries, questions, {"definition": [], "broken": []})
    assert found["answer"].tolist() == ["little", "no answer"]
    assert "nowhere" in found["numbers"][1]
