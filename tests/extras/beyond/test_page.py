"""docs/beyond.md says what the tables beside it say, and its answers follow from them."""

import shutil

import pytest

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
        publish(tmp_path / "beyond.md", [tmp_path / "new/answers.csv"], [])
    found = read_csv(tmp_path / "beyond/answers.csv").groupby("dataset")["answer"].agg(set)
    assert found["digits"] == {"anew"} and found["mnist"] == {"beside"}
    page = (tmp_path / "beyond.md").read_text("utf-8")
    assert "**MNIST, FF: beside.**" in page and "**digits, FF: anew.**" in page
