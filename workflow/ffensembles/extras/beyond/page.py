"""The page to read, docs/beyond.md: made from published tables, and from nothing else.

`docs/beyond/` holds the summary of every question, the answers, and the figures. A page made anew
says what the tables say; results of other data, such as the demo's, are added to them.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd

from ffensembles.extras.beyond import claims_by_factor, thresholds
from ffensembles.extras.beyond.answers import named
from ffensembles.extras.beyond.questions import QUESTIONS
from ffensembles.extras.beyond.tables import EXPERIMENT
from ffensembles.files import Paths, atomic, read_csv, write_csv, write_text
from ffensembles.paper.tables.summaries import in_order
from ffensembles.printing.pages import render
from ffensembles.printing.tables import markdown

CLAIMS, ANSWERS = "claims-by-factor", "answers"


def publish(page: str | Path, tables: Paths, figures: Paths) -> None:
    """Add finished tables to those of a page, and make it anew.

    What was published of another experiment stays; of the same one the new takes its place.

    Args:
        page: such as docs/beyond.md; its tables and figures lie in the folder of its name.
        tables: summaries, answers and claims by factor, as CSV.
        figures: as PNG.
    """
    page = Path(page)
    folder = page.with_suffix("")
    for path in map(Path, tables):
        write_csv(_added(folder / path.name, read_csv(path)), folder / path.name)
    for path in map(Path, figures):
        with atomic(folder / path.name) as temporary:
            shutil.copyfile(path, temporary)
    write_text(text(folder), page)


def text(folder: Path) -> str:
    """Return the page in Markdown that the tables in a folder make."""
    answers = read_csv(folder / f"{ANSWERS}.csv")
    questions = [
        {
            "question": question,
            "answers": [named(row) for row in rows.to_dict("records")],
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
    )


def _added(published: Path, now: pd.DataFrame) -> pd.DataFrame:
    if not published.exists():
        return now
    keys = [key for key in EXPERIMENT if key in now]
    before = read_csv(published)
    anew = pd.MultiIndex.from_frame(before[keys]).isin(pd.MultiIndex.from_frame(now[keys]))
    both = pd.concat([before[~anew], now], ignore_index=True)
    return in_order(both, keys) if keys == EXPERIMENT else both
