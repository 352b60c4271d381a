"""A reproduction to publish: its first page, made from the files that lie beside it.

`docs/reproduction/` holds the scorecard and the claims as CSV, what was run where (`runs.csv`), why
numbers differ (`explanations.csv`), the findings in words (`findings.md`), tables and figures. The
page says nothing about the results that those files do not hold.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from ffensembles.errors import UserError
from ffensembles.experiments import Experiment
from ffensembles.extras.publishing.accumulated import (
    EXPERIMENT,
    add_claims,
    add_runs,
    add_table,
    read_runs,
)
from ffensembles.files import Paths, atomic, read_csv, write_csv, write_text
from ffensembles.paper.claims.page import FAILS, HOLDS, NOT_TESTED
from ffensembles.paper.scorecard import (
    DIFFERS,
    NOISE,
    NOT_RUN,
    REPRODUCED,
    copies_in_words,
    of_paper,
    score_all,
    totals,
)
from ffensembles.paper.tables.catalogue import TABLES
from ffensembles.paper.tables.layout import number_text, records
from ffensembles.pipeline.provenance import DEVICES
from ffensembles.printing.names import DASH, DATASETS, MODELS
from ffensembles.printing.pages import render
from ffensembles.printing.tables import markdown

log = logging.getLogger(__name__)

LARGEST = 10_000_000  # bytes of a page to explore that is kept with the code
BY_HAND = {
    "findings.md": "## What we found\n",
    "explanations.csv": "table,cell,explanation\n",
}
UNEXPLAINED = "not understood"
HELD_OUT = "held-out categories"
RUNS = [*EXPERIMENT, "wanted", "run", "diverged", "hours", "hours_left"]
WHERE = ["hardware", "device", "products", "commit"]
TEXT = {"category": str, "pair": str, "metric": str}


def publish(
    folder: str | Path,
    *,
    tables: Paths,
    reported: Paths,
    claims: str | Path,
    figures: Paths,
    pages: Paths = (),
    runs: pd.DataFrame,
    copies: Mapping[str, str] | None = None,
) -> None:
    """Add finished results to a folder with a reproduction, and write its first page, README.md.

    What was published before stays unless results over at least as many runs replace it. Files
    written by hand (`BY_HAND`) stay, too; those that do not exist yet are started with a heading.

    Args:
        folder: such as docs/reproduction; made where it is not there.
        tables: tidy tables, named table1.csv and so on.
        reported: what the paper reports, in files of the same names; one for each judged table.
        claims: as `claims_page.evaluate` judged them.
        figures: as PNG.
        pages: to explore a dataset; one above `LARGEST` is left out, and the log says so.
        runs: as `runs_done` gives them.
        copies: datasets that stand for one of the paper's; those published before are known.

    Raises:
        UserError: a file cannot be read or written, or explanations.csv lacks a column.
    """
    folder = Path(folder)
    for path in map(Path, tables):
        place = folder / "tables" / path.name
        table, tidy = add_table(place, path)
        write_csv(tidy, place)
        write_text(markdown(table.printed(tidy)), place.with_suffix(".md"))
    fit = [path for path in map(Path, pages) if path.stat().st_size <= LARGEST]
    for path in set(map(Path, pages)) - set(fit):
        log.warning("%s: is left out: it has more than %d MB", path, LARGEST / 1e6)
    for kind, paths in (("figures", map(Path, figures)), ("explorer", fit)):
        for path in paths:
            with atomic(folder / kind / path.name) as temporary:
                shutil.copyfile(path, temporary)
    published = sorted((folder / "tables").glob("*.csv"))
    copies = _published_copies(folder / "scorecard.csv") | dict(copies or {})
    write_csv(score_all(published, reported, copies), folder / "scorecard.csv")
    write_csv(add_claims(folder / "claims.csv", read_csv(claims)), folder / "claims.csv")
    write_csv(add_runs(folder / "runs.csv", runs), folder / "runs.csv")
    for name, head in BY_HAND.items():
        if not (folder / name).exists():
            write_text(head, folder / name)
    write_text(reproduction_page(folder), folder / "README.md")


def _published_copies(scorecard: Path) -> dict[str, str]:
    """Return which dataset of a scorecard stands for which of the paper's."""
    if not scorecard.exists():
        return {}
    cells = read_csv(scorecard, TEXT)
    if "stands_for" not in cells:
        return {}
    pairs = cells.dropna(subset="stands_for")[["dataset", "stands_for"]].drop_duplicates()
    return dict(pairs.itertuples(index=False))


def runs_done(experiments: Sequence[Experiment], trainings: pd.DataFrame) -> pd.DataFrame:
    """Say of each experiment of the paper how many runs there are, and what the others would cost.

    Args:
        experiments: the whole table of experiments.
        trainings: as `provenance.trainings` gives them.

    Returns:
        `RUNS` and `WHERE`, one row per experiment, those that hold a category out together: how
        many runs are wanted, how many of them were run, how many diverged (their results are
        left out), the hours that training took (of further
        runs, too), and those that the other runs would take: as long as a run of this experiment
        here, else, by epochs, as one of the same model on the same dataset; NaN where there was
        none. Then, of what was run, on what it was trained, how products were multiplied, and by
        which commit.
    """
    spent = _spent(trainings)
    lost = trainings["diverged"].map(len).groupby([trainings[key] for key in EXPERIMENT]).sum()
    rows = []
    for e in experiments:
        key = (e.study, e.dataset, e.model)
        run, seconds = spent.get(key, (0, 0.0))
        per_run = seconds / run if run else _seconds_like(e, experiments, spent)
        done = min(run, len(e.runs))  # a category may have more than the paper's one
        left = (len(e.runs) - done) * per_run
        study = _printed_study(e.study)
        numbers = [len(e.runs), done, lost.get(key, 0), seconds / 3600, left / 3600]
        rows.append([study, e.dataset, e.model, *numbers])
    table = pd.DataFrame(rows, columns=RUNS)
    table = table.groupby(EXPERIMENT, sort=False).sum(min_count=1).reset_index()
    where = trainings.assign(
        study=trainings["study"].map(_printed_study), device=trainings["device"].map(DEVICES)
    )
    where = where.groupby(EXPERIMENT)[WHERE].agg(_together)
    return table.merge(where.reset_index(), how="left", on=EXPERIMENT)


def _together(words: pd.Series) -> str:
    return ", ".join(words.unique())


def _printed_study(study: str) -> str:
    return HELD_OUT if study.startswith("without-") else study


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
    runs = read_runs(folder / "runs.csv")
    own = of_paper(cells)
    ran = own[own["verdict"] != NOT_RUN]
    measured = own[own["dataset"].isin(ran["dataset"].unique())]
    by_table = totals(cells)
    by_table["caption"] = [TABLES[f"table{number}"].title for number in by_table["table"]]
    by_machine = runs[runs["run"] > 0].groupby(WHERE, sort=False)["hours"].sum()
    return render(
        "extras/publishing/reproduction.md.j2",
        findings=(folder / "findings.md").read_text(encoding="utf-8").strip(),
        cells=own,
        copies=copies_in_words(cells),
        ran=ran,
        datasets=[DATASETS.get(name, name) for name in ran["dataset"].unique()],
        of_these=len(measured),
        verdicts=_counts(ran, {REPRODUCED: REPRODUCED, NOISE: NOISE, DIFFERS: "differ"}),
        claims=claims,
        claim_counts=_counts(claims, {HOLDS: "hold", FAILS: "fail", NOT_TESTED: NOT_TESTED}),
        failing=claims[claims["verdict"] == FAILS].to_dict("records"),
        by_table=records(by_table),
        outside=_lines(outside(cells, read_explanations(folder / "explanations.csv"))),
        runs=records(
            runs.assign(dataset=runs["dataset"].replace(DATASETS), model=runs["model"].map(MODELS))
        ),
        hours=runs["hours"].sum(),
        hours_left=runs["hours_left"].sum(),
        unknown=int(runs.loc[runs["hours_left"].isna(), "wanted"].sum()),
        where=records(by_machine.reset_index()),
        tables=_numbered(folder / "tables", "*.md"),
        figures=_numbered(folder / "figures", "*.png"),
        pages=_numbered(folder / "explorer", "*.html"),
    )


def _counts(judged: pd.DataFrame, words: Mapping[str, str]) -> dict[str, int]:
    return {word: int((judged["verdict"] == verdict).sum()) for verdict, word in words.items()}


def _lines(cells: pd.DataFrame) -> list[dict[str, object]]:
    """Write each cell that differs as the page shows it."""
    lines: list[dict[str, object]] = []
    for cell in records(cells):
        form = TABLES[f"table{cell['table']}"].layout.format
        texts = {
            name: DASH if pd.isna(mean) else number_text(mean, std, form)
            for name, mean, std in (
                ("ours", cell["mean"], cell["std"]),
                ("reported", cell["reported_mean"], cell["reported_std"]),
            )
        }
        lines.append({**texts, **{key: cell[key] for key in ("table", "cell", "explanation")}})
    return lines


def _numbered(folder: Path, pattern: str) -> list[str]:
    """Return the names of files, table2 before table10."""
    names = [path.name for path in folder.glob(pattern)]
    return sorted(names, key=lambda name: (len(name), name))
