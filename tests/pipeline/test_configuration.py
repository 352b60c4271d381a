"""The config, its schema and its documentation agree, and mistakes in it end in one line."""

import copy
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ffensembles.data.datasets import DATASETS
from ffensembles.errors import UserError
from ffensembles.experiments import CHOICES, COLUMNS, read_experiments
from ffensembles.models.label_embedding import CATEGORIES
from ffensembles.pipeline.configuration import check_config, check_experiments, narrow
from ffensembles.printing import names
from helpers import ROOT

SCHEMA_FILE = ROOT / "workflow/schemas/config.schema.yaml"
SCHEMA = yaml.safe_load(SCHEMA_FILE.read_text(encoding="utf-8"))
DEFINITIONS = SCHEMA["$defs"]
README = (ROOT / "config/README.md").read_text(encoding="utf-8")
CONFIG = yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))
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


def check(changes, monkeypatch):
    """Check the config with changes as the Snakefile does; return its experiments."""
    monkeypatch.chdir(ROOT)
    config = merge(CONFIG, changes)
    check_config(config, SCHEMA_FILE)
    rows = narrow(read_experiments(config["experiments"]), config["only"])
    check_experiments(rows, config)
    return rows


def one_line(error):
    """Return the message of an error, which must be one line."""
    message = str(error.value)
    assert message and "\n" not in message
    return message


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
            if name != "only":  # holds whatever a user wants to narrow
                compare(value, config[name] if isinstance(config[name], dict) else {})

    compare(SCHEMA, CONFIG)


def test_every_key_is_documented_with_what_it_holds_and_nothing_else_is():
    rows = dict(documented("key"))
    below = {
        f"{name}.{key}": value
        for name in ("only", "pathvars", "significance", "figures")
        for key, value in properties(SCHEMA["properties"][name]).items()
    }
    assert set(rows) == {*SCHEMA["properties"], *below}
    assert len(rows) == len(documented("key"))
    for name, value in below.items():
        assert all(f"`{key}`" in rows[name] for key in properties(value)), name


def test_every_column_is_documented_and_nothing_else_is():
    assert [name for name, _ in documented("column")] == COLUMNS


def test_every_allowed_word_is_documented():
    rows = dict(documented("key") + documented("column"))
    words = {key: v["enum"] for key, v in SCHEMA["properties"].items() if "enum" in v}
    method = properties(SCHEMA["properties"]["significance"])["method"]
    words |= {"significance.method": method["enum"], **CHOICES, "dataset": [*DATASETS]}
    for name, allowed in words.items():
        for word in set(allowed) - {"none"}:  # which is written `-` in the table of experiments
            assert f"`{word}`" in rows[name], f"{name}: {word}"


# What is right


@pytest.mark.parametrize("changes", [{}, DEMO], ids=["config", "demo"])
def test_the_configs_that_come_with_the_pipeline_are_right(changes, monkeypatch):
    rows = check(changes, monkeypatch)
    assert {e.model for e in rows} == {"ff", "bpff", "bp"}


def test_every_dataset_and_its_categories_have_names():
    assert set(names.DATASETS) == set(names.CATEGORIES) == set(DATASETS)
    assert {len(categories) for categories in names.CATEGORIES.values()} == {CATEGORIES}


def test_the_paper_is_the_default(monkeypatch):
    rows = {e.key: e for e in check({}, monkeypatch)}
    assert rows["mnist", "ff", "main"].epochs == 1200  # Table 6
    assert rows["svhn", "bpff", "main"].learning_rate == 1e-4
    assert rows["cifar10", "bp", "main"].units == 3072
    assert {e.seeds for e in rows.values() if e.study == "main"} == {10}
    assert {e.held_out for e in rows.values() if e.study.startswith("without-")} == set(range(10))


def test_only_narrows_and_caps(monkeypatch):
    # Inside braces on the command line, Snakemake leaves numbers as text.
    only = {"datasets": ["fashionmnist"], "studies": ["main"], "seeds": "2", "epochs": 90}
    rows = {e.model: e for e in check({"only": only}, monkeypatch)}
    assert [(m, e.seeds, e.epochs) for m, e in rows.items()] == [
        ("ff", 2, 90),
        ("bpff", 2, 90),
        ("bp", 2, 80),
    ]


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
        ({"random_seed": "7"}, ["random_seed", "'7'", "without quotes"]),
        ({"checkpoint_interval": "soon"}, ["checkpoint_interval", "'soon'", "seconds"]),
        ({"probe_layers": []}, ["probe_layers"]),
        ({"probe_layers": [1, 4]}, ["probe_layers", "no layer 4"]),
        ({"figures": {"balance": {"layer": 9}}}, ["figures.balance.layer", "no layer 9"]),
        ({"figures": {"seed": 10}}, ["figures.seed", "10"]),
        ({"figures": {"shared_units": {"examples": [1]}}}, ["figures.shared_units.examples"]),
        ({"figures": {"unseen_category": {"held_out": 10}}}, ["unseen_category.held_out", "10"]),
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
    ],
)
def test_a_wrong_key_or_value_is_one_line_that_names_it(changes, named, monkeypatch):
    with pytest.raises(UserError) as error:
        check(changes, monkeypatch)
    for word in named:
        assert word in one_line(error)


def test_a_missing_key_is_named(monkeypatch):
    monkeypatch.chdir(ROOT)
    config = {key: value for key, value in CONFIG.items() if key != "device"}
    with pytest.raises(UserError) as error:
        check_config(config, SCHEMA_FILE)
    assert "device is missing" in one_line(error)


@pytest.mark.parametrize("text", ["1e-4", '"60"'])
def test_a_number_that_yaml_reads_as_text_is_caught_and_explained(text, monkeypatch):
    with pytest.raises(UserError) as error:
        check(yaml.safe_load(f"checkpoint_interval: {text}"), monkeypatch)
    assert "checkpoint_interval" in one_line(error)
    assert "1.0e-4" in one_line(error)


def test_a_folder_without_write_permission_is_named(tmp_path, monkeypatch):
    locked = tmp_path / "locked"
    locked.mkdir()
    # Root may write anywhere, so the operating system's answer is played here.
    monkeypatch.setattr(
        "ffensembles.pipeline.configuration.os.access", lambda path, _: path != locked
    )
    with pytest.raises(UserError) as error:
        check({"pathvars": {"results": str(locked / "results")}}, monkeypatch)
    assert "pathvars.results" in one_line(error)
    assert str(locked) in one_line(error)


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
    ],
)
def test_a_row_that_the_pipeline_cannot_run_is_one_line(cells, named, tmp_path, monkeypatch):
    with pytest.raises(UserError) as error:
        check(write_rows(tmp_path, HEADER, edit(FF, **cells)), monkeypatch)
    for word in ("experiments.tsv", *named):
        assert word in one_line(error)


def test_columns_come_in_any_order(tmp_path, monkeypatch):
    def reverse(row):
        return "\t".join(reversed(row.split("\t")))

    check(write_rows(tmp_path, reverse(HEADER), reverse(FF)), monkeypatch)
    (experiment,) = read_experiments(tmp_path / "experiments.tsv")
    assert (experiment.epochs, experiment.batch_size) == (1200, 1024)


# What a user sees


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--config", "device=gpu"], "config: device: 'gpu'"),
        (["--config", "prestaged=nowhere", "--", "results/datasets/mnist.npz"], "nowhere"),
        (["results/analysis/mnist/ff/none/accuracy.parquet"], "no row for mnist / ff / none"),
    ],
)
def test_snakemake_ends_in_one_line_without_a_traceback(arguments, named, tmp_path):
    for name in ("workflow", "config", "Snakefile", "docs"):
        (tmp_path / name).symlink_to(ROOT / name)
    snakemake = shutil.which("snakemake", path=str(Path(sys.executable).parent)) or "snakemake"
    run = subprocess.run(
        [snakemake, "-n", *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert run.returncode == 1
    assert "Traceback" not in run.stdout + run.stderr
    errors = [line for line in run.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert named in errors[0]
    assert run.stderr.strip().endswith(errors[0])
