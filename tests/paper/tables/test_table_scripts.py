"""The scripts from analysis files to scorecard and claims, on the paper's own numbers.

What comes out must be the paper again: every cell reproduced, every claim true.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ffensembles.analysis.catalogue import SIZES
from ffensembles.experiments import read_experiments, read_row
from ffensembles.extras.studies.catalogue import TABLES as STUDY_TABLES
from ffensembles.files import write_parquet
from ffensembles.paper.tables.catalogue import TABLES
from ffensembles.paper.tables.table import Table
from helpers import ROOT
from helpers.paper_world import REPORTED, UNITS, world
from helpers.scripts import run_script

EXPERIMENTS = read_experiments(ROOT / "config" / "experiments.tsv")
PAPERS = "paper.tables.catalogue.TABLES"
PAPER = [table for table in TABLES.values() if table.judged]

Run = Callable[..., Path]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the evidence as the analyses would, one file a kind."""
    folder = tmp_path_factory.mktemp("results")
    frames = dict(world().frames)
    frames["sparsity"] = frames["sparsity"].assign(images=10_000, silent=0)
    frames["ensembles"] = as_units(frames.pop("sizes"), frames.pop("members"))
    for kind, frame in frames.items():
        write_parquet(frame, folder / f"{kind}.parquet")
    return folder


def as_units(sizes: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """Turn sizes and members back into one row per unit.

    Layers with given members have those; others have as many units as their size says.
    """
    keys = ["dataset", "model", "study", "seed", "layer", "category"]
    given = members.set_index([*keys, "unit"])["mean"]
    units = sizes.loc[sizes.index.repeat(UNITS)].reset_index(drop=True)
    units["unit"] = np.tile(np.arange(UNITS), len(sizes))
    mean = given.reindex(pd.MultiIndex.from_frame(units[[*keys, "unit"]])).to_numpy()
    known = set(given.index.droplevel("unit"))
    has_members = np.repeat([key in known for key in sizes[keys].itertuples(index=False)], UNITS)
    units["active"] = np.where(has_members, ~np.isnan(mean), units["unit"] < units["size"])
    return units.assign(mean=np.nan_to_num(mean)).drop(columns=["size", "units"])


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(
        script: str, inputs: dict[str, object], outputs: dict[str, str], **params: object
    ) -> Path:
        paths = {name: str(tmp_path / file) for name, file in outputs.items()}
        run_script(script, tmp_path / "log", input=inputs, output=paths, params=params)
        return tmp_path

    return run


def outputs(stem: str) -> dict[str, str]:
    return {suffix: f"{stem}.{suffix}" for suffix in ("csv", "md", "tex", "html")}


def files_of(table: Table, results: Path, folder: Path) -> dict[str, object]:
    """Write what a table is made of, and only that, to a file a kind."""
    folder.mkdir()
    for artefact, experiments in table.sources(EXPERIMENTS, {}).items():
        file = "ensembles" if artefact == SIZES else artefact.name
        frame = pd.read_parquet(results / f"{file}.parquet")
        keys = [name for name in ("dataset", "model", "study") if name in frame]
        wanted = {tuple(getattr(e, name) for name in keys) for e in experiments}
        chosen = pd.MultiIndex.from_frame(frame[keys]).isin(wanted)
        write_parquet(frame[chosen], folder / f"{artefact.name}.parquet")
    return {path.stem: [str(path)] for path in folder.iterdir()}


def test_the_papers_own_numbers_are_all_reproduced(results: Path, run: Run, tmp_path: Path) -> None:
    for table in PAPER:
        inputs = files_of(table, results, tmp_path / table.name)
        inputs["reported"] = str(REPORTED / f"{table.name}.csv")
        folder = run("tabulate.py", inputs, outputs(table.name), catalogue=PAPERS, table=table.name)
    inputs = {
        "tables": [str(folder / f"{table.name}.csv") for table in PAPER],
        "reported": [str(REPORTED / f"{table.name}.csv") for table in PAPER],
    }
    run("score.py", inputs, {"csv": "scorecard.csv", "html": "scorecard.html"})
    scorecard = pd.read_csv(folder / "scorecard.csv")
    assert len(scorecard) == sum(
        len((REPORTED / f"{table.name}.csv").read_text().splitlines()) - 1 for table in PAPER
    )
    assert set(scorecard["verdict"]) == {"reproduced"}
    assert "Avg" in (folder / "table8.md").read_text()
    assert "scorecard" in (folder / "scorecard.html").read_text().lower()


def test_a_study_of_ones_own_has_the_papers_tables_without_its_numbers(
    results: Path, run: Run, tmp_path: Path
) -> None:
    for name in STUDY_TABLES.keys() - {"groups"}:  # the paper's models assign no units
        table = STUDY_TABLES[name]
        inputs = files_of(table, results, tmp_path / name)
        catalogue = "extras.studies.catalogue.TABLES"
        folder = run("tabulate.py", inputs, outputs(name), catalogue=catalogue, table=name)
        printed = (folder / f"{name}.md").read_text()
        assert printed.count("MNIST") > 1 and "the paper reports" not in printed
        assert "reported_mean" not in pd.read_csv(folder / f"{name}.csv")
    # Non-sparse layers have a dash, without the paper's.
    rows = (folder / "ensembles.md").read_text().splitlines()
    (last,) = (row for row in rows if row.startswith("| BP/FF   | 3 "))
    assert [cell.strip() for cell in last.split("|")[3:-1]] == ["–"] * 4
    assert "†" not in "".join(rows)


def test_the_claims_script_finds_the_papers_claims_true(results: Path, run: Run) -> None:
    files = {path.stem: str(path) for path in results.glob("*.parquet")}
    files["sizes"] = files["members"] = files.pop("ensembles")
    folder = run("evaluate_claims.py", files, {"csv": "claims.csv", "html": "claims.html"})
    claims = pd.read_csv(folder / "claims.csv")
    assert set(claims["verdict"]) == {"holds"}, claims[claims["verdict"] != "holds"].to_string()
    assert claims["true"].all()


def test_the_units_of_sparse_layers_are_counted(results: Path, run: Run, tmp_path: Path) -> None:
    files = files_of(TABLES["significance"], results, tmp_path / "in")
    folder = run(
        "tabulate.py", files, outputs("significance"), catalogue=PAPERS, table="significance"
    )
    table = pd.read_csv(folder / "significance.csv")
    assert table.loc[table["sparse"], "insignificant"].sum() == 20
    assert "20 of 20,000 units (0.10%)" in (folder / "significance.md").read_text()


def test_table_6_shows_what_was_trained_beside_the_papers(tmp_path: Path, run: Run) -> None:
    values = {
        **{"study": "main", "dataset": "mnist", "model": "bp", "epochs": "5"},
        **{"learning_rate": "0.0001", "batch_size": "2048", "units": "1000"},
    }
    folder = run(
        "tabulate.py",
        {"experiments": [], "reported": str(REPORTED / "table6.csv")},
        outputs("table6"),
        catalogue=PAPERS,
        table="table6",
        experiments=[read_row(values, "here").training_settings()],
    )
    table = pd.read_csv(folder / "table6.csv").set_index("setting")
    assert table["mean"].to_dict() == {
        "epochs": 5,
        "learning_rate": 0.0001,
        "batch_size": 2048,
        "units": 1000,
    }
    rows = (folder / "table6.md").read_text().splitlines()[2:]
    cells = [[cell.strip() for cell in row.split("|")[1:-1]] for row in rows if "|" in row]
    assert ["BP", "Epochs", "5 (80)"] in cells
    assert ["BP", "Batch size", "2048 (1024)"] in cells
    assert ["BP", "Learning rate", "0.0001 (0.0001)"] in cells


def test_a_users_mistake_ends_in_one_line(
    results: Path, run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    inputs = files_of(TABLES["table1"], results, tmp_path / "in")
    inputs["reported"] = str(tmp_path / "reported.csv")
    (tmp_path / "reported.csv").write_text("dataset,model,mean,std\nmnist,ff,0.9,0.1\n")
    with pytest.raises(SystemExit):
        run("tabulate.py", inputs, outputs("table1"), catalogue=PAPERS, table="table1")
    (record,) = caplog.records
    assert record.getMessage() == (
        f"error: {tmp_path / 'reported.csv'}: has no column mark; see config/README.md"
    )
    assert not (tmp_path / "table1.csv").exists()
