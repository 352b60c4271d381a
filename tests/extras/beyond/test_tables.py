import numpy as np
import pandas as pd
import pytest

from ffensembles.extras.beyond import answers
from ffensembles.extras.beyond import tables as beyond
from ffensembles.extras.beyond.microstructure import FEWEST
from ffensembles.printing.names import name_datasets
from ffensembles.printing.tables import markdown

KEYS = {"dataset": "digits", "model": "ff", "study": "main"}


@pytest.fixture(autouse=True)
def names():
    name_datasets({"digits": {"name": "digits", "categories": list("0123456789")}})


def pruning(accuracies, layer=0):
    """Return pruning.parquet of two runs whose accuracies lie 0.01 about those given."""
    rows = [
        {"seed": seed, "ranking": ranking, "draw": 0, "share": share, "live": 0.5,
         "operations": share,
         "accuracy": value + (0.01 if seed else -0.01)}
        for seed in (0, 1)
        for (ranking, share), value in accuracies.items()
    ]  # fmt: skip
    return pd.DataFrame(rows).assign(**KEYS, layer=layer)


def test_smallest_share_that_loses_a_point_at_most():
    table = pd.DataFrame({"share": [0.125, 0.25, 0.5], "mean": [0.895, 0.88, 0.895]})
    # An eighth does as well as a half, but not a quarter: luck does not count.
    assert beyond.smallest_share(table, 0.9) == 0.5
    assert beyond.smallest_share(table, 0.95) == 1
    assert beyond.smallest_share(table, 0.88) == 0.125


def test_pruning_as_printed():
    shares = {("whole", 1.0): 0.9, ("in ensembles", 0.4): 0.9, ("in none", 0.6): 0.1}
    shares |= {("most active", 0.4): 0.7, ("as many live", 0.4): 0.8}
    values = {"ensembles": (0.9, 0.895), "weight norm": (0.9, 0.7)}
    for ranking in beyond.RANKINGS:
        half, quarter = values.get(ranking, (0.5, 0.3))
        shares |= {(ranking, 0.5): half, (ranking, 0.25): quarter}
    table = beyond.pruning(pruning(shares))
    whole = table[table["ranking"] == "whole"].iloc[0]
    assert whole["mean"] == pytest.approx(0.9)
    assert whole["std"] == pytest.approx(0.01 * np.sqrt(2))
    cells = markdown(beyond.printed_pruning(table)).splitlines()[4].split("|")[3:-1]
    assert [cell.strip() for cell in cells] == [
        "all", "0.900", "1/4", "1/2", "1", "1", "0.900 (40%)", "0.700 (40%)", "0.800 (40%)",
        "0.100 (60%)",
    ]  # fmt: skip


def test_what_classifies_nothing_has_nothing_to_lose():
    shares = {("whole", 1.0): 0.0, ("in ensembles", 0.4): 0.0, ("in none", 0.6): 0.0}
    shares |= {("most active", 0.4): 0.0, ("as many live", 0.4): 0.0}
    shares |= {(ranking, share): 0.0 for ranking in beyond.RANKINGS for share in (0.5, 0.25)}
    table = beyond.pruning(pruning(shares).assign(accuracy=0.0))
    assert answers.pruning(table) == answers.NOT_MEASURED
    cells = markdown(beyond.printed_pruning(table)).splitlines()[4].split("|")[5:9]
    assert [cell.strip() for cell in cells] == ["–"] * 4


def test_the_legend_says_how_few_images_are_too_few():
    table = beyond.microstructure(
        pd.DataFrame({"answer": ["one"], "patterns": 1, "silhouette": 0.1, "null_mean": 0.1,
                      "stability": 0.5, "dominant": 0.6}).assign(**KEYS, layer=1, seed=0)
    )  # fmt: skip
    assert f"fewer than {FEWEST} " in beyond.printed_microstructure(table).legend


def test_answers_are_counted_and_the_rest_averaged():
    frame = pd.DataFrame(
        {"category": [0, 1, 2], "answer": ["weak", "clear", "weak"], "patterns": [1, 2, 3],
         "silhouette": [0.2, 0.6, 0.4], "null_mean": 0.1, "stability": 0.5, "dominant": 0.6}
    )  # fmt: skip
    frame = frame.assign(**KEYS, layer=1, seed=0)
    means = beyond.microstructure(frame).set_index("measure")["mean"]
    assert means[["one", "weak", "clear"]].tolist() == [0, 2, 1]
    assert means["patterns"] == 2
    assert means["silhouette"] == pytest.approx(0.4)


def test_matches_above_the_null_are_counted():
    frame = pd.DataFrame(
        {"category": [0, 1, 2], "assemblies": 5, "size": [4, 8, 0], "units": 50, "live": 40,
         "jaccard": [0.5, 0.3, 0.1], "start_std": 0.1, "two_sd": 0.2, "permuted": 0.1,
         "random": 0.1, "null_high": 0.2}
    )  # fmt: skip
    means = beyond.assemblies(frame.assign(**KEYS, layer=1, seed=0)).set_index("measure")["mean"]
    assert means[["categories", "above", "found"]].tolist() == [2, 2, 1]
    assert means["size"] == 4


def test_dynamics_as_printed():
    rows = [
        {"layer": 1, "epoch": epoch, "category": category, "accuracy": 0.5, "sparsity": 0.4,
         "units": 50, "live": 40, "size": size, "to_end": end, "by_chance": 0.1, "to_before": 0.1,
         "kept": 1.0, "joined": 1, "left": 1}
        for epoch, size, end in ((0, 10, 0.2), (1, 5, 0.5), (2, 20, 1.0))
        for category in (0, 1)
    ]  # fmt: skip
    table = beyond.dynamics(pd.DataFrame(rows).assign(**KEYS, seed=0))
    cells = markdown(beyond.printed_dynamics(table)).splitlines()[4].split("|")[3:-1]
    assert [cell.strip() for cell in cells] == [
        "1", "2", "20.0%, 0.20 (0.10)", "10.0%, 0.50 (0.10)", "–", "–", "–", "40.0%, 1.00 (0.10)"
    ]  # fmt: skip
