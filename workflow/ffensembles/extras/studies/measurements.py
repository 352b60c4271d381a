"""What is measured for studies of one's own beside what is measured for the paper, and its table.

The Snakefile imports this module, so it stays light; `groups` does the work.
"""

from __future__ import annotations

import pandas as pd

from ffensembles.analysis.catalogue import OF_EXPERIMENT, Measurement, table
from ffensembles.paper.tables.layout import Layout
from ffensembles.paper.tables.summaries import over_runs
from ffensembles.paper.tables.table import Table
from ffensembles.pipeline.results import DATASET, REPRESENTATIONS

TRAINED = "trained"
CONTROLS = {"untrained": "untrained", "shuffled": "labels shuffled", "chance": "chance"}


def own_shares(frame: pd.DataFrame) -> pd.DataFrame:
    """Average the shares of `groups` over categories, then over runs.

    Args:
        frame: groups.parquet tables.

    Returns:
        dataset, model, layer, of, mean, std, n: the share in % of an ensemble that lies in its own
        group, in networks that are `trained`, `untrained`, or trained and their labels `shuffled`;
        and in `other` groups of trained ones, on average; and the `chance`.
    """
    keys = ["dataset", "model", "layer", "of"]
    trained = frame[frame["network"] == TRAINED]
    parts = [
        frame.assign(of=frame["network"], percent=100 * frame["own"]),
        trained.assign(of="other", percent=100 * trained["other"]),
        trained.assign(of="chance", percent=100 * trained["chance"]),
    ]
    rows = pd.concat(parts, ignore_index=True)
    by_run = rows.groupby([*keys, "seed"])["percent"].mean().reset_index()
    return over_runs(by_run, keys, "percent")


GROUPS = table("groups", f"{OF_EXPERIMENT}/groups.parquet", needs="assigned")
MEASUREMENT = Measurement(
    "measure_groups",
    "extras.studies.groups.measure_groups",
    makes=(GROUPS,),
    reads=(REPRESENTATIONS, DATASET),
    settings={"random_seed": "random_seed"},
    threads=4,
    networks=True,
)
GROUPS_TABLE = Table(
    "groups",
    "Studies of one's own",
    "Units of an ensemble that are assigned to its category by design, in %",
    {GROUPS: list},
    own_shares,
    Layout(
        ["dataset", "model", "layer"],
        ["of"],
        ".1f",
        note="Controls: the network before training; labels shuffled over the images; the other "
        "categories' groups, which is what permuted groups have; and the share of all units.",
    ),
)
