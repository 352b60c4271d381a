"""docs/beyond.md says what the tables beside it say, and its answers follow from them."""

import shutil

import pandas as pd
import pytest

from ffensembles.errors import UserError
from ffensembles.extras.beyond.page import publish, text
from ffensembles.extras.beyond.questions import QUESTIONS
from ffensembles.extras.beyond.tables import EXPERIMENT
from ffensembles.files import read_csv
from helpers import ROOT

FOLDER = ROOT / "docs/beyond"


def test_the_page_is_made_from_the_published_tables():
    assert (ROOT / "docs/beyond.md").read_text("utf-8") == text(FOLDER)


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_published_answers_follow_from_the_published_tables(name):
    answers = read_csv(FOLDER / "answers.csv")
    answers = answers[answers["question"] == name].set_index(EXPERIMENT)
    tables = dict(list(read_csv(FOLDER / f"{name}.csv").groupby(EXPERIMENT)))
    assert set(tables) == set(answers.index)
    for key, table in tables.items():
        assert tuple(answers.loc[key, ["answer", "numbers"]]) == QUESTIONS[name].answer(table)


def test_what_is_published_takes_the_place_of_what_was_and_stays_beside_other_data(tmp_path):
    shutil.copytree(FOLDER, tmp_path / "beyond")
    new = read_csv(FOLDER / "answers.csv")
    new = new[new["dataset"] == "digits"].assign(answer="anew")
    other = new.assign(dataset="mnist", answer="beside")
    (tmp_path / "new").mkdir()
    for table in (new, other):
        table.to_csv(tmp_path / "new/answers.csv", index=False)
        publish(tmp_path / "beyond.md", [tmp_path / "new/answers.csv"])
    found = read_csv(tmp_path / "beyond/answers.csv").groupby("dataset")["answer"].agg(set)
    assert found["digits"] == {"anew"} and found["mnist"] == {"beside"}
    page = (tmp_path / "beyond.md").read_text("utf-8")
    assert "**MNIST, FF: beside.**" in page and "**digits, FF: anew.**" in page


def test_sweeps_and_groups_are_on_the_page_once_published(tmp_path):
    shutil.copytree(FOLDER, tmp_path / "beyond", ignore=shutil.ignore_patterns("sweeps", "studies"))
    assert text(tmp_path / "beyond").count("Not published yet.") == 4
    (tmp_path / "sweeps").mkdir()
    of = dict(dataset="mnist", model="ff", std=None, n=1)
    for name, varied, values in (("level", "theta", "12"), ("images", "dataset", "ab")):
        rows = [
            of | dict(study=v, varied=varied, value=v, quantity=quantity, layer=layer, mean=mean)
            for v in values
            for quantity, layer, mean in [
                ("accuracy", None, 0.9),
                ("sparsity", 1, 0.9 if v in "1a" else 0.5),
                ("ensembles", 1, 5),
                ("participation", None, 12),
            ]
        ]
        pd.DataFrame(rows).to_csv(tmp_path / f"sweeps/{name}.csv", index=False)
    names = ["trained", "untrained", "shuffled", "chance"]
    shares = [of | dict(model="cwc", layer=1, of=n, mean=9 + 81 * (n == "trained")) for n in names]
    (tmp_path / "studies/conv").mkdir(parents=True)
    shares += [row | dict(layer=2, mean=5) for row in shares]  # of a layer that is not sparse
    for name in ("groups", "accuracy", "sparsity", "ensembles"):
        layers = [dict(layer=1, mean=0.9, sparse=True), dict(layer=2, mean=0.3, sparse=False)]
        layers = layers[: 1 if name == "accuracy" else 2]
        rows = shares if name == "groups" else [of | dict(model="cwc") | row for row in layers]
        pd.DataFrame(rows).to_csv(tmp_path / f"studies/conv/{name}.csv", index=False)
    files = sorted(tmp_path.glob("*/level.csv")) + sorted(tmp_path.glob("*/images.csv"))
    files += sorted(tmp_path.glob("studies/conv/*.csv"))
    publish(tmp_path / "beyond.md", files)
    page = (tmp_path / "beyond.md").read_text("utf-8")
    assert "- **MNIST, FF: falls.** One run of each value: layer 1 falls: S 0.50 (at 2)" in page
    assert "- **FF: changes.**" in page and "- **MNIST, CwC: imposed.**" in page
    assert "- **MNIST, CwC: in part.** One run: layer 1: S 0.90, ensembles of 1 %; layer" in page
    assert "| MNIST     | CwC     | 2       |      5.0 |" not in page
    assert "![Sparsity, ensembles and own groups, by layer](beyond/studies/by-layer.png)" in page
    assert (tmp_path / "beyond/studies/by-layer.png").stat().st_size > 0
    assert "![Theta: accuracy, sparsity and ensembles](beyond/sweeps/level.png)" in page
    another = shutil.copytree(tmp_path / "studies/conv", tmp_path / "studies/conv-wide")
    with pytest.raises(UserError, match="one study with assigned units, and there are conv, conv-"):
        publish(tmp_path / "beyond.md", [*files, *another.glob("*.csv")])
    figure = tmp_path / "beyond/sweeps/level.png"
    of_ff = figure.read_bytes()
    publish(tmp_path / "beyond.md", [])  # what is published stays as it is
    assert (tmp_path / "beyond.md").read_text("utf-8") == page
    level = tmp_path / "sweeps/level.csv"
    more = pd.read_csv(level).assign(model="bpff", value=lambda t: 20 / t["value"])
    more.to_csv(level, index=False)
    publish(tmp_path / "beyond.md", [level])  # another model joins, in table and figure
    rows = pd.read_csv(tmp_path / "beyond/sweeps/level.csv")
    values = rows.drop_duplicates(["model", "value"])[["model", "value"]].to_numpy().tolist()
    assert values == [["ff", 1], ["ff", 2], ["bpff", 10], ["bpff", 20]]
    assert figure.read_bytes() != of_ff
