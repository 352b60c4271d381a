"""The scorecard's arithmetic and verdicts, on cells whose answer is known."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ffensembles.paper import scorecard
from ffensembles.paper.scorecard import DIFFERS, NOISE, NOT_RUN, REPRODUCED
from ffensembles.paper.tables import reported
from helpers import REPORTED, ROOT


def paper(number: int) -> pd.DataFrame:
    return reported.read_reported(REPORTED / f"table{number}.csv")


def one_cell(number: int, **cell: object) -> pd.Series:
    """Score our table of a single cell; return that cell's row."""
    keys = reported.keys_of(paper(number))
    scored = scorecard.score(number, paper(number), pd.DataFrame([cell]))
    match = (scored[keys] == pd.Series(cell)[keys]).all(axis=1)
    assert match.sum() == 1 and (scored.loc[~match, "verdict"] == NOT_RUN).all()
    return scored[match].iloc[0]


def accuracy(mean: float, std: float = 0.002, n: int = 10) -> pd.Series:
    """FASHIONMNIST, FF: the paper has 0.849 ± 0.002 over 10 runs, the margin is 0.01."""
    return one_cell(1, dataset="fashionmnist", model="ff", mean=mean, std=std, n=n)


def test_difference_in_combined_standard_errors() -> None:
    cell = accuracy(0.859, std=0.001, n=5)
    assert cell["difference"] == pytest.approx(0.01)
    expected = np.sqrt(0.002**2 / 10 + 0.001**2 / 5)
    assert cell["standard_error"] == pytest.approx(expected)
    assert cell["standard_errors"] == pytest.approx(0.01 / expected)
    assert cell["cell"] == "FASHIONMNIST, FF"


def test_within_the_margin_is_reproduced_however_many_standard_errors() -> None:
    cell = accuracy(0.859, std=0.0001)
    assert cell["standard_errors"] > 10
    assert cell["verdict"] == REPRODUCED


def test_beyond_the_margin_chance_decides() -> None:
    far, wide = 0.020, 0.02  # 0.020 / √(0.002²/10 + 0.02²/10) = 3.1 standard errors
    assert accuracy(0.849 + far, std=wide)["verdict"] == DIFFERS
    assert accuracy(0.849 + 0.9 * far, std=wide)["verdict"] == NOISE
    assert accuracy(0.849 - 0.9 * far, std=wide)["verdict"] == NOISE


def test_our_single_run_is_given_the_papers_spread() -> None:
    cell = accuracy(0.9, std=np.nan, n=1)
    assert cell["standard_error"] == pytest.approx(0.002 * np.sqrt(1 / 10 + 1))
    assert cell["verdict"] == DIFFERS


def test_a_table_printed_without_spread_is_given_ours() -> None:
    keys = {"dataset": "mnist", "metric": "CKA", "pair": "ff-bp", "layer": 1}
    cell = one_cell(10, **keys, mean=0.63, std=0.1, n=5)
    assert cell["standard_error"] == pytest.approx(0.1 * np.sqrt(2 / 5))
    assert cell["cell"] == "MNIST, layer 1, CKA, FF v BP"
    assert cell["verdict"] == NOISE


def test_spread_over_units_is_no_spread_of_runs() -> None:
    cell = one_cell(4, dataset="mnist", layer=1, model="ff", mean=0.8, std=0.03, n=1000)
    assert np.isnan(cell["standard_error"])
    assert cell["verdict"] == DIFFERS  # 0.661 in the paper


def test_the_margin_grows_with_the_reported_value_where_the_rule_says_so() -> None:
    keys = {"model": "ff", "dataset": "fashionmnist", "std": 0.1, "n": 10}
    assert one_cell(3, layer=2, mean=17.0, **keys)["margin"] == pytest.approx(1.846)
    assert one_cell(3, layer=1, mean=5.0, **keys)["margin"] == pytest.approx(0.502)
    keys["dataset"] = "mnist"
    assert one_cell(3, layer=3, mean=17.0, **keys)["margin"] == pytest.approx(0.5)
    keys["dataset"] = "fashionmnist"
    assert one_cell(3, layer=2, mean=17.0, **keys)["verdict"] == REPRODUCED
    bias = one_cell(5, dataset="mnist", layer=1, model="ff", mean=-1.4, std=2.0, n=1000)
    assert bias["margin"] == pytest.approx(0.15 * 1.57)


def sparsity_of_svhn(mean: float, std: float) -> pd.Series:
    """SVHN, FF, layer 3: the paper has 0.489 ± 0.004, non-sparse by a hair."""
    return one_cell(2, model="ff", layer=3, dataset="svhn", mean=mean, std=std, n=10)


def test_a_difference_across_the_threshold_of_sparsity_is_never_reproduced() -> None:
    assert sparsity_of_svhn(0.499, std=0.004)["verdict"] == REPRODUCED
    across = sparsity_of_svhn(0.505, std=0.004)
    assert abs(across["difference"]) < across["margin"]
    assert across["crosses"] and across["verdict"] == DIFFERS
    assert sparsity_of_svhn(0.505, std=0.05)["verdict"] == NOISE
    lone = one_cell(9, model="bp", layer=3, dataset="mnist", mean=0.8, n=1)
    assert not lone["crosses"]
    assert "+0.016, across 0.5" in scorecard.scorecard_page(pd.DataFrame([across]))


@pytest.mark.parametrize("number", [1, 11])
def test_models_are_further_apart_than_the_margin_of_accuracy_but_for_what_the_docs_name(
    number: int,
) -> None:
    means = paper(number).set_index(["dataset", "model"])["mean"]
    close = {
        (dataset, a, b, round(abs(means[dataset, a] - means[dataset, b]), 3))
        for dataset in means.index.unique("dataset")
        for a, b in combinations(means[dataset].index, 2)
        if abs(means[dataset, a] - means[dataset, b]) < 0.013 - 1e-9
    }
    named = {
        1: {("svhn", "bpff", "bp", 0.006)},
        11: {("fashionmnist", "ff", "bpff", 0.006)},
    }
    assert close == named[number]
    text = " ".join((ROOT / "docs/scorecard.md").read_text("utf-8").split())
    assert "BP/FF and BP on SVHN, and FF and BP/FF on FASHIONMNIST with ℓ1 goodness" in text


def dash(sparse: object) -> pd.Series:
    return one_cell(
        3, model="bpff", layer=3, dataset="mnist", mean=9.0, std=0.1, n=10, sparse=sparse
    )


def test_a_dash_is_reproduced_by_a_non_sparse_layer_only() -> None:
    assert dash(False)["verdict"] == REPRODUCED
    assert dash(True)["verdict"] == DIFFERS
    assert dash(pd.NA)["verdict"] == DIFFERS
    assert np.isnan(dash(False)["difference"])


def every_table(ours: dict[int, pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(
        [scorecard.score(n, paper(n), ours.get(n)) for n in scorecard.JUDGED], ignore_index=True
    )


def test_every_reported_number_has_a_row_and_totals_add_up() -> None:
    ours = pd.DataFrame([{"dataset": "mnist", "model": "ff", "mean": 0.94, "std": 0.0, "n": 2}])
    scored = every_table({1: ours})
    assert len(scored) == sum(len(paper(n)) for n in scorecard.JUDGED)
    totals = scorecard.totals(scored).set_index("table")
    assert totals.loc[1].to_dict() == {
        "cells": 12,
        REPRODUCED: 1,
        NOISE: 0,
        DIFFERS: 0,
        NOT_RUN: 11,
    }
    assert totals.loc[2, NOT_RUN] == 36
    assert totals["cells"].sum() == len(scored)


def test_a_dataset_without_reported_numbers_adds_nothing() -> None:
    ours = pd.DataFrame([{"dataset": "digits", "model": "ff", "mean": 0.9, "std": 0.0, "n": 2}])
    scored = every_table({1: ours})
    assert set(scored["verdict"]) == {NOT_RUN}
    page = scorecard.scorecard_page(scored)
    assert "The paper has no numbers for the data of this run" in page


def test_a_copy_of_a_dataset_is_judged_by_its_numbers_and_counted_apart(tmp_path: Path) -> None:
    of = paper(1).query("dataset == 'cifar10'").drop(columns="mark")
    ours = of.assign(dataset="jpeg", n=10, reported_mark="")
    ours.loc[ours.index[0], "mean"] += 0.1
    ours.to_csv(tmp_path / "table1.csv", index=False)
    reports = [REPORTED / f"table{number}.csv" for number in scorecard.JUDGED]
    scored = scorecard.score_all([tmp_path / "table1.csv"], reports, {"jpeg": "cifar10"})

    copied = scored[scored["stands_for"] == "cifar10"]
    assert len(copied) == 63 and set(copied["dataset"]) == {"jpeg"}
    assert copied["verdict"].value_counts()[:3].to_dict() == {
        NOT_RUN: 60,
        REPRODUCED: 2,
        DIFFERS: 1,
    }
    own = scorecard.of_paper(scored)
    assert len(own) == 352 and set(own["verdict"]) == {NOT_RUN}
    assert scorecard.totals(scored)[REPRODUCED].sum() == 0
    words = "of the 63 numbers that the paper reports on CIFAR10, 3 were measured: 2 reproduced"
    assert words in (page := scorecard.scorecard_page(scored))
    assert "Of 352 numbers in the paper, 0 were measured" in page
    assert page.count("jpeg, ") == 3  # a row for each number


def test_the_page_names_each_verdict_in_words() -> None:
    ours = paper(1).drop(columns="mark").assign(n=10)
    ours.loc[0, "mean"] += 0.1
    page = scorecard.scorecard_page(every_table({1: ours}))
    assert "12 were measured: 11 reproduced, 0 within noise, 1 differs." in page
    assert page.count("✗&nbsp;differs</span></td>") == 1
    assert page.count("✓&nbsp;reproduced</span></td>") == 11
    assert "FASHIONMNIST, BP/FF" in page


def test_the_page_says_what_was_not_trained_as_the_paper_says() -> None:
    ours = every_table({1: paper(1).drop(columns="mark").assign(n=10)})
    note = "Not trained with the paper's settings: MNIST, FF: epochs 5 instead of 1200."
    assert note.replace("'", "&#39;") in scorecard.scorecard_page(ours, [note])
    assert "paper&#39;s settings" not in scorecard.scorecard_page(ours)


def test_keys_survive_a_round_trip_through_csv(tmp_path: Path) -> None:
    keys = {"dataset": "fashionmnist", "model": "ff"}
    rows = [{**keys, "category": c, "mean": 0.85, "n": 1} for c in ("0", "average", "baseline")]
    pd.DataFrame(rows).assign(std=np.nan, reported_mark="").to_csv(tmp_path / "t.csv")
    for number, expected in ((8, 3), (7, 1)):
        scored = scorecard.score(number, paper(number), reported.read_table(tmp_path / "t.csv"))
        assert (scored["verdict"] != NOT_RUN).sum() == expected
    assert scored.loc[0, "cell"] == "FASHIONMNIST, FF, without 0"
