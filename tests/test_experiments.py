"""The table of experiments: reading it, and one line for each mistake in it."""

import pytest

from ffensembles.errors import UserError
from ffensembles.experiments import COLUMNS, read_experiments
from ffensembles.pipeline.results import blocks
from helpers import ROOT

CONFIG = ROOT / "config"
FF = dict(
    study="main", dataset="mnist", model="ff", seeds="10", epochs="3", learning_rate="0.01",
    batch_size="1024", units="1000", layers="3", loss="threshold", goodness="l2",
    normalisation="l2", negatives="pooled", black="zero", maximum="split", activation_l1="-",
    held_out="-",
)  # fmt: skip
BP = FF | dict(
    model="bp", loss="cross-entropy", goodness="-", normalisation="-", negatives="-", black="-",
    maximum="-", activation_l1="2.5e-6",
)  # fmt: skip

HEADER = list(FF)


@pytest.fixture
def table(tmp_path):
    """Return a function that writes rows below a comment and a header, and reads them."""

    def read(*rows, header=tuple(FF)):
        path = tmp_path / "e.tsv"
        lines = ["# A comment.", "\t".join(header)]
        lines += [row if isinstance(row, str) else "\t".join(row.values()) for row in rows]
        path.write_text("\n".join(lines) + "\n")
        return read_experiments(path)

    return read


@pytest.mark.parametrize(
    "name, models",
    [
        ("experiments", "ff bpff bp"),
        ("demo", "ff bpff bp cwc"),
        ("sweeps", "ff bpff"),
        ("convolutions", "ffconv cwc bpconv"),
    ],
)
def test_our_own_tables_are_read(name, models):
    assert {e.model for e in read_experiments(CONFIG / f"{name}.tsv")} == set(models.split())


def test_a_row_with_several_values_in_cells_is_one_for_each_choice_of_them(table):
    row = FF | {"study": "some", "units": "250|100, 50", "layers": "2", "learning_rate": "1e-3|0.5"}
    found = table(row, FF)
    assert [(e.study, e.units, e.learning_rate) for e in found] == [
        ("some-learning-rate-1e-3-units-250", 250, 0.001),
        ("some-learning-rate-1e-3-units-100-50", (100, 50), 0.001),
        ("some-learning-rate-0p5-units-250", 250, 0.5),
        ("some-learning-rate-0p5-units-100-50", (100, 50), 0.5),
        ("main", 1000, 0.01),
    ]
    assert [e.sweep for e in found] == [("some", "learning_rate", "units")] * 4 + [()]
    assert found[1].cell("units") == "100,50" and found[2].cell("learning_rate") == "0.5"
    # What is trained knows nothing of the other values.
    (alone,) = table(row | {"study": found[0].study, "units": "250", "learning_rate": "0.001"})
    assert found[0].training_settings() == alone.training_settings()


def test_datasets_and_models_may_vary_too_and_need_no_name(table):
    both = table(FF | {"study": "some", "dataset": "mnist|digits", "model": "ff|bpff"})
    assert [e.key for e in both] == [
        (dataset, model, "some") for dataset in ("mnist", "digits") for model in ("ff", "bpff")
    ]
    assert {e.sweep for e in both} == {("some", "dataset")}
    for change in ({"seeds": "1|2"}, {"study": "a|b"}):
        with pytest.raises(UserError, match="takes no several values"):
            table(FF | change)


def test_rows_of_one_sweep_vary_the_same(table):
    level = FF | {"study": "level", "epochs": "1|2", "units": "10"}
    table(level, level | {"model": "bpff"})
    with pytest.raises(UserError, match="level varies epochs in one row and units in another"):
        table(level, level | {"epochs": "1", "units": "10|20"})


def test_a_row_becomes_an_experiment(table):
    ff, held_out, bp = table(FF, FF | {"study": "without-3", "held_out": "3"}, "", BP)
    assert ff.key == ("mnist", "ff", "main")
    assert (ff.seeds, ff.learning_rate, ff.activation_l1, ff.held_out) == (10, 0.01, 0.0, None)
    assert held_out.held_out == 3
    assert (bp.goodness, bp.activation_l1) == ("none", 2.5e-6)


def test_the_number_of_seeds_does_not_decide_weights_but_all_else_does(table):
    (one,), (other,) = table(FF), table(FF | {"seeds": "3"})
    assert one.training_settings() == other.training_settings()
    settings = {"theta": "1", "weight_decay": "0.1"}
    (all_set,) = table(FF | settings, header=[*FF, *settings])
    assert set(all_set.training_settings()) == set(COLUMNS) - {"seeds"}
    assert all_set.training_settings() == {
        **one.training_settings(),
        "theta": 1.0,
        "weight_decay": 0.1,
    }


def test_columns_left_out_are_the_papers(table):
    needed = ["study", "dataset", "model", "epochs", "learning_rate", "batch_size", "units"]
    rows = [{name: row[name] for name in needed} for row in (FF, BP)]
    assert table(*rows, header=needed) == table(FF, BP | {"activation_l1": "-"})
    for column in needed:
        with pytest.raises(UserError, match=f"lacks column {column};"):
            table(FF, header=[name for name in FF if name != column])


@pytest.mark.parametrize(
    "cell, runs",
    [
        ("3", (0, 1, 2)),
        ("0-2", (0, 1, 2)),
        ("3-5", (3, 4, 5)),
        ("7,0,2", (0, 2, 7)),
        ("4, 8-9", (4, 8, 9)),
    ],
)
def test_seeds_are_how_many_or_which(table, cell, runs):
    (e,) = table(FF | {"seeds": cell})
    assert e.runs == runs
    assert [seed for first, last in blocks(e, 2) for seed in range(first, last + 1)] == list(runs)


def test_as_many_seeds_are_the_same_however_they_are_written(table):
    assert (
        table(FF | {"seeds": "3"}) == table(FF | {"seeds": "0-2"}) == table(FF | {"seeds": "2,0,1"})
    )


def test_units_are_those_of_all_layers_or_of_each(table):
    one, each, alike = table(
        *(
            FF | {"study": study, "units": cell}
            for study, cell in (("a", "50"), ("b", "30, 20,10"), ("c", "50,50,50"))
        )
    )
    assert one.widths == alike.widths == (50, 50, 50) and one.units == alike.units
    assert each.widths == (30, 20, 10)


def test_an_experiment_needs_the_variants_that_it_names_and_no_others(table):
    ff, bp = table(FF | {"goodness": "l1"}, BP)
    assert ff.variants() == [
        "learning/goodness/l1.py",
        "learning/goodness/l2.py",
        "learning/kinds/ff.py",
        "learning/losses/threshold.py",
    ]
    assert bp.variants() == ["learning/kinds/bp.py"]


@pytest.mark.parametrize(
    "changes, parts",
    [
        ({"model": "FF"}, ["model is 'FF'", "ff, bpff, bp, ffconv, cwc, bpconv"]),
        ({"loss": "treshold"}, ["loss is 'treshold'", "difference or threshold"]),
        ({"goodness": "l4"}, ["goodness is 'l4'", "l1 or l2 or l3"]),
        ({"normalisation": ""}, ["normalisation is ''", "l2 or l1"]),
        ({"negatives": "all"}, ["negatives is 'all'", "pooled or paired or fresh"]),
        ({"black": "0"}, ["black is '0'", "zero or minimum"]),
        ({"maximum": "max"}, ["maximum is 'max'", "split or image"]),
        ({"seeds": "0"}, ["seeds is '0'", "how many, at least 1"]),
        ({"seeds": "2.5"}, ["seeds is '2.5'", "which ones, such as 3-5"]),
        ({"seeds": "5-3"}, ["seeds is '5-3'", "upwards"]),
        ({"seeds": "1,1-2"}, ["seeds is '1,1-2'", "twice"]),
        ({"epochs": "many"}, ["epochs is 'many'", "a whole number"]),
        ({"learning_rate": "0"}, ["learning_rate is '0'", "a number, at least"]),
        ({"learning_rate": "nan"}, ["learning_rate is 'nan'"]),
        ({"learning_rate": "inf"}, ["learning_rate is 'inf'"]),
        ({"batch_size": "-1"}, ["batch_size is '-1'"]),
        ({"units": "1"}, ["units is '1'", "at least 2"]),
        ({"units": "9,8"}, ["units is '9,8' for 3 layers", "one for each layer"]),
        ({"layers": "x"}, ["layers is 'x'"]),
        ({"held_out": "-3"}, ["held_out is '-3'", "at least 0"]),
        ({"activation_l1": "0.1"}, ["activation_l1 is '0.1', and does not apply to ff"]),
        ({"study": "Main"}, ["study is 'Main'", "lower-case"]),
        ({"study": "a/b"}, ["study is 'a/b'"]),
        ({"dataset": "fashion-mnist"}, ["dataset is 'fashion-mnist'", "lower-case"]),
        ({"loss": "cross-entropy"}, ["loss is 'cross-entropy'", "ff takes difference or"]),
        ({"goodness": "-"}, ["goodness is '-'", "ff takes l1 or l2 or l3"]),
        ({"model": "bp"}, ["goodness is 'l2', and does not apply to bp; write '-'"]),
        (BP | {"loss": "threshold"}, ["loss is 'threshold'", "bp takes cross-entropy"]),
        (BP | {"activation_l1": "-3"}, ["activation_l1 is '-3'", "at least 0"]),
    ],
)
def test_a_mistake_is_told_with_its_line_column_value_and_cure(table, changes, parts):
    with pytest.raises(UserError) as error:
        table(BP, FF | changes)
    message = str(error.value)
    assert "\n" not in message
    for part in ["e.tsv, line 4: ", *parts]:
        assert part in message


@pytest.mark.parametrize(
    "rows, header, part",
    [
        ([FF, FF], HEADER, "two rows for mnist / ff / main"),
        (["main\tmnist"], HEADER, "line 3: 2 cells, but the first line has 17; tabs, not blanks"),
        ([], HEADER[2:], "line 2: lacks column study, dataset"),
        ([], [*HEADER, "study"], "line 2: column study is there 2 times"),
        ([], [*HEADER, "colour"], "line 2: unknown column 'colour'; known: study"),
        ([], [*HEADER[1:], "study "], "unknown column 'study '"),
        ([], [*HEADER, ""], "column 18 has no name; is there a tab too many?"),
        ([], ["  ".join(HEADER)], "holds no tab; tabs, not blanks"),
        ([], HEADER, "has no row"),
        ([FF | {"study": '"main'}, BP], HEADER, "line 3: study is '\"main'"),
    ],
)
def test_a_malformed_table_is_told_in_one_line(table, rows, header, part):
    with pytest.raises(UserError) as error:
        table(*rows, header=header)
    assert part in str(error.value) and "\n" not in str(error.value)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(UserError, match=r"No such file.*see key experiments"):
        read_experiments(tmp_path / "none.tsv")
    (tmp_path / "empty.tsv").write_text("# nothing\n")
    with pytest.raises(UserError, match="is empty"):
        read_experiments(tmp_path / "empty.tsv")
    (tmp_path / "binary.tsv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="is not UTF-8"):
        read_experiments(tmp_path / "binary.tsv")


def test_a_byte_order_mark_is_no_part_of_the_table(tmp_path):
    text = (CONFIG / "demo.tsv").read_text("utf-8").replace("\n", "\r\n")
    for name, lines in (("comment", text), ("header", text[text.index("study\t") :])):
        (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + lines.encode())
        assert read_experiments(tmp_path / name) == read_experiments(CONFIG / "demo.tsv")


def test_blocks_cover_every_seed_once(table):
    (e,) = table(FF)
    assert blocks(e, 10) == [(0, 9)]
    assert blocks(e, 4) == [(0, 3), (4, 7), (8, 9)]
    assert blocks(e, 1) == [(i, i) for i in range(10)]
