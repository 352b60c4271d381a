"""Tables from small hand-made analyses whose means are known in closed form."""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ffensembles.analysis import measurements
from ffensembles.errors import UserError
from ffensembles.files import write_parquet
from ffensembles.paper.tables import reported, summaries
from ffensembles.paper.tables.catalogue import TABLES
from ffensembles.printing import tables as writers
from helpers import REPORTED


def frame(columns: str, rows: list[tuple]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns.split())


def paper(number: int) -> pd.DataFrame:
    return reported.read_reported(REPORTED / f"table{number}.csv")


ACCURACY = frame(
    "dataset model study seed category accuracy",
    [
        ("digits", "bp", "main", 0, pd.NA, 0.5),
        ("digits", "ff", "main", 0, pd.NA, 0.2),
        ("digits", "ff", "main", 0, 7, 0.9),  # what a single category has must not count
        ("digits", "ff", "main", 1, pd.NA, 0.4),
        ("mnist", "ff", "main", 0, pd.NA, 0.93),
        ("mnist", "ff", "main", 1, pd.NA, 0.95),
    ],
)


def test_mean_and_sample_deviation_over_runs() -> None:
    table = summaries.accuracy(ACCURACY).set_index(["dataset", "model"])
    assert table.loc[("digits", "ff"), "mean"] == pytest.approx(0.3)
    assert table.loc[("digits", "ff"), "std"] == pytest.approx(0.2 / np.sqrt(2))  # n - 1
    assert table.loc[("digits", "ff"), "n"] == 2


def test_a_single_run_has_no_deviation_and_prints_its_mean_alone() -> None:
    table = reported.with_reported(summaries.accuracy(ACCURACY), paper(1))
    assert TABLES["table1"].printed(table).grid.loc["digits", "BP"] == "0.500"


def test_datasets_and_models_come_in_the_papers_order() -> None:
    table = summaries.accuracy(ACCURACY)
    assert table["dataset"].tolist() == ["mnist", "digits", "digits"]
    assert table["model"].tolist() == ["ff", "ff", "bp"]


def test_an_unknown_dataset_follows_the_known_ones() -> None:
    extra = ACCURACY.assign(dataset=ACCURACY["dataset"].replace("mnist", "a-new-one"))
    table = summaries.accuracy(extra)
    assert table["dataset"].tolist() == ["digits", "digits", "a-new-one"]
    grid = TABLES["table1"].printed(reported.with_reported(table, paper(1))).grid
    assert grid.index.tolist() == ["digits", "a-new-one"]


def test_reported_values_stand_beside_ours_and_only_there() -> None:
    table = reported.with_reported(summaries.accuracy(ACCURACY), paper(1))
    grid = TABLES["table1"].printed(table).grid
    assert grid.loc["MNIST", "FF"] == "0.940 ± 0.014\n(0.940 ± 0.008)"
    assert grid.loc["digits", "FF"] == "0.300 ± 0.141"
    assert grid.loc["MNIST", "BP"] == "not run"
    assert table.query("dataset == 'digits'")["reported_mean"].isna().all()


def test_sparsity_leaves_out_the_rows_of_single_categories() -> None:
    rows = [
        ("digits", "ff", "main", seed, layer, category, value)
        for seed, layer, (category, value) in product(
            (0, 1), (1, 2), ((pd.NA, 0.8), (0, 0.1), (1, 0.2))
        )
    ]
    sparsity = frame("dataset model study seed layer category sparsity", rows)
    sparsity["category"] = sparsity["category"].astype("Int64")
    table = summaries.sparsity(sparsity)
    assert table["mean"].tolist() == pytest.approx([0.8, 0.8])
    assert table["std"].tolist() == pytest.approx([0.0, 0.0])
    assert table["n"].tolist() == [2, 2]


RUN = "dataset model study seed layer"


def sizes(dataset: str, model: str, layer: int, by_seed: dict[int, list[int]]) -> pd.DataFrame:
    return frame(
        f"{RUN} category size units",
        [
            (dataset, model, "main", seed, layer, category, size, 50)
            for seed, of_run in by_seed.items()
            for category, size in enumerate(of_run)
        ],
    )


def overall(dataset: str, model: str, layer: int, sparsity: float) -> pd.DataFrame:
    row = (dataset, model, "main", 0, layer, pd.NA, sparsity, 10)
    return frame(f"{RUN} category sparsity images", [row])


def test_ensemble_percent_is_averaged_over_categories_first_then_runs() -> None:
    table = summaries.ensembles(sizes("digits", "ff", 1, {0: [1, 3], 1: [5, 7]}))
    assert table["mean"].item() == pytest.approx(8.0)  # runs: 2/50 and 6/50
    assert table["std"].item() == pytest.approx(8 / np.sqrt(2))
    assert table["n"].item() == 2
    assert table["sparse"].isna().all()


def test_a_run_without_the_ensemble_of_a_category_has_no_average_over_all() -> None:
    both = sizes("digits", "ff", 1, {0: [1, 3], 1: [5]})
    table = summaries.ensembles(both)
    assert (table["mean"].item(), table["n"].item()) == (pytest.approx(4.0), 1)
    lacking = pd.concat(
        [sizes("digits", "ff", 1, {1: [5]}), sizes("digits", "bpff", 1, {0: [1, 3]})]
    )
    table = summaries.ensembles(lacking).set_index("model")
    assert np.isnan(table.loc["ff", "mean"])
    assert table["n"].to_dict() == {"ff": 0, "bpff": 1}


def ensemble_cell(dataset: str, model: str, layer: int, sparsity: float, p: list[float]) -> str:
    p_values = frame(
        f"{RUN} category unit p_value",
        [(dataset, model, "main", 0, layer, 0, unit, value) for unit, value in enumerate(p)],
    )
    table = summaries.ensembles(
        sizes(dataset, model, layer, {0: [5]}),
        overall(dataset, model, layer, sparsity),
        p_values,
    )
    return TABLES["table3"].printed(reported.with_reported(table, paper(3))).grid.iloc[0, 0]


def test_dash_where_the_paper_has_one_even_if_ours_is_sparse() -> None:
    assert ensemble_cell("mnist", "bpff", 3, 0.9, [0.0]) == "–\n(–)"


def test_dash_where_no_number_is_reported_and_ours_is_not_sparse() -> None:
    assert ensemble_cell("digits", "ff", 3, 0.4, [0.0]) == "–"
    assert ensemble_cell("digits", "ff", 3, 0.5, [0.0]) == "10.00"


def test_a_non_sparse_layer_that_the_paper_shows_is_shown_and_marked() -> None:
    assert ensemble_cell("svhn", "ff", 3, 0.489, [0.0]) == "10.00†\n(4.48 ± 0.52)"


def test_star_above_one_percent_insignificant_units() -> None:
    one_in_100, two_in_100 = [0.06] + 99 * [0.05], [0.06] * 2 + 98 * [0.0]
    assert ensemble_cell("digits", "ff", 1, 0.9, one_in_100) == "10.00"
    assert ensemble_cell("digits", "ff", 1, 0.9, two_in_100) == "10.00*"
    assert ensemble_cell("cifar10", "bpff", 2, 0.9, [0.0]) == "10.00\n(5.55 ± 0.28*)"


def test_ensemble_files_are_reduced_to_sizes_and_members(tmp_path: Path) -> None:
    rows = [
        ("digits", "ff", "main", seed, 1, category, unit, unit / 10, 0.1, unit <= category)
        for seed, category, unit in product((0, 1), (0, 1), range(4))
    ]
    rows += [("digits", "ff", "main", 0, 2, 0, unit, 0.0, 0.0, False) for unit in range(4)]
    for part in (0, 1):
        kept = [row for row in rows if row[3] == part]
        table = frame(f"{RUN} category unit mean loo active", kept)
        table = measurements.with_keys(table, held_out=[None, 3][part])
        write_parquet(table, tmp_path / f"{part}.parquet")
    paths = sorted(tmp_path.glob("*.parquet"))
    found = measurements.read_sizes(paths)
    assert found["units"].tolist() == [4] * 5
    assert found["held_out"].fillna(-1).tolist() == [-1, -1, -1, 3, 3]
    assert found["size"].tolist() == [1, 2, 0, 1, 2]  # an empty ensemble keeps its row
    members = measurements.read_members(paths)
    assert members["unit"].tolist() == [0, 0, 1, 0, 0, 1]
    assert members["mean"].tolist() == pytest.approx([0, 0, 0.1, 0, 0, 0.1])


def test_balance_is_over_the_units_of_the_first_run_only() -> None:
    balance = frame(
        f"{RUN} unit positive_fraction bias",
        [
            ("digits", "ff", "main", seed, 1, unit, fraction, -fraction)
            for seed, unit, fraction in ((0, 0, 0.4), (0, 1, 0.6), (1, 0, 0.9), (1, 1, 0.9))
        ],
    )
    table = summaries.balance(balance, value="positive_fraction")
    assert (table["mean"].item(), table["n"].item()) == (pytest.approx(0.5), 2)
    assert table["std"].item() == pytest.approx(0.2 / np.sqrt(2))
    assert summaries.balance(balance, value="bias")["mean"].item() == pytest.approx(-0.5)


def probes(dataset: str, held_out: list[int]) -> pd.DataFrame:
    """Category c scores 0.1·c, the mean over all is 0.5 + 0.01·k without k, 0.7 without none."""
    rows = [(dataset, "ff", "main", pd.NA, 0, "1", pd.NA, 0.7)]
    for k in held_out:
        rows.append((dataset, "ff", f"no-{k}", k, 0, "1", pd.NA, 0.5 + 0.01 * k))
        rows += [(dataset, "ff", f"no-{k}", k, 0, "1", c, 0.1 * c) for c in range(10)]
    table = frame("dataset model study held_out seed layers category accuracy", rows)
    return table.astype({"held_out": "Int64", "category": "Int64"})


def test_probes_on_the_missing_category() -> None:
    table = summaries.probes_on_missing(probes("digits", [3, 5]))
    assert table["category"].tolist() == ["3", "5"]
    assert table["mean"].tolist() == pytest.approx([0.3, 0.5])


def test_the_baseline_of_the_probes_is_the_models_own_accuracy() -> None:
    table = summaries.probes_on_all(probes("digits", [3, 5]), ACCURACY)
    assert set(table["dataset"]) == {"digits"}
    found = table[table["model"] == "ff"].set_index("category")
    assert found.index.tolist() == ["3", "5", "baseline", "probe-baseline"]
    assert found["mean"].tolist() == pytest.approx([0.53, 0.55, 0.3, 0.7])
    assert found["n"].tolist() == [1, 1, 2, 1]
    grid = TABLES["table8"].printed(reported.with_reported(table, paper(8))).grid
    assert grid.columns.tolist() == ["3", "5", "Baseline", "No category missing"]


def test_the_papers_baseline_is_beside_the_models_accuracy_and_not_beside_a_probe() -> None:
    own = ACCURACY.assign(dataset="fashionmnist")
    table = summaries.probes_on_all(probes("fashionmnist", [3]), own)
    table = reported.with_reported(table, paper(8)).set_index(["model", "category"])
    assert table.loc[("ff", "baseline"), "reported_mean"] == 0.849
    assert np.isnan(table.loc[("ff", "probe-baseline"), "reported_mean"])


def test_there_is_an_average_only_over_all_categories() -> None:
    every = summaries.probes_on_all(probes("digits", list(range(10))), ACCURACY)
    average = every.set_index(["model", "category"]).loc[("ff", "average"), "mean"]
    assert average == pytest.approx(0.545)
    nine = summaries.probes_on_all(probes("digits", list(range(9))), ACCURACY)
    assert "average" not in set(nine["category"])
    # Nor does another category that was left out, without test images, make up for the tenth.
    other = probes("digits", [*range(9), 12])
    assert "average" not in set(summaries.probes_on_all(other, ACCURACY)["category"])
    two_seeds = pd.concat([probes("digits", list(range(10))), probes("digits", [3]).assign(seed=1)])
    table = summaries.probes_on_all(two_seeds, ACCURACY).set_index(["model", "category"])
    assert table.loc[("ff", "average"), "n"] == 1
    # A run that diverged tells nothing of the category that it was to be without.
    lost = two_seeds.assign(accuracy=two_seeds["accuracy"].mask(two_seeds["held_out"] == 3))
    assert "average" not in set(summaries.probes_on_all(lost, ACCURACY)["category"])


def test_the_papers_exception_is_of_its_own_study() -> None:
    table = pd.DataFrame([summaries.COUNTED_THOUGH_NOT_SPARSE] * 2)
    table = table.assign(study=["main", "mine"], sparse=False)
    assert summaries.has_ensembles(table).tolist() == [True, False]


def test_probes_of_several_layers_need_a_choice() -> None:
    both = pd.concat([probes("digits", [3]), probes("digits", [3]).assign(layers="1+2")])
    with pytest.raises(UserError, match=r"layers 1, others to 1\+2"):
        summaries.probes_on_missing(both)
    with pytest.raises(UserError, match=r"layers 1, others to 1\+2"):
        summaries.probes_on_all(both, ACCURACY)


def test_similarity_knows_a_pair_in_either_order() -> None:
    similarity = frame(
        "dataset seed metric model_a model_b layer_a layer_b images value",
        [
            ("digits", 0, "CKA", "ff", "bpff", 1, 1, 10, 0.2),
            ("digits", 1, "CKA", "bpff", "ff", 1, 1, 10, 0.4),
            ("digits", 0, "CKA", "ff", "bpff", 1, 2, 10, 0.9),
            ("digits", 0, "SVCCA", "ff", "bp", 1, 1, 10, 0.6),
        ],
    )
    table = summaries.similarity(similarity)
    assert table[["metric", "pair", "layer"]].to_numpy().tolist() == [
        ["SVCCA", "ff-bp", 1],
        ["CKA", "ff-bpff", 1],
    ]
    assert table["mean"].tolist() == pytest.approx([0.6, 0.3])
    grid = TABLES["table10"].printed(reported.with_reported(table, paper(10))).grid
    assert grid.loc[("digits", "CKA"), ("FF v BP/FF", "1")] == "0.30 ± 0.14"


def test_insignificant_units_are_counted_per_layer() -> None:
    p_values = frame(
        f"{RUN} category unit p_value",
        [
            ("digits", "ff", "main", seed, layer, 0, unit, 0.051 if unit == 0 else 0.05)
            for seed, layer, unit in product((0, 1), (1, 2), range(5))
        ],
    )
    sparsity = pd.concat([overall("digits", "ff", 1, 0.9), overall("digits", "ff", 2, 0.1)])
    table = summaries.insignificance(p_values, sparsity)
    assert table[["units", "insignificant"]].to_numpy().tolist() == [[10, 2], [10, 2]]
    assert table["share"].tolist() == pytest.approx([0.2, 0.2])
    assert table["sparse"].tolist() == [True, False]
    assert "2 of 10 units (20.00%)" in TABLES["significance"].printed(table).legend


def test_a_repeated_key_in_the_reported_values_is_the_users_mistake(tmp_path: Path) -> None:
    path = tmp_path / "table1.csv"
    path.write_text("dataset,model,mean,std,mark\nmnist,ff,1,,\nmnist,ff,2,,\n")
    with pytest.raises(UserError, match="mnist / ff"):
        reported.read_reported(path)


@pytest.fixture
def printed() -> writers.Printed:
    table = reported.with_reported(summaries.accuracy(ACCURACY), paper(1))
    return TABLES["table1"].printed(table)


def test_markdown_has_one_line_per_row(printed: writers.Printed) -> None:
    lines = writers.markdown(printed).splitlines()
    assert lines[0] == "Table 1: Test-set classification accuracy."
    assert [cell.strip() for cell in lines[4].split("|")[1:-1]] == [
        "MNIST",
        "0.940 ± 0.014 (0.940 ± 0.008)",
        "not run",
    ]


def test_latex_escapes_and_stacks(printed: writers.Printed) -> None:
    text = writers.latex(printed)
    assert r"MNIST & \shortstack{0.940 $\pm$ 0.014\\(0.940 $\pm$ 0.008)} & not run \\" in text
    assert "±" not in text
    assert text.count("{") == text.count("}")
    for rule in (r"\toprule", r"\midrule", r"\bottomrule", r"\label{tab:table1}"):
        assert rule in text


def test_latex_tells_minus_signs_from_hyphens_and_ranges() -> None:
    assert writers.escape_latex("-1.66 ± 1.534") == r"$-$1.66 $\pm$ 1.534"
    assert writers.escape_latex("l1-goodness, 100 % < ρ⁺") == r"l1-goodness, 100 \% $<$ $\rho^+$"


def test_every_layout_is_ascii_in_latex() -> None:
    for table in TABLES.values():
        text = f"{table.title} {table.layout.cells} {table.layout.note}"
        assert writers.escape_latex(text).isascii()


def test_html_is_a_whole_page_with_its_own_style(printed: writers.Printed) -> None:
    text = writers.html(printed)
    assert text.startswith("<!doctype html>") and text.rstrip().endswith("</html>")
    ours, theirs = "0.940 ±\N{NO-BREAK SPACE}0.014", "(0.940 ±\N{NO-BREAK SPACE}0.008)"
    assert f'{ours}<br><span class="reported">{theirs}</span>' in text
    for outside in ("http:", "https:", "<link", "<script", "src="):
        assert outside not in text


@pytest.mark.parametrize("number", range(1, 14))
def test_every_reported_value_stands_beside_ours(number: int) -> None:
    cells = paper(number)
    ours = cells[reported.keys_of(cells)].assign(mean=0.5, std=0.1, n=2)
    text = writers.html(TABLES[f"table{number}"].printed(reported.with_reported(ours, cells)))
    assert text.count('<br><span class="reported">(') == len(cells)
