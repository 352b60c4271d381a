"""The front page of the results: what came out, at a glance, before any list."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from ffensembles.paper.claims.page import HOLDS, NOT_TESTED
from ffensembles.paper.scorecard import copies_in_words, counts, of_paper
from ffensembles.printing.names import DATASETS, MODELS
from ffensembles.printing.pages import render


def front_page(
    scorecard: pd.DataFrame,
    claims: pd.DataFrame,
    tables: Mapping[int, pd.DataFrame],
    figure: str | Path | None,
    dataset: str,
) -> str:
    """Return what the report begins with, as a piece of HTML.

    Args:
        scorecard: of all numbers that the paper reports.
        claims: those put to the test.
        tables: Tables 1 to 3 by number, those that there are.
        figure: the picture that shows what it is about; None where it was not made.
        dataset: of which it is, and of which the sentences speak.
    """
    own = of_paper(scorecard)
    found = counts(own)
    tested = claims[claims["verdict"] != NOT_TESTED].groupby("claim")["verdict"].first()
    return render(
        "front.html.j2",
        reported=len(own),
        measured=sum(found.values()),
        counts=[(count, word) for word, count in found.items()],
        copies=copies_in_words(scorecard),
        claims=len(tested),
        holding=int((tested == HOLDS).sum()),
        sentences=sentences(tables, dataset),
        figure=figure and base64.b64encode(Path(figure).read_bytes()).decode(),
    )


def sentences(tables: Mapping[int, pd.DataFrame], dataset: str) -> list[str]:
    """Say in a sentence each how accurate and sparse the models are, and how large ensembles.

    Args:
        tables: Tables 1 to 3 by number, those that there are.
        dataset: of which to speak.
    """
    forms = {
        1: ("On {dataset} they classify of the test images correctly: {values}.", "{:.1%}"),
        2: (
            "Sparsity of the first layer, 1 where a single unit answers an image and 0 where all "
            "answer alike: {values}.",
            "{:.2f}",
        ),
        3: (
            "Of the units of the first layer a category’s ensemble, those that answer to its "
            "images more than twice as much as the others on average, has: {values}.",
            "{:.1f} %",
        ),
    }
    said = []
    for number, (sentence, form) in forms.items():
        if number not in tables:
            continue
        table = tables[number]
        rows = table[(table["dataset"] == dataset) & table["mean"].notna()]
        if "layer" in rows:
            rows = rows[rows["layer"].astype(int) == 1]
        means = dict(zip(rows["model"], rows["mean"], strict=True))
        values = ", ".join(f"{MODELS[m]} {form.format(means[m])}" for m in MODELS if m in means)
        if values:
            said.append(sentence.format(dataset=DATASETS[dataset], values=values))
    return said
