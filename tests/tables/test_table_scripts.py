"""The scripts from analysis files to scorecard and claims, on the paper's own numbers.

What comes out must be the paper again: every cell reproduced, every claim true.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ffensembles.experiments import COLUMNS
from ffensembles.files import write_parquet
from helpers.paper_world import REPORTED, UNITS, world
from helpers.scripts import run_script

KINDS = {
    1: "accuracy",
    2: "sparsity",
    3: "ensembles",
    4: "balance",
    5: "balance",
    7: "probes",
    8: "probes",
    9: "sparsity",
    10: "similarity",
    11: "accuracy",
    12: "sparsity",
    13: "ensembles",
}

Run = Callable[..., Path]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the evidence as the analyses would, one file a kind."""
    folder = tmp_path_factory.mktemp("results")
    frames = dict(world().frames)
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


def test_the_papers_own_numbers_are_all_reproduced(results: Path, run: Run) -> None:
    for number, kind in KINDS.items():
        inputs = {
            "analyses": [str(results / f"{kind}.parquet")],
            "reported": str(REPORTED / f"table{number}.csv"),
        }
        if kind == "ensembles":
            inputs["sparsity"] = str(results / "sparsity.parquet")
            inputs["significance"] = str(results / "significance.parquet")
        if number == 8:
            inputs["accuracy"] = str(results / "accuracy.parquet")
        folder = run("tabulate.py", inputs, outputs(f"table{number}"), number=number)
    inputs = {
        "tables": [str(folder / f"table{number}.csv") for number in KINDS],
        "reported": [str(path) for path in REPORTED.glob("*.csv")],
    }
    run("score.py", inputs, {"csv": "scorecard.csv", "html": "scorecard.html"})
    scorecard = pd.read_csv(folder / "scorecard.csv")
    assert len(scorecard) == sum(
        len((REPORTED / f"table{number}.csv").read_text().splitlines()) - 1 for number in KINDS
    )
    assert set(scorecard["verdict"]) == {"reproduced"}
    assert "Avg" in (folder / "table8.md").read_text()
    assert "scorecard" in (folder / "scorecard.html").read_text().lower()


def test_the_claims_script_finds_the_papers_claims_true(results: Path, run: Run) -> None:
    files = {path.stem: str(path) for path in results.glob("*.parquet")}
    folder = run("evaluate_claims.py", files, {"csv": "claims.csv", "html": "claims.html"})
    claims = pd.read_csv(folder / "claims.csv")
    assert set(claims["verdict"]) == {"holds"}, claims[claims["verdict"] != "holds"].to_string()
    assert claims["true"].all()


def test_the_significance_script_counts_sparse_layers(results: Path, run: Run) -> None:
    files = {name: str(results / f"{name}.parquet") for name in ("significance", "sparsity")}
    folder = run("tabulate_significance.py", files, outputs("significance"))
    table = pd.read_csv(folder / "significance.csv")
    assert table.loc[table["sparse"], "insignificant"].sum() == 20
    assert "20 of 20,000 units (0.10%)" in (folder / "significance.md").read_text()


def test_table_6_shows_what_was_trained_beside_the_papers(tmp_path: Path, run: Run) -> None:
    values = dict.fromkeys(COLUMNS, "-") | {
        **{"study": "main", "dataset": "mnist", "model": "bp", "seeds": "2", "epochs": "80"},
        **{"learning_rate": "0.0001", "batch_size": "2048", "units": "1000", "layers": "3"},
        "loss": "cross-entropy",
    }
    other = {**values, "study": "without-1", "held_out": "1"}
    lines = ["\t".join(COLUMNS), *("\t".join(row[c] for c in COLUMNS) for row in (values, other))]
    (tmp_path / "experiments.tsv").write_text("\n".join(lines))
    inputs = {
        "analyses": str(tmp_path / "experiments.tsv"),
        "reported": str(REPORTED / "table6.csv"),
    }
    folder = run("tabulate.py", inputs, outputs("table6"), number=6, only={"epochs": 5})
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
    sparsity = pd.read_parquet(results / "sparsity.parquet")
    write_parquet(sparsity[sparsity["study"] == "main"], tmp_path / "main.parquet")
    inputs = {
        "analyses": str(tmp_path / "main.parquet"),
        "reported": str(REPORTED / "table12.csv"),
    }
    with pytest.raises(SystemExit):
        run("tabulate.py", inputs, outputs("table12"), number=12)
    assert [record.getMessage()[:35] for record in caplog.records] == [
        "error: table 12: none of its runs a"
    ]
    assert not (tmp_path / "table12.csv").exists()
