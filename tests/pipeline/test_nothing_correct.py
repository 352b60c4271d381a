"""Runs that classify no test image correctly, from their measurements to tables and claims.

Nothing represents a category then. That is said wherever a number would stand, which is never 0.
"""

import re

import numpy as np
import pandas as pd
import pytest

from ffensembles.data.datasets import write
from ffensembles.paper.tables.catalogue import STUDY_TABLES, TABLES
from helpers import REPORTED
from helpers.runs import drawn_layers, few_digits, write_run
from helpers.scripts import run_script

LABELS = np.arange(60) % 3  # images enough of each for patterns to be looked for
MODELS = ("ff", "bpff", "bp")
QUESTIONS = ("definition", "microstructure", "assemblies")
PAPER = {table.key: table for table in TABLES.values() if "sparsity" in table.measured}


class World:
    """Two runs of each model on digits, measured; FF is wrong in the first, and maybe in both."""

    def __init__(self, folder, *, both):
        self.folder = folder
        write(few_digits(), folder / "digits.npz")
        for model in MODELS:
            self.measure(model, wrong=[model == "ff", model == "ff" and both])

    def measure(self, model, wrong):
        (self.folder / model).mkdir()
        runs = {"representations": [self.path(f"{model}/{seed}.parquet") for seed in (0, 1)]}
        for seed, path in enumerate(runs["representations"]):
            predictions = (LABELS + 1) % 3 if wrong[seed] else LABELS
            write_run(path, LABELS, predictions, drawn_layers(len(LABELS), seed=seed))
        tested = runs | {"ensembles": self.path(f"{model}/ensembles.parquet")}
        for script, inputs, kinds in (
            ("measure_accuracy", runs, ["accuracy"]),
            ("measure_sparsity", runs, ["sparsity"]),
            ("find_ensembles", runs, ["ensembles"]),
            ("measure_significance", tested, ["significance"]),
            ("measure_beyond", runs, QUESTIONS),
        ):
            self.run(
                script,
                inputs,
                {kind: f"{model}/{kind}.parquet" for kind in kinds},
                wildcards={"dataset": "digits", "model": model, "study": "main"},
                params={"seeds": [0, 1], "layers": 3, "held_out": None, "random_seed": 0}
                | {"method": "exact", "shuffles": 1},
            )

    def path(self, name):
        return str(self.folder / name)

    def files(self, kind, models):
        return [self.path(f"{model}/{kind}.parquet") for model in models]

    def run(self, script, inputs, outputs, **named):
        paths = {form: self.path(name) for form, name in outputs.items()}
        run_script(f"{script}.py", self.folder / "log", input=inputs, output=paths, **named)

    def make(self, script, name, inputs, forms=("csv", "md", "tex", "html"), **params):
        """Make a table or page; return it tidy, and its texts, none of which has a NaN."""
        self.run(script, inputs, {form: f"{name}.{form}" for form in forms}, params=params)
        texts = {form: (self.folder / f"{name}.{form}").read_text() for form in forms}
        assert not re.search(r"\bnan\b", " ".join(texts[form] for form in forms if form != "csv"))
        return pd.read_csv(self.folder / f"{name}.csv"), texts

    def table(self, key, table):
        """Make a table of FF and BP/FF."""
        inputs = {kind: self.files(kind, ["ff", "bpff"]) for kind in table.measured}
        if table.in_paper:
            inputs["reported"] = str(REPORTED / f"{table.name}.csv")
        return self.make("tabulate", str(key), inputs, table=key)


@pytest.fixture(scope="module")
def neither(tmp_path_factory):
    """Return a world in which both runs of FF are wrong."""
    return World(tmp_path_factory.mktemp("neither"), both=True)


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """Return a world in which one of FF's runs is wrong."""
    return World(tmp_path_factory.mktemp("one"), both=False)


@pytest.mark.parametrize("key", [2, 3, "study-sparsity", "study-ensembles"])
def test_tables_say_which_runs_were_not_measured(key, neither, one):
    table = (TABLES | STUDY_TABLES)[key]
    note = "digits, FF: nothing is measured of the runs of seed {}, which classify no test image"
    tidy, texts = neither.table(key, table)
    ff = tidy[tidy["model"] == "ff"]
    assert ff["n"].tolist() == [0, 0, 0] and ff["mean"].isna().all()
    assert tidy.loc[tidy["model"] == "bpff", "n"].tolist() == [2, 2, 2]
    assert texts["md"].count("not defined") == 3 and note.format("0, 1") in texts["md"]

    tidy, texts = one.table(key, table)
    assert tidy.loc[tidy["model"] == "ff", "n"].tolist() == [1, 1, 1]
    assert "not defined" not in texts["md"] and note.format("0") in texts["md"]


@pytest.mark.parametrize("key", ["significance", "study-significance"])
def test_units_that_were_not_tested_are_not_counted(key, neither, one):
    tidy, texts = neither.table(key, (TABLES | STUDY_TABLES)[key])
    ff = tidy["model"] == "ff"
    assert tidy.loc[ff, ["units", "insignificant", "share"]].isna().all(axis=None)
    assert (tidy.loc[~ff, "units"] > 0).all()
    rows = [row for row in texts["md"].splitlines() if row.startswith("| digits    | FF")]
    assert all(re.sub(r"\s", "", row).endswith("|–|–|–|") for row in rows) and len(rows) == 3
    tidy, _ = one.table(key, (TABLES | STUDY_TABLES)[key])
    assert (tidy["units"] > 0).all()


def test_claims_on_what_was_not_measured_are_not_tested(neither):
    kinds = ("accuracy", "sparsity", "ensembles", "significance")
    inputs = {kind: neither.files(kind, MODELS) for kind in kinds}
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
            "measured": neither.files(question, models),
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
        summary = {question: neither.path(named["csv"])}
        answers, _ = neither.make(
            "answer_questions", "answers", summary, forms=("csv", "html"), asked={question: asked}
        )
        return texts[1], answers.set_index("model")["answer"].to_dict()

    text, answers = ask(MODELS)
    assert "Not measured, as too few test images are classified correctly: digits, FF." in text
    assert answers.pop("ff") == "not measured"
    assert set(answers) == {"bpff", "bp"} and "not measured" not in answers.values()
    text, answers = ask(["ff"])
    assert answers == {"ff": "not measured"}
