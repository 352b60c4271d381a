"""Runs that classify no test image correctly, from their measurements to tables and claims.

Nothing represents a category then. That is said wherever a number would stand, which is never 0.
"""

import re

import numpy as np
import pandas as pd
import pytest

from ffensembles.analysis import catalogue as measured
from ffensembles.data.datasets import write
from ffensembles.extras.beyond import measurements as beyond
from ffensembles.extras.studies.catalogue import TABLES as STUDY_TABLES
from ffensembles.paper.claims.evidence import SOURCES
from ffensembles.paper.tables.catalogue import TABLES
from ffensembles.pipeline.results import REPRESENTATIONS
from helpers import REPORTED
from helpers.measuring import measure
from helpers.runs import drawn_layers, few_digits, write_run
from helpers.scripts import run_script
from helpers.small_training import experiment

LABELS = np.arange(60) % 3  # images enough of each for patterns to be looked for
MODELS = ("ff", "bpff", "bp")
QUESTIONS = ("definition", "microstructure", "assemblies")
CATALOGUES = {
    "paper.tables.catalogue.TABLES": TABLES,
    "extras.studies.catalogue.TABLES": STUDY_TABLES,
}
PAPER, STUDY = CATALOGUES
NO_ANSWER = "no answer"


class World:
    """Two runs of each model on digits, measured; FF is wrong in the first, and maybe in both."""

    def __init__(self, folder, *, both):
        self.folder = folder
        write(few_digits(), folder / "digits.npz")
        for model in MODELS:
            self.measure(model, wrong=[model == "ff", model == "ff" and both])

    def measure(self, model, wrong):
        e = experiment(model, seeds=2)
        for seed in e.runs:
            path = self.folder / REPRESENTATIONS.at(e, seed=seed)
            path.parent.mkdir(parents=True, exist_ok=True)
            predictions = (LABELS + 1) % 3 if wrong[seed] else LABELS
            write_run(path, LABELS, predictions, drawn_layers(len(LABELS), seed=seed))
        wildcards = {"dataset": "digits", "model": model, "study": "main"}
        for row in (*measured.MEASUREMENTS, *beyond.MEASUREMENTS):
            if row.name in ("measure_representations", "measure_beyond"):
                measure(row, self.folder, wildcards, [e])

    def path(self, name):
        return str(self.folder / name)

    def files(self, artefact, models):
        return [self.path(artefact.at(experiment(model))) for model in models]

    def run(self, script, inputs, outputs, **named):
        paths = {form: self.path(name) for form, name in outputs.items()}
        run_script(f"{script}.py", self.folder / "log", input=inputs, output=paths, **named)

    def make(self, script, name, inputs, forms=("csv", "md", "tex", "html"), **params):
        """Make a table or page; return it tidy, and its texts, none of which has a NaN."""
        self.run(script, inputs, {form: f"{name}.{form}" for form in forms}, params=params)
        texts = {form: (self.folder / f"{name}.{form}").read_text() for form in forms}
        assert not re.search(r"\bnan\b", " ".join(texts[form] for form in forms if form != "csv"))
        return pd.read_csv(self.folder / f"{name}.csv"), texts

    def table(self, catalogue, name):
        """Make a table of FF and BP/FF."""
        table = CATALOGUES[catalogue][name]
        inputs = {a.name: self.files(a, ["ff", "bpff"]) for a in table.measured}
        if table.number:
            inputs["reported"] = str(REPORTED / f"{table.name}.csv")
        return self.make("tabulate", name, inputs, catalogue=catalogue, table=name)


@pytest.fixture(scope="module")
def neither(tmp_path_factory):
    """Return a world in which both runs of FF are wrong."""
    return World(tmp_path_factory.mktemp("neither"), both=True)


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """Return a world in which one of FF's runs is wrong."""
    return World(tmp_path_factory.mktemp("one"), both=False)


@pytest.mark.parametrize(
    "table", [(PAPER, "table2"), (PAPER, "table3"), (STUDY, "sparsity"), (STUDY, "ensembles")]
)
def test_tables_say_which_runs_were_not_measured(table, neither, one):
    note = "digits, FF: nothing is measured of the runs of seed {}, which classify no test image"
    tidy, texts = neither.table(*table)
    ff = tidy[tidy["model"] == "ff"]
    assert ff["n"].tolist() == [0, 0, 0] and ff["mean"].isna().all()
    assert tidy.loc[tidy["model"] == "bpff", "n"].tolist() == [2, 2, 2]
    assert texts["md"].count("not defined") == 3 and note.format("0, 1") in texts["md"]

    tidy, texts = one.table(*table)
    assert tidy.loc[tidy["model"] == "ff", "n"].tolist() == [1, 1, 1]
    assert "not defined" not in texts["md"] and note.format("0") in texts["md"]


@pytest.mark.parametrize("catalogue", CATALOGUES)
def test_units_that_were_not_tested_are_not_counted(catalogue, neither, one):
    tidy, texts = neither.table(catalogue, "significance")
    ff = tidy["model"] == "ff"
    assert tidy.loc[ff, ["units", "insignificant", "share"]].isna().all(axis=None)
    assert (tidy.loc[~ff, "units"] > 0).all()
    rows = [row for row in texts["md"].splitlines() if row.startswith("| digits    | FF")]
    assert all(re.sub(r"\s", "", row).endswith("|–|–|–|") for row in rows) and len(rows) == 3
    tidy, _ = one.table(catalogue, "significance")
    assert (tidy["units"] > 0).all()


def test_claims_on_what_was_not_measured_are_not_tested(neither):
    names = ("accuracy", "sparsity", "sizes", "members", "significance")
    inputs = {name: neither.files(SOURCES[name], MODELS) for name in names}
    tidy, _ = neither.make("evaluate_claims", "claims", inputs, forms=("csv", "html"))
    verdicts = tidy.set_index("claim")["verdict"]
    for claim in ("sparser-than-bp", "goodness-layers-sparse", "comparable-ensemble-sizes"):
        assert verdicts[claim] == "not tested"
    assert verdicts["only-last-layer-of-bpff-not-sparse"] != "not tested"


@pytest.mark.parametrize("question", QUESTIONS)
def test_questions_that_could_not_be_put_are_answered_so(question, neither):
    def ask(models):
        asked = [["digits", model, "main"] for model in models]
        inputs = {
            "measured": neither.files(beyond.MEASURED[question], models),
            "dataset": neither.path("digits.npz"),
        }
        figures = (f"{question}_pdf", f"{question}_png")
        forms = ("csv", "md", "tex", "html", *figures)
        about = {"asked": asked, "question": question, "seed": 0}
        shown = {"dataset": "digits", "category": 0}
        named = {form: f"{question}.{form.split('_')[-1]}" for form in forms}
        params = about | {"shown": shown}
        neither.run("tabulate_question", inputs, named, params=params)
        texts = [(neither.folder / named[form]).read_text() for form in forms[:4]]
        assert not re.search(r"\bnan\b", " ".join(texts[1:]))
        summary = {
            question: neither.path(named["csv"]),
            "accuracy": neither.files(measured.ACCURACY, models),
        }
        answers, _ = neither.make(
            "answer_questions", "answers", summary, forms=("csv", "html"), asked={question: asked}
        )
        return texts[1], answers.set_index("model")["answer"].to_dict()

    text, answers = ask(MODELS)
    assert "Not measured, as too few test images are classified correctly: digits, FF." in text
    assert answers.pop("ff") == NO_ANSWER
    assert set(answers) == {"bpff", "bp"} and NO_ANSWER not in answers.values()
    text, answers = ask(["ff"])
    assert answers == {"ff": NO_ANSWER}
