"""Which of the paper's claims on ensembles hang on the factor 2 in their definition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ffensembles.analysis.ensembles import active_units
from ffensembles.analysis.measurements import RUN_LAYER, read_all
from ffensembles.extras.beyond.definition import FACTORS
from ffensembles.files import Paths
from ffensembles.paper.claims.evidence import Evidence
from ffensembles.paper.claims.page import evaluate
from ffensembles.printing.names import DASH, DATASETS
from ffensembles.printing.tables import Printed

KEYS = ["claim", "section", "statement", "dataset"]
CATEGORY = [*RUN_LAYER, "held_out", "category"]


def claims_by_factor(
    ensembles: Paths, others: Mapping[str, Paths], factors: Sequence[float] = FACTORS
) -> pd.DataFrame:
    """Test the claims on ensembles under each factor.

    Args:
        ensembles: the files of the ensembles, with x̄ and LOO of every unit.
        others: the files of further measurements that claims look at, by kind.
        factors: in place of the paper's 2.

    Returns:
        claim, section, statement, dataset, factor, true, figures. Claims that can be tested
        without ensembles are left out.
    """
    frames = {kind: read_all(paths) for kind, paths in others.items()}
    units = read_all(ensembles, columns=[*CATEGORY, "unit", "mean", "loo"])
    without = evaluate(Evidence(frames)).dropna(subset="true")
    tables = []
    for factor in factors:
        found = evaluate(Evidence(frames | _ensembles(units, factor))).dropna(subset="true")
        tables.append(found[~found["claim"].isin(without["claim"])].assign(factor=factor))
    return pd.concat(tables, ignore_index=True)[[*KEYS, "factor", "true", "figures"]]


def printed(table: pd.DataFrame, notes: Sequence[str] = ()) -> Printed:
    """Print a row for each claim and dataset, a column for each factor, the notes below."""
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    for row in table.to_dict("records"):
        dataset = DATASETS.get(row["dataset"], row["dataset"])
        cells = rows.setdefault((row["statement"], dataset), {})
        cells[f"{row['factor']:g}"] = "✓" if row["true"] else "✗"
    factors = [f"{factor:g}" for factor in sorted(table["factor"].unique())]
    labels = list(zip(*rows, strict=True)) or [(), ()]
    index = pd.MultiIndex.from_arrays(labels, names=["Statement", "Dataset"])
    legend = (
        "✓: the statement is true, ✗: it is not, of units with x̄ > f·LOO; one column for each f. "
        f"{DASH}: it cannot be tested. "
        "The wording and the thresholds of the statements are those of the page on claims."
    )
    return Printed(
        "claims-by-factor",
        "The paper's claims on ensembles under other factors than 2",
        pd.DataFrame(list(rows.values()), index=index, columns=factors).fillna(DASH),
        " ".join([legend, *notes]),
    )


def _ensembles(units: pd.DataFrame, factor: float) -> dict[str, pd.DataFrame]:
    """Return sizes and members as `measurements` reads them, under another factor."""
    active = active_units(units["mean"].to_numpy(), units["loo"].to_numpy(), factor)
    grouped = units.assign(active=active).groupby(CATEGORY, dropna=False)["active"]
    members = units[active & np.asarray(units["layer"] == 1)]
    return {
        "sizes": grouped.agg(size="sum", units="size").reset_index(),
        "members": members.drop(columns="loo"),
    }
