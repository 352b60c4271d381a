import numpy as np
import pandas as pd

from ffensembles.extras.beyond.claims_by_factor import claims_by_factor, printed
from ffensembles.printing.tables import markdown

UNITS, CATEGORIES = 100, 10
RUN = {"dataset": "digits", "study": "main", "seed": 0}


def ensembles(folder, model, share, height):
    """Write ensembles: in each category a share of the units stands out, so high above LOO."""
    rows = []
    for category in range(CATEGORIES):
        mean = np.ones(UNITS)
        mean[: round(share * UNITS)] = height
        rows.append(
            pd.DataFrame(
                {
                    "category": category,
                    "unit": np.arange(UNITS),
                    "mean": mean,
                    "loo": 1.0,
                    "active": mean > 2,
                    "held_out": pd.array([pd.NA] * UNITS, dtype="Int64"),
                }
            )
        )
    layer = pd.concat(rows, ignore_index=True).assign(**RUN, model=model)
    table = pd.concat([layer.assign(layer=1), layer.assign(layer=2)], ignore_index=True)
    path = folder / f"{model}-ensembles.parquet"
    table.to_parquet(path)
    return path


def others(folder):
    accuracy = pd.DataFrame(
        [RUN | {"model": m, "category": pd.NA, "accuracy": 0.9} for m in ("ff", "bpff", "bp")]
    )
    categories = pd.array([pd.NA, *range(CATEGORIES)], dtype="Int64")
    sparsity = pd.concat(
        pd.DataFrame({"category": categories, "sparsity": 0.9}).assign(**RUN, model=m, layer=layer)
        for m in ("ff", "bpff", "bp")
        for layer in (1, 2)
    )
    paths = {}
    for kind, table in (("accuracy", accuracy), ("sparsity", sparsity)):
        table.to_parquet(folder / f"{kind}.parquet")
        paths[kind] = [folder / f"{kind}.parquet"]
    return paths


def test_a_claim_that_hangs_on_the_factor(tmp_path):
    # Half of FF's units stand at 3, a twentieth of BP/FF's at 10: with 2 the former are many and
    # ensembles are not small, with 4 they are none.
    paths = [ensembles(tmp_path, "ff", 0.5, 3), ensembles(tmp_path, "bpff", 0.05, 10)]
    table = claims_by_factor(paths, others(tmp_path), factors=(2, 4))
    small = table[table["claim"] == "ensembles-are-small"].set_index("factor")["true"]
    assert small.to_dict() == {2: False, 4: True}
    # What can be said without ensembles is not said again.
    assert not table["statement"].str.contains("sparser").any()
    (row,) = [line for line in markdown(printed(table)).splitlines() if "small" in line]
    assert row.split("|")[-3:-1] == ["   ✗ ", "   ✓ "]


def test_a_claim_that_cannot_be_tested_by_some_factor_has_a_dash_there():
    columns = ["claim", "section", "statement", "dataset", "factor", "true", "figures"]
    rows = [
        ("a", "4", "It is.", "digits", 3.0, True, ""),
        ("b", "4", "So.", "digits", 2.0, False, ""),
    ]
    grid = printed(pd.DataFrame(rows, columns=columns)).grid
    assert list(grid.columns) == ["2", "3"]
    assert grid.to_numpy().tolist() == [["–", "✓"], ["✗", "–"]]


def test_no_claims_make_an_empty_table():
    columns = ["claim", "section", "statement", "dataset", "factor", "true", "figures"]
    assert printed(pd.DataFrame(columns=columns)).grid.empty
