"""What is said under tables: categories without images, and settings that are not the paper's."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ffensembles.analysis.ensembles import find_ensembles
from ffensembles.analysis.measurements import read_sizes, with_keys
from ffensembles.experiments import read_experiments
from ffensembles.extras.studies.catalogue import TABLES as STUDY_TABLES
from ffensembles.files import write_parquet
from ffensembles.paper.tables import layout, notes, summaries
from ffensembles.paper.tables.catalogue import TABLES
from ffensembles.paper.tables.departures import departures
from ffensembles.pipeline.configuration import narrow
from ffensembles.printing.names import CATEGORIES, DATASETS, name_datasets
from helpers import REPORTED, ROOT

PAPER = read_experiments(ROOT / "config/experiments.tsv")
TABLE6 = str(REPORTED / "table6.csv")


@pytest.fixture(autouse=True)
def pets():
    """Know a dataset of three categories, in these tests alone."""
    name_datasets({"pets": {"name": "Pets", "categories": ["cat", "dog", "eel"]}})
    yield
    del DATASETS["pets"], CATEGORIES["pets"]


def sizes(folder, labels_of_runs):
    """Return the sizes of ensembles of runs, given the labels of their correct images."""
    rng = np.random.default_rng(0)
    for (model, seed), labels in labels_of_runs.items():
        table = find_ensembles(rng.random((len(labels), 8)) ** 4, np.array(labels))
        keys = {"dataset": "pets", "model": model, "study": "main", "held_out": None}
        table = with_keys(table, **keys, seed=seed, layer=1)
        write_parquet(table, folder / f"{model}-{seed}.parquet")
    return read_sizes(sorted(folder.glob("*.parquet")))


# The sparsities of runs that classify some images correctly.
ALL_RAN = pd.DataFrame(
    {"dataset": "pets", "model": "ff", "seed": [0], "category": [pd.NA], "images": [3]}
).assign(study="main", layer=1, silent=0, diverged=None)


def test_dead_runs_are_named():
    dead = pd.concat([ALL_RAN.assign(seed=k, layer=n, silent=3) for k in (1, 4) for n in (2, 3)])
    (note,) = notes.unsound_runs(pd.DataFrame(), pd.concat([ALL_RAN, dead]))
    assert note.startswith("Pets, FF: the runs of seed 1, 4 are dead, their layer 2, 3 answers no")
    assert notes.lacking_runs(dead) == notes.unsound_runs(dead)
    for name in set(TABLES) - {"table6", "table7", "table8"}:
        assert "sparsity" in [artefact.name for artefact in TABLES[name].measured]


@pytest.mark.parametrize("name", ["table7", "table8"])
def test_probes_of_dead_and_diverged_runs_are_named(name):
    frame = probes([0, 1], [0, 1, 2])
    said = {"dead": ["2+3", None], "diverged": [None, "epoch 4"]}
    of = frame["held_out"].to_numpy(int)
    frame = frame.assign(**{column: np.array(words)[of] for column, words in said.items()})
    assert TABLES[name].notes(frame, pd.DataFrame()) == [
        "Pets, FF (without-1): the run of seed 0 is left out, for it diverged in training "
        "(epoch 4).",
        "Pets, FF (without-0): the runs of seed 0 are dead, their layer 2, 3 answers no image, or "
        "all alike; their numbers mean nothing.",
    ]


def test_diverged_runs_are_named_with_where_it_was():
    lost = {"sparsity": np.nan, "images": 0, "diverged": "layer 2, epoch 7"}
    diverged = pd.concat([ALL_RAN.assign(seed=1, layer=layer, **lost) for layer in (1, 2)])
    (note,) = notes.lacking_runs(pd.concat([ALL_RAN, diverged]))
    assert note == (
        "Pets, FF: the run of seed 1 is left out, for it diverged in training (layer 2, epoch 7)."
    )
    assert notes.lacking_runs(ALL_RAN.drop(columns="diverged")) == []


def test_nothing_is_said_where_every_category_was_measured(tmp_path):
    found = sizes(tmp_path, {("ff", 0): [0, 1, 2], ("bpff", 0): [0, 0, 1, 2]})
    assert notes.lacking_ensembles(found, ALL_RAN) == []


def test_a_category_without_images_in_the_test_split_is_named(tmp_path):
    """Averages are over the others, and defined."""
    found = sizes(tmp_path, {("ff", 0): [0, 1, 1], ("ff", 1): [0, 0, 1]})
    (note,) = notes.lacking_ensembles(found, ALL_RAN)
    assert note.startswith("Pets: no run classifies a test image of eel correctly")
    assert "averages are over the other categories" in note
    assert summaries.ensembles(found)["n"].tolist() == [2]


def test_runs_that_lack_the_ensemble_of_a_rare_category_are_left_out_and_named(tmp_path):
    """As on imbalanced data, where a run may never predict a rare category."""
    labels = {("ff", 0): [0, 1], ("ff", 1): [0, 1, 2], ("ff", 2): [1, 2], ("bpff", 0): [0, 1, 2]}
    found = sizes(tmp_path, labels)
    (note,) = notes.lacking_ensembles(found, ALL_RAN)
    assert note == (
        "Pets, FF: averages are without the runs of seed 0, 2, which classify no image of some "
        "categories (cat, eel) correctly."
    )
    assert summaries.ensembles(found).set_index("model")["n"].to_dict() == {"ff": 1, "bpff": 1}


@pytest.mark.parametrize(
    "table", [TABLES["table3"], TABLES["table13"], STUDY_TABLES["ensembles"]], ids=lambda t: t.name
)
def test_tables_of_ensembles_say_it_in_every_form(table, tmp_path):
    found = sizes(tmp_path, {("ff", 0): [0, 1]})
    tidy = summaries.ensembles(found).assign(reported_mean=np.nan, reported_std=np.nan)
    printed = table.printed(tidy.assign(reported_mark=""), table.notes(found, ALL_RAN))
    assert printed.legend.endswith("averages are over the other categories.")


def probes(held_out, categories):
    """Return probes of models that never saw one category, judged on those with test images."""
    rows = [
        ("pets", "ff", f"without-{k}", k, 0, "1", category, 0.5 if category is pd.NA else 0.25)
        for k in held_out
        for category in (pd.NA, *categories)
    ]
    columns = ["dataset", "model", "study", "held_out", "seed", "layers", "category", "accuracy"]
    table = pd.DataFrame(rows, columns=columns)
    return table.astype({"held_out": "Int64", "category": "Int64"})


def test_a_probe_is_not_judged_on_a_category_without_test_images():
    frame = probes([0, 1, 2], [0, 1])
    missing = summaries.probes_on_missing(frame)
    assert missing["category"].tolist() == ["0", "1", "2"]
    np.testing.assert_array_equal(missing["mean"], [0.25, 0.25, np.nan])
    assert missing["n"].tolist() == [1, 1, 0]
    tidy = missing.assign(reported_mean=np.nan, reported_std=np.nan, reported_mark="")
    printed = TABLES["table7"].printed(tidy, TABLES["table7"].notes(frame))
    assert printed.grid.loc[("Pets", "FF")].tolist() == ["0.250", "0.250", "not defined"]
    assert (
        "Pets: there is no test image of eel, so that nothing is measured on it." in printed.legend
    )
    own = pd.DataFrame(
        [("pets", "ff", pd.NA, 0.5)], columns=["dataset", "model", "category", "accuracy"]
    )
    assert "average" in set(summaries.probes_on_all(frame, own)["category"])
    said = TABLES["table7"].notes(frame)
    assert TABLES["table8"].notes(frame, own) == said
    assert TABLES["table7"].notes(probes([0], [0, 1, 2])) == []


def test_the_papers_own_experiments_depart_in_nothing():
    shown = [e for e in PAPER if not e.study.startswith("ablation-")]
    assert departures(shown, TABLE6) == []
    assert notes.departed([]) == []


@pytest.mark.parametrize("study", ["main", "l1-goodness", "without-4"])
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"epochs": 7}, "epochs 7 instead of"),
        ({"units": (50, 40, 30)}, "units (50, 40, 30) instead of 1000"),
        ({"theta": 5.0}, "theta 5.0 instead of 3.0"),
        ({"negatives": "paired"}, "each negative paired"),
        ({"weight_decay": 0.1, "layers": 2}, "layers 2 instead of 3; weight decay 0.1"),
    ],
)
def test_a_changed_setting_is_told(study, changes, words):
    (e,) = [e for e in PAPER if e.key == ("fashionmnist", "ff", study)]
    ((dataset, model, told),) = departures([replace(e, **changes), e], TABLE6)
    assert (dataset, model) == ("fashionmnist", "ff") and words in told
    (note,) = notes.departed([(dataset, model, told)])
    assert note == f"Not trained with the paper's settings: FASHIONMNIST, FF: {told}."


def test_fewer_seeds_are_no_departure_and_other_data_have_no_settings_to_depart_from():
    (e,) = [e for e in PAPER if e.key == ("mnist", "bp", "main")]
    assert departures([replace(e, seeds=1), replace(e, dataset="digits", epochs=3)], TABLE6) == []
    copy = {"digits": "mnist"}
    ((*_, words),) = departures([replace(e, dataset="digits", epochs=3)], TABLE6, copy)
    assert words.startswith("epochs 3 instead of")
    assert departures([replace(e, sweep=("main", "dataset"))], TABLE6) == []  # a cell of several
    assert departures([replace(e, activation_l1=1.0)], TABLE6)


def test_a_cap_on_epochs_departs_where_it_caps():
    capped = narrow([e for e in PAPER if e.study == "main"], {"epochs": 100})
    found = {(dataset, model) for dataset, model, _ in departures(capped, TABLE6)}
    every = {(e.dataset, e.model) for e in capped}
    # FF on FASHIONMNIST has 100 epochs, and BP 80.
    assert found == every - {("fashionmnist", "ff"), *((data, "bp") for data, _ in every)}


@pytest.mark.parametrize(
    ("means", "marks", "said"),
    [
        ([0.9, np.nan], ["", ""], "in brackets, what the paper reports."),
        ([np.nan, np.nan], ["", "-"], "in brackets, what the paper reports."),
        ([np.nan, np.nan], ["", ""], "the paper reports no numbers for this data."),
    ],
)
def test_it_is_said_whether_the_paper_reports_anything(means, marks, said):
    """A dash of the paper's, which has no mean, is reported as well."""
    table = pd.DataFrame({"n": 2, "reported_mean": means, "reported_mark": marks})
    assert layout.legend(TABLES["table3"].layout, table).startswith(
        f"Ours: mean ± standard deviation over runs (2 runs); {said}"
    )
