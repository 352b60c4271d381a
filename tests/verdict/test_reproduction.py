"""The page that publishes a reproduction says what the files beside it hold."""

import pandas as pd
import pytest

from ffensembles.errors import UserError
from ffensembles.experiments import read_experiments
from ffensembles.tables.reported import read_reported
from ffensembles.verdict import reproduction, scorecard
from helpers import REPORTED, ROOT

EXPERIMENTS = read_experiments(ROOT / "config/experiments.tsv")
ABOUT = {"commit": "abc", "hardware": "a card", "devices": "GPU", "products": "TF32"}


def trainings(*rows):
    return pd.DataFrame(rows, columns=["study", "dataset", "model", "seeds", "seconds"])


@pytest.fixture
def results(tmp_path):
    """Three accuracies on MNIST: one as reported, one off, one not run."""
    reported = read_reported(REPORTED / "table1.csv")
    ours = reported.loc[:1, ["dataset", "model", "mean"]].assign(std=0.001, n=2)
    ours.loc[1, "mean"] += 0.1
    scorecard.score(1, reported, ours).to_csv(tmp_path / "scorecard.csv", index=False)
    claims = pd.DataFrame(
        {
            "claim": ["a", "a", "b"],
            "section": "4.1",
            "statement": ["It learns."] * 2 + ["It is fast."],
            "verdict": ["holds", "holds", "fails"],
            "figures": "12",
        }
    )
    claims.to_csv(tmp_path / "claims.csv", index=False)
    (tmp_path / "table2.md").write_text("")
    (tmp_path / "table10.md").write_text("")
    (tmp_path / "figure1.png").write_bytes(b"")
    return tmp_path


def published(results, folder):
    names = ("scorecard.csv", "claims.csv", "table10.md", "table2.md", "figure1.png")
    places = {"md": "tables/", "png": "figures/", "csv": ""}
    copies = {places[name.rsplit(".")[-1]] + name: results / name for name in names}
    runs = reproduction.runs_done(EXPERIMENTS[:2], trainings(["main", "mnist", "ff", 2, 7200.0]))
    reproduction.publish(folder, copies, runs, ABOUT)
    return (folder / "README.md").read_text("utf-8")


def test_the_page_counts_numbers_and_claims(results, tmp_path):
    page = published(results, tmp_path / "out")
    assert "**Of the 12 numbers that the paper reports, 2 were measured here:" in page
    assert "1 reproduced, 0 within noise, 1 differ.**" in page
    assert "on MNIST, where the paper reports 3. Of\n2 statements" in page
    assert "1 hold, 1 fail, 0 not tested" in page
    assert "- 4.1: It is fast. Here: 12." in page
    assert page.index("table2.md") < page.index("table10.md")


def test_a_number_that_differs_is_explained_or_not_understood(results, tmp_path):
    folder = tmp_path / "out"
    assert f"| {reproduction.UNEXPLAINED} |" in published(results, folder)
    (folder / "explanations.csv").write_text(
        'table,cell,explanation\n1,"MNIST, BP/FF",two seeds only\n', "utf-8"
    )
    (folder / "findings.md").write_text("## A finding\n\nBy hand.\n", "utf-8")
    page = published(results, folder)
    assert "| MNIST, BP/FF | 1.069 ± 0.001 | 0.969 ± 0.001 | two seeds only |" in page
    assert "By hand." in page
    assert reproduction.UNEXPLAINED not in page


def test_explanations_without_a_column_are_a_users_mistake(tmp_path):
    (tmp_path / "explanations.csv").write_text("table,cell\n")
    with pytest.raises(UserError, match="has no column explanation"):
        reproduction.read_explanations(tmp_path / "explanations.csv")


def test_runs_that_are_left_cost_what_those_here_took():
    wanted = [e for e in EXPERIMENTS if e.dataset in ("mnist", "svhn") and e.model == "ff"]
    runs = reproduction.runs_done(wanted, trainings(["main", "mnist", "ff", 2, 7200.0]))
    runs = runs.set_index(["study", "dataset"])
    assert runs.loc[("main", "mnist"), ["run", "wanted", "hours"]].tolist() == [2, 10, 2.0]
    assert runs.loc[("main", "mnist"), "hours_left"] == pytest.approx(8)
    # Another study of the same model and dataset: 300 instead of 1200 epochs.
    assert runs.loc[("l1-goodness", "mnist"), "hours_left"] == pytest.approx(10 * 300 / 1200)
    assert pd.isna(runs.loc[("main", "svhn"), "hours_left"])


def test_the_published_page_agrees_with_the_files_beside_it():
    folder = ROOT / "docs/reproduction"
    assert (folder / "README.md").read_text("utf-8") == reproduction.reproduction_page(folder)
