"""A reproduction to publish: its first page, made from the files that lie beside it.

`docs/reproduction/` holds the scorecard and the claims as CSV, what was run (`runs.csv`), why
numbers differ (`explanations.csv`), the findings in words (`findings.md`), tables and figures. The
page says nothing about the results that those files do not hold.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from ffensembles.errors import UserError
from ffensembles.experiments import Experiment
from ffensembles.files import atomic, read_csv, write_csv, write_text
from ffensembles.printing.names import DASH, DATASETS, MODELS
from ffensembles.printing.pages import render
from ffensembles.tables.catalogue import TABLES
from ffensembles.tables.layout import number_text, records
from ffensembles.verdict.claims_page import FAILS, HOLDS, NOT_TESTED
from ffensembles.verdict.scorecard import DIFFERS, NOISE, NOT_RUN, REPRODUCED, totals

BY_HAND = {
    "findings.md": "## What we found\n",
    "explanations.csv": "table,cell,explanation\n",
}
UNEXPLAINED = "not understood"
HELD_OUT = "held-out categories"
RUNS = ["study", "dataset", "model", "wanted", "run", "hours", "hours_left"]
TEXT = {"category": str, "pair": str, "metric": str}


def publish(
    folder: str | Path,
    copies: Mapping[str, str | Path],
    runs: pd.DataFrame,
    about: Mapping[str, str],
) -> None:
    """Fill a folder with a reproduction and write its first page, README.md.

    What a person wrote there (`BY_HAND`) stays; where it is not there yet, its head is written.

    Args:
        folder: such as docs/reproduction; made where it is not there.
        copies: finished results by the paths in the folder that they get.
        runs: as `runs_done` gives them.
        about: commit, hardware, devices and how they multiplied, in words.

    Raises:
        UserError: a file cannot be written, or explanations.csv lacks a column.
    """
    folder = Path(folder)
    for name, path in copies.items():
        with atomic(folder / name) as temporary:
            shutil.copyfile(path, temporary)
    for name, head in BY_HAND.items():
        if not (folder / name).exists():
            write_text(head, folder / name)
    write_csv(runs, folder / "runs.csv")
    write_csv(pd.DataFrame({"what": [*about], "value": [*about.values()]}), folder / "about.csv")
    write_text(reproduction_page(folder), folder / "README.md")


def runs_done(experiments: Sequence[Experiment], trainings: pd.DataFrame) -> pd.DataFrame:
    """Say of each experiment of the paper how many runs there are, and what the others would cost.

    Args:
        experiments: the whole table of experiments.
        trainings: as `provenance.trainings` gives them.

    Returns:
        `RUNS`, one row per experiment, those that hold a category out together: how many runs
        are wanted and were run, the hours that training took, and those that the other runs would
        take: as long as a run of this experiment here, else, by epochs, as one of the same model
        on the same dataset; NaN where there was none.
    """
    spent = _spent(trainings)
    rows = []
    for e in experiments:
        run, seconds = spent.get((e.study, e.dataset, e.model), (0, 0.0))
        per_run = seconds / run if run else _seconds_like(e, experiments, spent)
        left = max(len(e.runs) - run, 0) * per_run
        study = e.study if e.held_out is None else HELD_OUT
        rows.append([study, e.dataset, e.model, len(e.runs), run, seconds / 3600, left / 3600])
    table = pd.DataFrame(rows, columns=RUNS)
    return table.groupby(RUNS[:3], sort=False).sum(min_count=1).reset_index()


Spent = dict[tuple[str, str, str], tuple[int, float]]  # runs and seconds, by study, dataset, model


def _spent(trainings: pd.DataFrame) -> Spent:
    spent: Spent = {}
    for training in records(trainings):
        key = (training["study"], training["dataset"], training["model"])
        run, seconds = spent.get(key, (0, 0.0))
        spent[key] = (run + training["seeds"], seconds + training["seconds"])
    return spent


def _seconds_like(e: Experiment, experiments: Sequence[Experiment], spent: Spent) -> float:
    """Return the seconds of a run by those of the same model and dataset in another study."""
    for other in experiments:
        run, seconds = spent.get((other.study, e.dataset, e.model), (0, 0.0))
        if run and (other.dataset, other.model) == (e.dataset, e.model):
            return seconds / run * e.epochs / other.epochs
    return float("nan")


def read_explanations(path: str | Path) -> pd.DataFrame:
    """Read why cells differ: table, cell (as the scorecard names it), explanation.

    Raises:
        UserError: a column is missing.
    """
    table = read_csv(path)
    for column in ("table", "cell", "explanation"):
        if column not in table:
            raise UserError(f"{path}: has no column {column}")
    return table


def outside(cells: pd.DataFrame, explanations: pd.DataFrame) -> pd.DataFrame:
    """Return the cells of the scorecard that differ, each with its explanation."""
    found = cells[cells["verdict"] == DIFFERS].merge(explanations, how="left", on=["table", "cell"])
    return found.assign(explanation=found["explanation"].fillna(UNEXPLAINED))


def reproduction_page(folder: str | Path) -> str:
    """Return the first page, as Markdown, from the files of a folder such as docs/reproduction."""
    folder = Path(folder)
    cells = read_csv(folder / "scorecard.csv", TEXT)
    claims = read_csv(folder / "claims.csv").drop_duplicates("claim")
    runs = read_csv(folder / "runs.csv")
    about = read_csv(folder / "about.csv").set_index("what")["value"]
    ran = cells[cells["verdict"] != NOT_RUN]
    measured = cells[cells["dataset"].isin(ran["dataset"].unique())]
    return render(
        "reproduction.md.j2",
        findings=(folder / "findings.md").read_text(encoding="utf-8").strip(),
        cells=cells,
        ran=ran,
        datasets=[DATASETS[name] for name in ran["dataset"].unique()],
        of_these=len(measured),
        verdicts=_counts(ran, {REPRODUCED: REPRODUCED, NOISE: NOISE, DIFFERS: "differ"}),
        claims=claims,
        claim_counts=_counts(claims, {HOLDS: "hold", FAILS: "fail", NOT_TESTED: NOT_TESTED}),
        failing=claims[claims["verdict"] == FAILS].to_dict("records"),
        by_table=_by_table(cells),
        outside=_lines(outside(cells, read_explanations(folder / "explanations.csv"))),
        runs=_printed(runs),
        hours=runs["hours"].sum(),
        hours_left=runs["hours_left"].sum(),
        unknown=int(runs.loc[runs["hours_left"].isna(), "wanted"].sum()),
        about=about.to_dict(),
        tables=_numbered(folder / "tables", "*.md"),
        figures=_numbered(folder / "figures", "*.png"),
    )


def _counts(judged: pd.DataFrame, words: Mapping[str, str]) -> dict[str, int]:
    return {word: int((judged["verdict"] == verdict).sum()) for verdict, word in words.items()}


def _by_table(cells: pd.DataFrame) -> list[dict[str, object]]:
    counts = totals(cells)
    counts["caption"] = [TABLES[number].title for number in counts["table"]]
    return records(counts)


def _lines(cells: pd.DataFrame) -> list[dict[str, object]]:
    """Write each cell that differs as the page shows it."""
    lines: list[dict[str, object]] = []
    for cell in records(cells):
        form = TABLES[cell["table"]].layout.format
        texts = {
            name: DASH if pd.isna(mean) else number_text(mean, std, form)
            for name, mean, std in (
                ("ours", cell["mean"], cell["std"]),
                ("reported", cell["reported_mean"], cell["reported_std"]),
            )
        }
        lines.append({**texts, **{key: cell[key] for key in ("table", "cell", "explanation")}})
    return lines


def _printed(runs: pd.DataFrame) -> list[dict[str, object]]:
    names = {"dataset": runs["dataset"].map(DATASETS), "model": runs["model"].map(MODELS)}
    return records(runs.assign(**names))


def _numbered(folder: Path, pattern: str) -> list[str]:
    """Return the names of files, table2 before table10."""
    names = [path.name for path in folder.glob(pattern)]
    return sorted(names, key=lambda name: (len(name), name))
