"""Every number in config/reported is read again from the paper's own text."""

import csv
import re

import pytest

from ffensembles.errors import UserError
from ffensembles.paper.tables.reported import read_reported, read_table
from helpers import ROOT, SHARED

PAPER = SHARED / "paper.txt"
REPORTED = ROOT / "config" / "reported"

MODELS = {"FF": "ff", "BP/FF": "bpff", "BP": "bp", "BP regularised": "bp"}
SETTINGS = {"Epochs": "epochs", "Learning rate": "learning_rate"}
NUMBERS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13)

Cells = dict[tuple[str, ...], tuple[str, str, str]]


@pytest.fixture(scope="module")
def paper() -> str:
    if not PAPER.exists():
        pytest.skip(f"the paper's text is not at {PAPER}")
    return PAPER.read_text(encoding="utf-8")


def lines_of(paper: str, number: int) -> list[list[str]]:
    """Return the tab-separated lines that follow the caption of a table."""
    after = paper.split(f"\nTable {number}:")[1].splitlines()[1:]
    start = next(i for i, line in enumerate(after) if "\t" in line)
    stop = next(i for i, line in enumerate(after) if i > start and "\t" not in line)
    return [line.split("\t") for line in after[start:stop]]


def value(text: str) -> tuple[str, str, str]:
    """Split `0.94 \\pm 0.008(*)` into mean, std, mark."""
    if text.strip() == "-":
        return "", "", "-"
    mark = "*" if text.endswith("(*)") else ""
    mean, _, std = text.removesuffix("(*)").replace("\\pm", "±").partition("±")
    return f"{float(mean):g}", f"{float(std):g}" if std else "", mark


def filled(rows: list[list[str]]) -> list[list[str]]:
    """Repeat the first cell of a row where the paper leaves it blank."""
    label = ""
    for row in rows:
        label = row[0] or label
        row[0] = label
    return rows


def parse(paper: str, number: int) -> Cells:
    lines = lines_of(paper, number)
    cells: Cells = {}
    if number in (1, 11):
        models = lines[0][1:]
        for dataset, *texts in lines[1:]:
            for model, text in zip(models, texts, strict=True):
                cells[dataset.lower(), MODELS[model]] = value(text)
    elif number in (2, 3, 9, 12, 13):
        datasets = lines[0][2:]
        for model, layer, *texts in filled(lines[1:]):
            for dataset, text in zip(datasets, texts, strict=True):
                cells[MODELS[model], layer, dataset.lower()] = value(text)
    elif number in (4, 5):
        models = lines[0][2:]
        for dataset, layer, *texts in filled(lines[1:]):
            for model, text in zip(models, texts, strict=True):
                cells[dataset.lower(), layer, MODELS[model]] = value(text)
    elif number == 6:
        datasets = lines[0][2:]
        for model, setting, *texts in filled(lines[1:]):
            for dataset, text in zip(datasets, texts, strict=True):
                cells[MODELS[model], SETTINGS[setting], dataset.lower()] = value(text)
    elif number in (7, 8):
        columns = [*map(str, range(10)), *(["average", "baseline"] if number == 8 else [])]
        for model, *texts in lines[2:]:
            for column, text in zip(columns, texts, strict=True):
                cells["fashionmnist", MODELS[model], column] = value(text)
    elif number == 10:
        pairs = [
            "-".join(MODELS[m] for m in pair.split(" v ")) for pair in lines[0] if " v " in pair
        ]
        columns = [(pair, layer) for pair in pairs for layer in "123"]
        for dataset, metric, *texts in filled(lines[2:]):
            for column, text in zip(columns, texts, strict=True):
                cells[dataset.lower(), metric, *column] = value(text)
    return cells


def stored(number: int) -> Cells:
    with (REPORTED / f"table{number}.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0][-3:] == ["mean", "std", "mark"]
    cells = {
        tuple(row[:-3]): (*(f"{float(x):g}" if x else "" for x in row[-3:-1]), row[-1])
        for row in rows[1:]
    }
    assert len(cells) == len(rows) - 1, "a key appears twice"
    return cells


@pytest.mark.parametrize("number", NUMBERS)
def test_every_cell_is_the_papers(paper: str, number: int) -> None:
    cells = stored(number)
    if number == 6:  # batch size and width stand in the prose, see the next test
        cells = {key: cell for key, cell in cells.items() if key[1] in SETTINGS.values()}
    assert cells == parse(paper, number)


def test_batch_size_and_units_are_the_proses(paper: str) -> None:
    batch = re.search(r"using batches of size (\d+)", paper)
    width = re.search(
        r"(\d+) units in the case of MNIST and FASHIONMNIST, and (\d+) units in the case of SVHN",
        paper,
    )
    assert batch and width
    for (_, setting, dataset), (mean, _, _) in stored(6).items():
        if setting == "batch_size":
            assert mean == batch[1]
        if setting == "units":
            assert mean == width[1 if dataset in ("mnist", "fashionmnist") else 2]


def test_all_tables_are_there() -> None:
    assert {path.name for path in REPORTED.glob("*.csv")} == {f"table{n}.csv" for n in NUMBERS}


def test_dashes_stand_only_for_the_third_layer_of_bpff() -> None:
    dashes = {(n, key[:2]) for n in (3, 13) for key, cell in stored(n).items() if cell[2] == "-"}
    assert dashes == {(3, ("bpff", "3")), (13, ("bpff", "3"))}


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"a,b\n1,2,3,4\n1,2,3,4,5"])
def test_a_table_that_cannot_be_read_is_one_line(content, tmp_path):
    path = tmp_path / "table1.csv"
    path.write_bytes(content)
    for read, cure in ((read_table, "remove it"), (read_reported, "mend it")):
        with pytest.raises(UserError) as error:
            read(path)
        message = str(error.value)
        assert message.startswith(f"{path}: cannot be read (") and "\n" not in message
        assert cure in message


def test_a_table_of_other_columns_is_one_line(tmp_path):
    (tmp_path / "table1.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UserError, match=r"table1.csv: cannot be read \(.*reported_mark"):
        read_table(tmp_path / "table1.csv")
