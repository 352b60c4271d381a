"""The front page of the results: counts and sentences of what was run."""

import pandas as pd
import pytest

from ffensembles.paper.front import front_page, sentences
from ffensembles.paper.scorecard import DIFFERS, NOISE, NOT_RUN, REPRODUCED

ACCURACY = pd.DataFrame(
    [("mnist", "ff", 0.9412), ("mnist", "bp", 0.982), ("svhn", "ff", 0.5), ("mnist", "bpff", None)],
    columns=["dataset", "model", "mean"],
)
SPARSITY = pd.DataFrame(
    [("mnist", "ff", 1, 0.917), ("mnist", "ff", 2, 0.8), ("mnist", "bp", 1, 0.31)],
    columns=["dataset", "model", "layer", "mean"],
)
CLAIMS = pd.DataFrame(
    [("a", "holds"), ("a", "holds"), ("b", "fails"), ("c", "not tested")],
    columns=["claim", "verdict"],
)


def scorecard(*verdicts):
    return pd.DataFrame({"verdict": verdicts, "dataset": "mnist", "stands_for": ""})


def test_sentences_have_the_numbers_of_the_first_layer():
    accuracy, sparsity = sentences({1: ACCURACY, 2: SPARSITY}, "mnist")
    assert accuracy.endswith(": FF 94.1%, BP 98.2%.")
    assert sparsity.endswith(": FF 0.92, BP 0.31.")


def test_of_a_dataset_without_numbers_nothing_is_said():
    assert sentences({1: ACCURACY}, "cifar10") == []


def test_counts():
    cells = scorecard(REPRODUCED, NOT_RUN, REPRODUCED, DIFFERS, NOISE, NOT_RUN)
    page = front_page(cells, CLAIMS, {}, None, "mnist")
    words = " ".join(page.split())
    assert (
        f"2 of 4 numbers {REPRODUCED}</strong>, 1 {NOISE}, 1 {DIFFERS} (the paper reports 6)"
        in words
    )
    assert "<strong>1 of 2</strong> of the paper’s statements hold" in words
    assert "<img" not in page


@pytest.mark.parametrize("cells", [scorecard(NOT_RUN, NOT_RUN), scorecard()])
def test_where_the_paper_has_no_numbers(cells):
    page = front_page(cells, CLAIMS[:0], {}, None, "digits")
    assert "The paper has no numbers for these data" in page
    assert "statements" not in page


def test_the_figure_is_in_the_page(tmp_path):
    (tmp_path / "figure1.png").write_bytes(b"picture")
    page = front_page(scorecard(NOT_RUN), CLAIMS, {}, tmp_path / "figure1.png", "digits")
    assert 'src="data:image/png;base64,cGljdHVyZQ=="' in page
