"""Hold every number of the paper against ours: the scorecard."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ffensembles.files import write_csv, write_text
from ffensembles.pipeline.job import as_list, job
from ffensembles.tables import reported
from ffensembles.verdict import scorecard

if TYPE_CHECKING:
    from snakemake.script import snakemake


def by_number(paths: str | list[str] | None) -> dict[int, str | Path]:
    """Return table files by the number in their name."""
    named = ((re.fullmatch(r"table(\d+)", Path(p).stem), p) for p in as_list(paths))
    return {int(match[1]): path for match, path in named if match}


with job(snakemake.log[0]):
    ours = by_number(snakemake.input.tables)
    parts = []
    for number, path in sorted(by_number(snakemake.input.reported).items()):
        if number in scorecard.RULES:
            table = reported.read_table(ours[number]) if number in ours else None
            parts.append(scorecard.score(number, reported.read_reported(path), table))
    cells = pd.concat(parts, ignore_index=True)
    write_csv(cells, snakemake.output.csv)
    write_text(scorecard.scorecard_page(cells), snakemake.output.html)
