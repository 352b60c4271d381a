"""The page that publishes a reproduction says what the files beside it hold, and adds to them."""

import pandas as pd
import pytest

from ffensembles.errors import UserError
from ffensembles.experiments import read_experiments
from ffensembles.extras.publishing import reproduction
from ffensembles.files import read_csv
from ffensembles.paper.scorecard import JUDGED
from ffensembles.paper.tables import departures
from ffensembles.paper.tables.reported import read_reported, with_reported
from helpers import REPORTED, ROOT

EXPERIMENTS = read_experiments(ROOT / "config/experiments.tsv")
ALL_REPORTED = [REPORTED / f"table{number}.csv" for number in JUDGED]
COLUMNS = ["study", "dataset", "model", "seeds", "seconds"]
COLUMNS += ["hardware", "device", "products", "commit", "diverged"]


def trainings(*rows, where=("a card", "cuda", "TF32", "abc"), diverged=()):
    lost = dict.fromkeys(diverged, "epoch 1")
    return pd.DataFrame([[*row, *where, lost] for row in rows], columns=COLUMNS)


def accuracies(folder, off, n=2, std=0.001):
    """Write Table 1 with each (dataset, model) of `off`, so far from what is reported."""
    reported = read_reported(REPORTED / "table1.csv")
    ours = reported.set_index(["dataset", "model"]).loc[list(off), ["mean"]]
    ours["mean"] += list(off.values())
    table = with_reported(ours.reset_index().assign(std=std, n=n), reported)
    table.to_csv(folder / "table1.csv", index=False)
    return folder / "table1.csv"


def claims(folder, **found):
    """Write claims a, b and c, tested on the datasets that each is given, with what was found."""
    rows = []
    for claim in "abc":
        about = {
            "claim": claim,
            "section": "4.1",
            "statement": f"It does {claim}.",
            "figures": "12",
        }
        tested = found.get(claim, {})
        verdict = ("holds" if all(tested.values()) else "fails") if tested else "not tested"
        for dataset, true in (tested or {"": None}).items():
            rows.append({**about, "dataset": dataset, "true": true, "verdict": verdict})
    columns = ["claim", "section", "statement", "verdict", "dataset", "true", "figures"]
    pd.DataFrame(rows)[columns].to_csv(folder / "claims.csv", index=False)
    return folder / "claims.csv"


@pytest.fixture
def results(tmp_path):
    """Two accuracies on MNIST, one as reported and one off, and a figure."""
    (tmp_path / "results").mkdir()
    (tmp_path / "results/figure1.png").write_bytes(b"a figure")
    return tmp_path / "results"


def publish(results, folder, *, off, found, runs, commit="abc", **values):
    reproduction.publish(
        folder,
        tables=[accuracies(results, off, **values)],
        reported=ALL_REPORTED,
        claims=claims(results, **found),
        figures=[results / "figure1.png"],
        pages=sorted(results.glob("*.html")),
        runs=reproduction.runs_done(EXPERIMENTS, runs.assign(commit=commit)),
    )
    return (folder / "README.md").read_text("utf-8")


FIRST = {
    "off": {("mnist", "ff"): 0.0, ("mnist", "bpff"): 0.1},
    "found": {"a": {"mnist": True}, "b": {"mnist": False}},
    "runs": trainings(["main", "mnist", "ff", 2, 7200.0], ["without-3", "mnist", "ff", 1, 60.0]),
}


def test_the_page_counts_numbers_and_claims(results, tmp_path):
    page = publish(results, tmp_path / "out", **FIRST)
    assert "**Of the 352 numbers that the paper reports, 2 were measured here:" in page
    assert "1 reproduced, 0 within noise, 1 differ.**" in page
    assert "Of\n3 statements" in page
    assert "1 hold, 1 fail, 1 not tested" in page
    assert "- 4.1: It does b. Here: 12." in page
    assert "| main | MNIST | FF | 2 of 10 | 2.0 | 8.0 |" in page
    assert "2.0 hours on a card (GPU, matrix products: TF32),\n  by commit `abc`" in page
    assert (tmp_path / "out/figures/figure1.png").read_bytes() == b"a figure"
    assert "0.940 ± 0.001 (0.940 ± 0.008)" in (tmp_path / "out/tables/table1.md").read_text("utf-8")


def test_a_number_that_differs_is_explained_or_not_understood(results, tmp_path):
    folder = tmp_path / "out"
    assert f"| {reproduction.UNEXPLAINED} |" in publish(results, folder, **FIRST)
    (folder / "explanations.csv").write_text(
        'table,cell,explanation\n1,"MNIST, BP/FF",two seeds only\n', "utf-8"
    )
    (folder / "findings.md").write_text("## A finding\n\nBy hand.\n", "utf-8")
    page = publish(results, folder, **FIRST)
    assert "| MNIST, BP/FF | 1.069 ± 0.001 | 0.969 ± 0.001 | two seeds only |" in page
    assert "By hand." in page
    assert reproduction.UNEXPLAINED not in page


def test_what_is_published_later_is_added(results, tmp_path):
    folder = tmp_path / "out"
    publish(results, folder, **FIRST)
    page = publish(
        results,
        folder,
        off={("mnist", "bpff"): 0.0, ("fashionmnist", "ff"): 0.0},
        found={"a": {"mnist": None, "fashionmnist": False}, "b": {"mnist": True}},
        runs=trainings(
            ["main", "fashionmnist", "ff", 1, 3600.0], where=("a CPU", "cpu", "float32", "def")
        ),
        commit="def",
    )
    assert "3 were measured here:\n3 reproduced" in page
    assert "are on MNIST and FASHIONMNIST" in page
    found = read_csv(folder / "claims.csv").set_index(["claim", "dataset"])
    assert found.loc["a", "true"].to_dict() == {"mnist": True, "fashionmnist": False}
    assert (found.loc["a", "verdict"] == "fails").all()
    assert found.loc[("b", "mnist"), "verdict"] == "holds"
    assert "1 hold, 1 fail, 1 not tested" in page
    assert "| main | MNIST | FF | 2 of 10 | 2.0 | 8.0 |" in page
    assert "| main | FASHIONMNIST | FF | 1 of 10 | 1.0 | 9.0 |" in page
    assert "2.0 hours on a card (GPU, matrix products: TF32),\n  by commit `abc`" in page
    assert "1.0 hours on a CPU (CPU, matrix products: float32),\n  by commit `def`" in page


def test_a_copy_of_a_dataset_has_its_own_line_also_when_others_are_published_later(
    results, tmp_path
):
    def publish_copy(**copies):
        """Publish the copy's accuracy beside the others, which are as reported."""
        reported = read_reported(REPORTED / "table1.csv", {"jpeg": "cifar10"}).assign(n=2)
        made = reported[reported["dataset"].isin([*copies, "mnist"])].drop(columns="mark")
        with_reported(made, read_reported(REPORTED / "table1.csv", copies)).to_csv(
            results / "table1.csv", index=False
        )
        reproduction.publish(
            tmp_path,
            tables=[results / "table1.csv"],
            reported=ALL_REPORTED,
            claims=claims(results),
            figures=[],
            runs=reproduction.runs_done(EXPERIMENTS, trainings(["main", "mnist", "ff", 2, 7200.0])),
            copies=copies,
        )
        return (tmp_path / "README.md").read_text("utf-8")

    for page in publish_copy(jpeg="cifar10"), publish_copy():
        assert "352 numbers that the paper reports, 3 were measured here" in page
        assert "The measured ones are on MNIST, where the paper reports 80" in page
        assert "jpeg stands for CIFAR10" in page
        assert "on CIFAR10, 3 were measured: 3 reproduced" in page


def test_a_number_over_more_runs_stands_and_of_as_many_the_latest(results, tmp_path):
    def published(n, off):
        again = FIRST | {
            "off": {("mnist", "ff"): off},
            "runs": trainings(["main", "mnist", "ff", n, 1.0]),
        }
        publish(results, tmp_path / "out", n=n, **again)
        cells = read_csv(tmp_path / "out/scorecard.csv").set_index(["table", "cell"])
        return cells.loc[(1, "MNIST, FF"), ["n", "difference"]].round(6).tolist()

    assert published(2, 0.001) == [2, 0.001]
    assert published(1, 0.002) == [2, 0.001]
    assert published(2, 0.003) == [2, 0.003]
    assert published(3, 0.004) == [3, 0.004]
    assert (
        read_csv(tmp_path / "out/runs.csv")
        .set_index(["study", "dataset", "model"])
        .loc[("main", "mnist", "ff"), "run"]
        == 3
    )


def test_what_was_not_trained_as_the_paper_says_is_refused():
    departures.refuse_departures([])
    with pytest.raises(UserError, match=r"leave out what is not .*: mnist / ff / epochs 5 instead"):
        departures.refuse_departures([("mnist", "ff", "epochs 5 instead of 1200")])


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


def test_runs_that_diverged_are_counted(results, tmp_path):
    folder = tmp_path / "out"
    runs = trainings(["main", "mnist", "ff", 2, 7200.0], diverged=["1"])
    page = publish(results, folder, **FIRST | {"runs": runs})
    assert "| main | MNIST | FF | 2 of 10, 1 diverged | 2.0 | 8.0 |" in page
    assert read_csv(folder / "runs.csv")["diverged"].sum() == 1


def test_further_runs_of_one_category_do_not_stand_for_others():
    wanted = [e for e in EXPERIMENTS if e.held_out in (2, 3) and e.model == "bp"]
    done = trainings(["without-2", "fashionmnist", "bp", 3, 1800.0])
    (row,) = reproduction.runs_done(wanted, done).itertuples()
    assert (row.wanted, row.run, row.hours) == (2, 1, 0.5)
    assert row.hours_left == pytest.approx(1 / 6)


def test_the_published_page_agrees_with_the_files_beside_it():
    folder = ROOT / "docs/reproduction"
    assert (folder / "README.md").read_text("utf-8") == reproduction.reproduction_page(folder)


def test_the_published_scorecard_is_that_of_the_published_tables():
    folder = ROOT / "docs/reproduction"
    kept = read_csv(folder / "scorecard.csv", reproduction.TEXT)
    copies = kept.dropna(subset="stands_for").set_index("dataset")["stands_for"].to_dict()
    again = reproduction.score_all(sorted((folder / "tables").glob("*.csv")), ALL_REPORTED, copies)
    for column in ("verdict", "cell"):
        assert kept[column].tolist() == again[column].tolist()
    assert kept["mean"].to_numpy() == pytest.approx(again["mean"].to_numpy(), nan_ok=True)


def test_pages_to_explore_are_published_unless_they_are_too_large(results, tmp_path, monkeypatch):
    monkeypatch.setattr(reproduction, "LARGEST", 10)
    (results / "small.html").write_text("a page")
    (results / "large.html").write_text("a larger page")
    page = publish(results, tmp_path / "published", **FIRST)
    assert [path.name for path in (tmp_path / "published/explorer").iterdir()] == ["small.html"]
    assert "[small](explorer/small.html)" in page
    assert "large" not in page
