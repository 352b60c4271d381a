"""The config, its schema and its documentation agree, and mistakes in it end in one line."""

import copy
import re
from functools import partial

import pytest
import yaml

from ffensembles import variants
from ffensembles.errors import UserError
from ffensembles.experiments import COLUMNS, read_experiments
from ffensembles.pipeline.configuration import check_experiments, narrow
from ffensembles.pipeline.folders import settle_folders
from ffensembles.pipeline.schema import SCHEMA as SCHEMA_FILE
from ffensembles.pipeline.schema import conform, refuse_repeated_keys
from helpers import DATASETS, ROOT
from helpers.forks import run_snakemake
from helpers.mistakes import refused

SCHEMA = yaml.safe_load(SCHEMA_FILE.read_text(encoding="utf-8"))
DEFINITIONS = SCHEMA["$defs"]
README = (ROOT / "config/README.md").read_text(encoding="utf-8")
CONFIG = yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))
CONFIG["datasets"] = DATASETS
DEMO = yaml.safe_load((ROOT / "config/demo.yaml").read_text(encoding="utf-8"))
LINES = (ROOT / "config/experiments.tsv").read_text(encoding="utf-8").splitlines()
HEADER = next(line for line in LINES if not line.startswith("#"))
FF = next(line for line in LINES if line.startswith("main\tmnist\tff\t"))


def merge(config, changes):
    """Return the config with changes laid over it, as Snakemake does with a further file."""
    merged = copy.deepcopy(config)
    for key, value in changes.items():
        old = merged.get(key)
        both = isinstance(value, dict) and isinstance(old, dict)
        merged[key] = merge(old, value) if both else value
    return merged


def check_config(config, shipped):
    """Check the values of the config, then its folders, as the Snakefile does."""
    conform(config)
    settle_folders(config, shipped)


def check(changes, monkeypatch):
    """Check the config with changes as the Snakefile does; return its experiments."""
    monkeypatch.chdir(ROOT)
    config = merge(CONFIG, changes)
    check_config(config, shipped)
    rows = narrow(read_experiments(config["experiments"]), config["only"])
    check_experiments(rows, config)
    return rows


def shipped(path):
    """Return where a file of the pipeline lies."""
    return str(ROOT / path)


# What is documented


def documented(kind):
    """Return the rows of the tables of keys, or of columns: name and what it may hold."""
    tables = re.findall(rf"^\| {kind} \|.*\n\|[-|]+\n((?:\|.*\n)+)", README, re.MULTILINE)
    return re.findall(r"^\| `([\w.]+)` \| (.*?) \|", "".join(tables), re.MULTILINE)


def properties(schema):
    """Return what an object may hold, by key; empty for anything else."""
    if "$ref" in schema:
        schema = DEFINITIONS[schema["$ref"].rsplit("/", 1)[1]]
    return schema.get("properties", {})


def test_the_config_holds_every_key_of_the_schema_and_no_other():
    def compare(schema, config):
        assert set(properties(schema)) == set(config)
        for name, value in properties(schema).items():
            if name not in ("only", "datasets"):  # hold whatever a user wants to narrow
                compare(value, config[name] if isinstance(config[name], dict) else {})

    compare(SCHEMA, CONFIG)


def test_every_key_is_documented_with_what_it_holds_and_nothing_else_is():
    rows = dict(documented("key"))
    below = {
        f"{name}.{key}": value
        for name in ("only", "pathvars", "significance", "beyond", "figures")
        for key, value in properties(SCHEMA["properties"][name]).items()
    }
    assert set(rows) == {*SCHEMA["properties"], *below}
    assert len(rows) == len(documented("key"))
    for name, value in below.items():
        assert all(f"`{key}`" in rows[name] for key in properties(value)), name


def test_every_key_of_a_dataset_is_documented_and_nothing_else_is():
    assert [name for name, _ in documented("key of a dataset")] == [
        *properties(DEFINITIONS["entry"])
    ]


def test_every_column_is_documented_and_nothing_else_is():
    assert [name for name, _ in documented("column")] == COLUMNS
    of_kinds = (variants.describe(model).columns for model in variants.names("model"))
    own = {name for columns in of_kinds for name in columns}.difference(COLUMNS)
    assert {name for name, _ in documented("own column")} == own


def test_every_allowed_word_is_documented():
    rows = dict(documented("key") + documented("column") + documented("own column"))
    words = {key: v["enum"] for key, v in SCHEMA["properties"].items() if "enum" in v}
    method = properties(SCHEMA["properties"]["significance"])["method"]
    words |= {"significance.method": method["enum"], "model": variants.names("model")}
    for kind in map(variants.describe, variants.names("model")):
        words |= {name: holds for name, holds in kind.columns.items() if isinstance(holds, list)}
    words |= {column: variants.names(column) for column in ("goodness", "loss")}
    for name, allowed in words.items():
        for word in set(allowed) - {"none"}:  # which is written `-` in the table of experiments
            assert f"`{word}`" in rows[name], f"{name}: {word}"


# What is right


@pytest.mark.parametrize("changes, more", [({}, set()), (DEMO, {"cwc"})], ids=["config", "demo"])
def test_the_configs_that_come_with_the_pipeline_are_right(changes, more, monkeypatch):
    rows = check(changes, monkeypatch)
    assert {e.model for e in rows} == {"ff", "bpff", "bp", *more}


def test_the_paper_is_the_default(monkeypatch):
    rows = {e.key: e for e in check({}, monkeypatch)}
    assert rows["mnist", "ff", "main"].epochs == 1200  # Table 6
    assert rows["svhn", "bpff", "main"].learning_rate == 1e-4
    assert rows["cifar10", "bp", "main"].units == 3072
    assert {e.seeds for e in rows.values() if e.study == "main"} == {10}
    assert {e.held_out for e in rows.values() if e.study.startswith("without-")} == set(range(10))


def test_only_narrows_and_caps(monkeypatch):
    only = {"datasets": ["fashionmnist"], "studies": ["main"], "seeds": 2, "epochs": 90}
    rows = {e.model: e for e in check({"only": only}, monkeypatch)}
    assert [(m, e.seeds, e.epochs) for m, e in rows.items()] == [
        ("ff", 2, 90),
        ("bpff", 2, 90),
        ("bp", 2, 80),
    ]


# However it is written


def as_text(value):
    """Return a value as Snakemake takes it from inside braces and brackets: every leaf is text."""
    if isinstance(value, dict):
        return {key: as_text(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_text(inner) for inner in value]
    return "null" if value is None else str(value)


@pytest.mark.parametrize("key", CONFIG)
def test_every_key_may_be_text_at_any_depth(key, monkeypatch):
    monkeypatch.chdir(ROOT)
    value = {"seeds": 2, "studies": ["main"]} if key == "only" else CONFIG[key]
    if key == "pathvars":  # without what stands for another folder
        value = {name: folder.replace("<results>", "results") for name, folder in value.items()}
    config = merge(CONFIG, {key: as_text(value)})
    check_config(config, shipped)
    assert config[key] == value
    assert repr(config[key]) == repr(value)  # 1 is not True, nor 1.0


@pytest.mark.parametrize(
    ("changes", "holds"),
    [
        ({"checkpoint_interval": "1e-4"}, 1e-4),
        ({"seeds_per_job": 5.0}, 5),
        ({"probe_layers": [1.0, "2"]}, [1, 2]),
        ({"probe_layers": "[1, 2]"}, [1, 2]),
        ({"keep_representations": "no"}, False),
        ({"prestaged": "null"}, None),
        ({"figures": {"unseen_category": {"held_out": 5.0}}}, 5),
    ],
)
def test_a_value_is_read_as_the_type_that_the_schema_has(changes, holds, monkeypatch):
    monkeypatch.chdir(ROOT)
    config = merge(CONFIG, changes)
    check_config(config, shipped)
    while isinstance(changes, dict):
        ((key, changes),) = changes.items()
        config = config[key]
    assert repr(config) == repr(holds)


def test_a_key_given_twice_is_one_line_with_its_place(tmp_path):
    path = tmp_path / "my.yaml"
    path.write_text("figures:\n  seed: 0\n  balance: {layer: 1}\n  seed: 1\n")
    with pytest.raises(UserError, match=r"my.yaml, line 4: key seed is given twice"):
        refuse_repeated_keys(path)
    path.write_text("a: [{seed: 1}, {seed: 2}]\nseed: 3\n")
    refuse_repeated_keys(path)


# Where paths lead


def test_paths_are_settled_where_the_run_was_started(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.chdir(tmp_path)
    config = merge(CONFIG, {"pathvars": {"results": "~/out//", "logs": "./my logs"}})
    check_config(config, shipped)
    assert config["pathvars"]["results"] == "/home/me/out"
    assert config["pathvars"]["logs"] == "my logs"
    assert config["pathvars"]["checkpoints"] == "/home/me/out/checkpoints"
    # What the pipeline brings along is found beside it, unless there is a file of that name here.
    assert config["experiments"] == str(ROOT / "config/experiments.tsv")
    (tmp_path / "config").mkdir()
    (tmp_path / "config/experiments.tsv").touch()
    config = merge(CONFIG, {})
    check_config(config, shipped)
    assert config["experiments"] == "config/experiments.tsv"
    assert config["reported"] == str(ROOT / "config/reported")


def test_a_link_to_nowhere_is_told_as_that(monkeypatch, tmp_path):
    (tmp_path / "results").symlink_to("/gone/away")
    refused(
        lambda: check({"pathvars": {"results": str(tmp_path / "results/demo")}}, monkeypatch),
        "pathvars.results",
        "/gone/away, which is not there",
    )


# What is wrong


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"colour": "red"}, ["unknown key colour", "random_seed"]),
        ({"figures": {"balance": {"unit": 1}}}, ["unknown key figures.balance.unit", "layer"]),
        ({"only": {"layers": 1}}, ["unknown key only.layers", "epochs"]),
        ({"device": "gpu"}, ["device", "'gpu'", "auto, cpu or cuda"]),
        ({"precision": "double"}, ["precision", "'double'", "highest"]),
        ({"seeds_per_job": 0}, ["seeds_per_job", "0", "from 1"]),
        ({"seeds_per_job": True}, ["seeds_per_job", "True"]),
        ({"random_seed": 0.5}, ["random_seed", "0.5", "whole number"]),
        ({"random_seed": "seven"}, ["random_seed", "'seven'", "whole number"]),
        ({"checkpoint_interval": float("inf")}, ["checkpoint_interval", "inf", "finite"]),
        ({"checkpoint_interval": "nan"}, ["checkpoint_interval", "nan", "finite"]),
        ({"checkpoint_interval": "soon"}, ["checkpoint_interval", "'soon'", "seconds"]),
        ({"probe_layers": []}, ["probe_layers"]),
        ({"probe_layers": [1, 4]}, ["probe_layers", "no layer 4"]),
        ({"figures": {"balance": {"layer": 9}}}, ["figures.balance.layer", "no layer 9"]),
        ({"figures": {"shared_units": {"examples": [1]}}}, ["figures.shared_units.examples"]),
        (
            {"figures": {"unseen_category": {"held_out": 10}}},
            ["unseen_category.held_out", "no category 10", "fashionmnist has 10"],
        ),
        (
            {"figures": {"shared_units": {"examples": [3, 10]}}},
            ["shared_units.examples", "no category 10"],
        ),
        ({"datasets": {"Own": {"npz": "x.npz"}}}, ["datasets", "Own"]),
        ({"datasets": {"mnist": {"std": [0]}}}, ["datasets.mnist", "std is [0]", "above 0"]),
        (
            {"datasets": {"mnist": {"stands_for": "cifar"}}},
            ["datasets.mnist.stands_for", "'cifar'", "cifar10"],
        ),
        (
            {"datasets": {"mnist": {"stands_for": "mnist"}}},
            ["datasets.mnist.stands_for", "itself"],
        ),
        ({"figures": {"balance": {"dataset": "mnits"}}}, ["figures.balance.dataset", "'mnits'"]),
        ({"only": {"datasets": ["imagenet"]}}, ["only.datasets", "'imagenet'", "mnist"]),
        ({"only": {"models": ["fff"]}}, ["only.models", "'fff'", "bpff"]),
        (
            {"only": {"datasets": ["svhn"], "studies": ["l1-goodness"]}},
            ["only: leaves no experiment"],
        ),
        ({"only": {"seeds": 0}}, ["only.seeds", "0"]),
        ({"experiments": "config/none.tsv"}, ["config/none.tsv", "experiments"]),
        ({"reported": "config/nowhere"}, ["reported", "config/nowhere"]),
        ({"pathvars": {"results": "Makefile/results"}}, ["pathvars.results", "Makefile is a file"]),
        ({"pathvars": {"results": ""}}, ["pathvars.results", "folder of the results"]),
        ({"pathvars": {"logs": "results/{logs}"}}, ["pathvars.logs", "'{'"]),
        ({"experiments": ""}, ["experiments", "table of experiments"]),
    ],
)
def test_a_wrong_key_or_value_is_one_line_that_names_it(changes, named, monkeypatch):
    refused(lambda: check(changes, monkeypatch), *named)


def test_a_missing_key_is_named(monkeypatch):
    monkeypatch.chdir(ROOT)
    config = {key: value for key, value in CONFIG.items() if key != "device"}
    refused(lambda: check_config(config, shipped), "device is missing")


def test_a_folder_without_write_permission_is_named(tmp_path, monkeypatch):
    locked = tmp_path / "locked"
    locked.mkdir()
    # Root may write anywhere, so the operating system's answer is played here.
    monkeypatch.setattr("ffensembles.pipeline.folders.os.access", lambda path, _: path != locked)
    refused(
        lambda: check({"pathvars": {"results": str(locked / "results")}}, monkeypatch),
        "pathvars.results",
        str(locked),
    )


def write_rows(folder, *rows):
    path = folder / "experiments.tsv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return {"experiments": str(path)}


def edit(row, **cells):
    """Return a row with some of its cells changed."""
    values = dict(zip(HEADER.split("\t"), row.split("\t"), strict=True)) | cells
    return "\t".join(values.values())


# tests/test_experiments.py has the mistakes that the table shows by itself.


@pytest.mark.parametrize(
    ("cells", "named"),
    [
        ({"dataset": "imagenet"}, ["'imagenet'", "cifar10"]),
        ({"study": "without-3", "held_out": "5"}, ["without-3", "held_out", "5"]),
        ({"study": "without-3"}, ["without-3", "held_out", "nothing"]),
        ({"held_out": "3"}, ["study main", "held_out", "without-3"]),
        ({"study": "l1-goodness", "held_out": "3"}, ["l1-goodness", "held_out"]),
    ],
)
def test_a_row_that_the_pipeline_cannot_run_is_one_line(cells, named, tmp_path, monkeypatch):
    refused(
        lambda: check(write_rows(tmp_path, HEADER, edit(FF, **cells)), monkeypatch),
        *("experiments.tsv", *named),
    )


@pytest.mark.parametrize(
    "cells",
    [
        {"study": "without-5", "held_out": "5", "learning_rate": "0.01|0.02"},
        {"study": "without", "held_out": "5|6"},
        {"study": "without-shoes", "held_out": "5"},
    ],
)
def test_a_study_without_a_category_may_vary_what_it_likes(cells, tmp_path, monkeypatch):
    check(write_rows(tmp_path, HEADER, edit(FF, **cells)), monkeypatch)


def test_models_that_are_compared_by_layer_have_as_many_layers(tmp_path, monkeypatch):
    other = edit(FF, model="bpff", layers="4")
    for row in (other, edit(other, study="l1-goodness")):
        table = write_rows(tmp_path, HEADER, FF, row)
        refused(
            partial(check, table, monkeypatch),
            "on mnist, ff in study main has 3 layers, and bpff in study",
        )
    check(write_rows(tmp_path, HEADER, FF, edit(other, study="wider")), monkeypatch)


def test_columns_come_in_any_order(tmp_path, monkeypatch):
    def reverse(row):
        return "\t".join(reversed(row.split("\t")))

    check(write_rows(tmp_path, reverse(HEADER), reverse(FF)), monkeypatch)
    (experiment,) = read_experiments(tmp_path / "experiments.tsv")
    assert (experiment.epochs, experiment.batch_size) == (1200, 1024)


# What a user sees

MAIN_OF_BP = ["--config", "only={studies: [main], models: [bp]}", "--"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--config", "device=gpu"], "config: device: 'gpu'"),
        (["--config", "prestaged=nowhere", "--", "results/datasets/mnist.npz"], "nowhere"),
        (["results/analysis/mnist/ff/none/accuracy.parquet"], "no row for mnist / ff / none"),
        (
            [*MAIN_OF_BP, "results/tables/table11.csv"],
            "table11 shows experiments that are not there",
        ),
        ([*MAIN_OF_BP, "results/figures/figure14.png"], "figure14: no experiment with"),
        ([*MAIN_OF_BP, "results/figures/training-digits.png"], "no row for digits in study main"),
        ([*MAIN_OF_BP, "ablation"], "no row for a study whose name begins with ablation-"),
    ],
)
def test_snakemake_ends_in_one_line_without_a_traceback(arguments, named, tmp_path):
    for name in ("workflow", "config", "Snakefile", "docs"):
        (tmp_path / name).symlink_to(ROOT / name)
    run = run_snakemake(tmp_path, "-n", *arguments)
    assert run.status == 1
    assert "Traceback" not in run.out + run.err
    errors = [line for line in run.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert named in errors[0]
    assert run.err.strip().endswith(errors[0])
