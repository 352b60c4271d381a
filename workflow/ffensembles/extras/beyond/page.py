"""The page to read, docs/beyond.md: made from published tables, and from nothing else.

`docs/beyond/` holds the summary of every question, the answers, and the figures. A page made anew
says what the tables say; results of other data, such as the demo's, are added to them.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd

from ffensembles.analysis.sparsity import SPARSE
from ffensembles.errors import UserError
from ffensembles.extras.beyond import claims_by_factor, thresholds
from ffensembles.extras.beyond.answers import named
from ffensembles.extras.beyond.questions import QUESTIONS
from ffensembles.extras.beyond.tables import EXPERIMENT
from ffensembles.extras.studies import emergence
from ffensembles.extras.studies.catalogue import PUBLISHED, TABLES
from ffensembles.extras.studies.figure import by_layer
from ffensembles.extras.sweeps import answer as sweep_answer
from ffensembles.extras.sweeps import table as sweep_table
from ffensembles.extras.sweeps.figure import sweep
from ffensembles.files import Paths, atomic, read_csv, write_csv, write_text
from ffensembles.paper.claims.sparsity import CLEAR
from ffensembles.paper.figures.parts.style import save
from ffensembles.paper.tables.summaries import in_order
from ffensembles.printing.pages import render
from ffensembles.printing.tables import markdown

CLAIMS, ANSWERS = "claims-by-factor", "answers"
SWEEPS, STUDIES = "sweeps", "studies"  # with folders of their own
TEXT = {"value": str}  # of a sweep: 1 is not 1.0


def publish(page: str | Path, files: Paths) -> None:
    """Add finished tables and figures to those of a page, and make it anew.

    What was published of another experiment stays; of the same one the new takes its place. The
    figures of sweeps and of studies are drawn of both.

    Args:
        page: such as docs/beyond.md; its tables and figures lie in the folder of its name.
        files: summaries, answers, claims by factor, sweeps and studies as CSV; figures as PNG.

    Raises:
        UserError: there are several studies with assigned units.
    """
    page = Path(page)
    folder = page.with_suffix("")
    studies = {path.parent.name for path in map(Path, files) if STUDIES in path.parts[-3:-2]}
    if len(studies) > 1:
        raise UserError(
            f"{page}: has room for one study with assigned units, and there are "
            f"{', '.join(sorted(studies))}; name one in the config by only: {{studies: […]}}"
        )
    for path in map(Path, files):
        place = _place(folder, path)
        if path.suffix == ".csv":
            table = _added(place, read_csv(path, TEXT))
            write_csv(table, place)
            if place.parent.name == SWEEPS:
                save(sweep(table), place.with_suffix(".png"))
        else:
            with atomic(place) as temporary:
                shutil.copyfile(path, temporary)
    if (folder / STUDIES).exists():
        save(by_layer(_tables(folder / STUDIES)), folder / STUDIES / "by-layer.png")
    write_text(text(folder), page)


def _place(folder: Path, path: Path) -> Path:
    """Return where a file is published: sweeps and studies lie in folders of their own."""
    kept = next((name for name in (SWEEPS, STUDIES) if name in path.parts[-3:-1]), "")
    return folder / kept / path.name


def text(folder: Path) -> str:
    """Return the page in Markdown that the tables in a folder make."""
    answers = read_csv(folder / f"{ANSWERS}.csv")
    questions = [
        {
            "question": question,
            "answers": [
                (named(row)["of"], row["answer"], row["numbers"]) for row in rows.to_dict("records")
            ],
            "table": markdown(question.printed(read_csv(folder / f"{name}.csv"))),
        }
        for name, question in QUESTIONS.items()
        if len(rows := answers[answers["question"] == name])
    ]
    claims = markdown(claims_by_factor.printed(read_csv(folder / f"{CLAIMS}.csv")))
    return render(
        "extras/beyond/beyond.md.j2",
        folder=folder.name,
        questions=questions,
        claims=claims,
        rule=thresholds,
        contrast=CLEAR,
        sweeps=[_sweep(path) for path in sorted((folder / SWEEPS).glob("*.csv"))],
        study=_study(folder / STUDIES),
    )


def _sweep(path: Path) -> dict[str, Any]:
    table = read_csv(path, TEXT)
    return {
        "name": path.stem,
        "over_datasets": sweep_table.over_datasets(table),
        "holds_out": sweep_table.holds_out(table),
        "heading": sweep_table.headline(table["varied"].iloc[0]),
        "answers": list(sweep_answer.answers(table)),
        "table": markdown(sweep_table.printed(path.stem, table)),
    }


def _study(folder: Path) -> dict[str, Any] | None:
    if not folder.exists():
        return None
    tables = _tables(folder)
    return {
        "formation": list(emergence.formation(tables["sparsity"], tables["ensembles"])),
        "emergence": list(emergence.answers(tables["groups"])),
        "tables": [markdown(TABLES[name].printed(table)) for name, table in tables.items()],
    }


def _tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Read the tables of a published study; own groups are told of layers that have ensembles."""
    tables = {name: read_csv(folder / f"{name}.csv") for name in PUBLISHED}
    keys = ["dataset", "model", "layer"]
    sparsity = tables["sparsity"]
    tables["groups"] = tables["groups"].merge(sparsity.loc[sparsity["mean"] >= SPARSE, keys])
    return tables


def _added(published: Path, now: pd.DataFrame) -> pd.DataFrame:
    if not published.exists():
        return now
    keys = [key for key in EXPERIMENT if key in now]
    before = read_csv(published, TEXT)
    anew = pd.MultiIndex.from_frame(before[keys]).isin(pd.MultiIndex.from_frame(now[keys]))
    both = pd.concat([before[~anew], now], ignore_index=True)
    if "varied" in both:
        return sweep_table.in_order_of_values(both)
    return in_order(both, keys) if "model" in keys else both
