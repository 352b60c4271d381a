"""The workflow as Snakemake plans it: every target, and what an edit makes anew."""

import os
import re
import shutil
from collections import defaultdict
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import jinja2
import numpy as np
import pytest
import yaml
from docutils.core import publish_string

from ffensembles.extras.beyond.questions import QUESTIONS
from ffensembles.paper.figures.catalogue import FIGURES
from ffensembles.paper.tables.catalogue import TABLES
from helpers import DATASETS
from helpers.pipeline import ROOT, copy_pipeline, plan, recorded, snakemake, two_studies


def edit(path, old, new):
    """Replace a text that a file holds once."""
    text = path.read_text("utf-8")
    assert text.count(old) == 1, f"{path.name} holds {old!r} {text.count(old)} times"
    path.write_text(text.replace(old, new), "utf-8")


# Every target


def planned(folder, *arguments):
    """Return the output files of every rule that a dry run would run, by rule."""
    jobs = re.findall(
        r"^(?:local)?rule (\w+):\n(?:    .*\n)*?    output: (.*)$",
        snakemake(folder, "-n", *arguments),
        re.MULTILINE,
    )
    files = defaultdict(set)
    for rule, output in jobs:
        files[rule] |= set(output.split(", "))
    return files


def expanded(target):
    """Return the targets that a shell makes of one with braces."""
    parts = re.split(r"{([\d,]+)}", target)
    choices = [part.split(",") if i % 2 else [part] for i, part in enumerate(parts)]
    return ["".join(chosen) for chosen in product(*choices)]


# The results that the README names as targets; a dry run fails where nothing makes one.
NAMED = re.findall(r"(?<![\w/])results/[\w./{},-]+", (ROOT / "README.md").read_text("utf-8"))
IN_README = {t for name in NAMED for t in expanded(name) if not t.startswith("results/demo")}
IN_README -= {"results/README.md"}


@pytest.mark.parametrize(
    ("results", "arguments"),
    [
        ("results", ["all", "ablation", *sorted(IN_README)]),
        ("results/demo", ["--profile", "profiles/demo"]),
    ],
    ids=["paper", "demo"],
)
def test_every_target_resolves(results, arguments, tmp_path):
    rules = planned(copy_pipeline(tmp_path), *arguments)
    files = set().union(*rules.values())
    tables = [f"tables/table{n}.{form}" for n in range(1, 14) for form in ("csv", "md", "html")]
    figures = [f"figures/figure{n}.{form}" for n in range(1, 15) for form in ("pdf", "png")]
    figures += [f"figures/figure{n}.csv" for n in (1, 2, 3, 4, 5, 10, 11, 12, 13, 14)]
    others = ["tables/significance.csv", "scorecard.csv", "claims.html", "provenance.html"]
    others += ["report.html"]
    assert {f"{results}/{name}" for name in tables + figures + others} <= files
    assert len(IN_README) > 30
    # The ablation is run when it is asked for, and then only.
    assert (f"{results}/tables/ablation.csv" in files) == ("ablation" in arguments)


def test_what_needs_other_models_is_left_out_of_a_run_of_one(tmp_path):
    demo = ["--profile", "profiles/demo", "--config", "only={models: [bp]}"]
    rules = planned(copy_pipeline(tmp_path), *demo)
    assert {"tabulate_table1", "tabulate_table9", "plot_figure2"} & set(rules) == {
        "tabulate_table1",
        "tabulate_table9",
    }
    assert {"evaluate_claims", "report"} <= set(rules)


# What an edit makes anew


@pytest.fixture
def edited(finished, tmp_path):
    """Return a copy of the finished run to edit."""
    folder = tmp_path / "edited"
    shutil.copytree(finished, folder, symlinks=True)  # keeps the times of files
    return folder


def test_measurements_are_told_the_category_that_was_held_out(finished):
    main, without = (
        " ".join(recorded(finished, f"analysis/digits/ff/{study}/ensembles.parquet")["params"])
        for study in ("main", "without-3")
    )
    assert "'held_out': None" in main and "'seeds': 2" in main
    assert "'held_out': 3" in without


def anew(plan):
    """Return the rules whose own code or settings changed, and all rules that would run."""
    origins = {rule for rule, status, _ in plan.values() if status == "params changed"}
    return origins, {rule for rule, _, pending in plan.values() if pending}


def test_comments_times_and_what_decides_no_result_rerun_nothing(edited):
    library = edited / "workflow/ffensembles"
    edit(
        library / "learning/perceptrons.py",
        '"""Divide each row of x',
        '"""A docstring. Divide each row of x',
    )
    for path in (library / "files.py", edited / "workflow/scripts/train.py"):
        path.write_text(f"# A comment.\n{path.read_text('utf-8')}\n# Another.\n", "utf-8")
    # A copy that lost its times, with a dataset larger than what Snakemake takes a checksum of.
    dataset, digest = (edited / f"results/demo/datasets/digits.{x}" for x in ("npz", "sha256"))
    with dataset.open("wb") as file:
        file.truncate(2**21)
    for path in (dataset, digest):
        path.touch()
    recorded = {"save_config", "show_provenance"}  # the record of all settings, but no result
    assert anew(plan(edited, "--config", "checkpoint_interval=7")) == ({"save_config"}, recorded)


def test_other_images_are_trained_on_anew(edited):
    (edited / "results/demo/datasets/digits.sha256").write_text("of other images\n")
    _, all_rules = anew(plan(edited))
    assert {"train", "extract_representations", "measure_representations"} <= all_rules


def test_a_module_reruns_the_rules_whose_results_it_can_change(edited):
    library = edited / "workflow/ffensembles"
    with (library / "analysis/probes.py").open("a", encoding="utf-8") as file:
        file.write("\n\nNEW = 1\n")
    edit(library / "paper/figures/balance.py", "BIN = 0.01", "BIN = 0.02")
    origins, all_rules = anew(plan(edited))
    assert origins == {"fit_probes", "plot_figure5"}
    # What is made from the probes, the page written after the last result, and nothing besides.
    shown = {"tabulate_table7", "tabulate_table8", "score", "evaluate_claims"}
    shown |= {"show_front", "show_provenance"}
    assert all_rules == origins | shown


def test_a_setting_retrains_its_row_and_new_seeds_train_their_own_block(edited):
    table = edited / "config/demo.tsv"
    edit(table, "main\tdigits\tbp\t2\t30\t0.001\t", "main\tdigits\tbp\t2\t30\t0.002\t")
    edit(table, "main\tdigits\tff\t2\t", "main\tdigits\tff\t3\t")  # the blocks hold two seeds
    after = plan(edited)
    trained = {file for file, (rule, _, pending) in after.items() if rule == "train" and pending}
    folder = "results/demo/models/digits"
    assert trained == {
        f"{folder}/{block}.{form}"
        for block in ("bp/main/seeds-0-1", "ff/main/seeds-2-2")
        for form in ("safetensors", "log.parquet", "snapshots.safetensors")
    }
    extracted = {
        file
        for file, (rule, _, pending) in after.items()
        if rule == "extract_representations" and pending
    }
    folder = "results/demo/representations/digits"
    assert extracted == {
        f"{folder}/{run}.parquet" for run in ("bp/main/seed-0", "bp/main/seed-1", "ff/main/seed-2")
    }
    measured = {
        Path(file).parent.name
        for file, (rule, _, pending) in after.items()
        if rule == "measure_representations" and pending
    }
    assert measured == {"main"}


def test_a_file_of_ones_own_counts_by_what_it_holds(tmp_path):
    folder = two_studies(copy_pipeline(tmp_path))
    own = folder / "own.npz"
    images, labels = np.arange(16, dtype=np.uint8).reshape(4, 2, 2), np.arange(4) % 2
    np.savez(own, images=images, labels=labels)
    with (folder / "config/datasets.yaml").open("a", encoding="utf-8") as file:
        file.write("  own: {npz: own.npz, categories: 2, test_share: 0.5}\n")
    wanted = "results/demo/datasets/own.npz"
    demo = ["--configfile", "config/demo.yaml", "--", wanted]
    snakemake(folder, "--cores", "1", *demo)
    later = own.stat().st_mtime + 100
    os.utime(own, (later, later))
    assert "Nothing to be done" in snakemake(folder, "-n", *demo)
    np.savez(own, images=images + 1, labels=labels)
    assert "rule fetch_dataset" in snakemake(folder, "-n", *demo)


def test_whatever_file_was_deleted_is_made_again(edited):
    files = {f"results/demo/{name}" for name in ("tables/table3.csv", "figures/figure2.pdf")}
    files |= {"results/demo/claims.csv"}  # none of which is made from another
    for file in files:
        (edited / file).unlink()
    assert files <= {made for made, (_, _, pending) in plan(edited).items() if pending}


def added(folder):
    """Add a goodness, a loss, a dataset and a kind of one's own, and rows that name them."""
    library = folder / "workflow/ffensembles"
    (library / "learning/goodness/cubic.py").write_text(
        "import torch\n\n\ndef value(h):\n    return torch.linalg.vector_norm(h, 3, -1)\n"
    )
    (library / "learning/losses/hinge.py").write_text(
        "def loss(positive, negative, theta):\n"
        "    return ((theta - positive).relu() + (negative - theta).relu()).mean(-1)\n"
    )
    np.savez(folder / "own.npz", images=np.zeros((4, 2, 2), np.uint8), labels=np.arange(4) % 2)
    with (folder / "config/datasets.yaml").open("a", encoding="utf-8") as file:
        file.write("  own: {npz: own.npz, categories: 2, test_share: 0.5}\n")
    shutil.copy(ROOT / "docs/examples/local.py", folder / "mine.py")
    table = folder / "config/demo.tsv"
    text = table.read_text("utf-8")
    (row,) = (line for line in text.splitlines() if line.startswith("main\tdigits\tff\t"))
    cells = row.split("\t")
    rows = [
        row.replace("main\t", "cubic\t").replace("\tl2\tl2\t", "\tcubic\tl2\t"),
        row.replace("main\t", "hinge\t").replace("\tthreshold\t", "\thinge\t"),
        row.replace("main\tdigits\t", "images\town\t"),
        "\t".join(["kind", "digits", "mine", *cells[3:8], "2"] + ["-"] * len(cells[9:])),
    ]
    table.write_text(text + "\n".join(rows) + "\n", "utf-8")


def test_what_is_added_or_changed_trains_what_names_it_alone(edited):
    before = {p.relative_to(edited).as_posix() for p in (edited / "results").rglob("*.*")}
    added(edited)
    library = edited / "workflow/ffensembles"
    edit(library / "learning/goodness/l1.py", "activations.sum(-1)", "sum(-1)")  # nobody names it
    own = ["--config", "variants={mine: mine.py}"]
    after = plan(edited, *own)
    trained = {file for file, (rule, _, pending) in after.items() if rule == "train" and pending}
    assert trained and not trained & before
    assert {Path(file).parts[3:6] for file in trained} == {
        ("digits", "ff", "cubic"),
        ("digits", "ff", "hinge"),
        ("own", "ff", "images"),
        ("digits", "mine", "kind"),
    }
    anew = {rule for file, (rule, _, pending) in after.items() if pending and file in before}
    assert anew <= {"save_config", "show_provenance", "tabulate_table6"}

    edit(library / "learning/losses/threshold.py", ".mean(-1) / 2", ".mean(-1)")
    models = {
        Path(file).parts[4]
        for file, (rule, status, _) in plan(edited, *own).items()
        if rule == "train" and status == "params changed"
    }
    assert models == {"ff", "bpff"}


# What every rule has


@pytest.mark.parametrize(
    ("file", "rule"),
    [
        (path, rule)
        for path in sorted((ROOT / "workflow").rglob("*.smk"))
        for rule in re.split(r"(?m)^(?= *(?:use )?rule\b)", path.read_text("utf-8"))
        if "    script:" in rule
    ],
    ids=lambda part: part.stem if isinstance(part, Path) else re.search(r"\w+", part[4:])[0],
)
def test_a_rule_carries_the_fingerprint_of_its_own_script(file, rule):
    (script,) = re.findall(r'script:\n +"(.+)"', rule)
    path = (file.parent / script).resolve()
    assert path.is_file()
    taken = re.findall(r'code(?:_of)?\(\s*"(.+?)"', rule)
    taken += ["scripts/measure.py"] * rule.count("settings_of(measurement)")
    taken += ["scripts/plot.py"] * rule.count("drawing_of(figure)")
    # Without a result there is none to keep up to date.
    assert taken == [str(path.relative_to(ROOT / "workflow"))] or "output:" not in rule


def test_every_script_and_caption_is_used():
    used = {
        (file.parent / path).resolve()
        for file in (ROOT / "workflow").rglob("*.smk")
        for path in re.findall(r'"([\w./-]+\.(?:py|rst))"', file.read_text("utf-8"))
    }
    catalogues = {
        ROOT / "workflow/report": [row.name for row in (*TABLES.values(), *FIGURES)] + ["workflow"],
        ROOT / "workflow/ffensembles/extras/beyond/captions": [*QUESTIONS],
    }
    used |= {folder / f"{name}.rst" for folder, names in catalogues.items() for name in names}
    there = {*(ROOT / "workflow").rglob("scripts/*.py"), *(ROOT / "workflow").rglob("*.rst")}
    assert there - used == set()


def configuration(*names):
    """Return the config of the files, laid one over the other."""
    config = {}
    for name in names:
        for key, value in yaml.safe_load((ROOT / "config" / name).read_text("utf-8")).items():
            old = config.get(key)
            config[key] = old | value if isinstance(old, dict) else value
    return config


@pytest.mark.parametrize("names", [["config.yaml"], ["config.yaml", "demo.yaml"]])
@pytest.mark.parametrize(
    "path", sorted((ROOT / "workflow/report").glob("*.rst")), ids=lambda path: path.stem
)
def test_a_caption_renders_for_any_config(path, names, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    front = Path(configuration(*names)["pathvars"]["results"], "front.html")
    front.parent.mkdir(parents=True)
    front.write_text("<p>What came out.</p>")
    dataset = configuration(*names)["figures"]["balance"]["dataset"]
    about = SimpleNamespace(
        config=configuration(*names),
        params={"settings": {"seed": 0, "layer": 2, "held_out": 5}, "names": DATASETS},
        wildcards={"dataset": dataset},
    )
    # As Snakemake renders it, but strict.
    environment = jinja2.Environment(
        trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    text = environment.from_string(path.read_text("utf-8")).render(snakemake=about, files=[])
    strict = {"halt_level": 2, "report_level": 5, "output_encoding": "unicode"}
    assert "<p>" in publish_string(text, writer="html5", settings_overrides=strict)
    assert len(text.split()) > 12


def test_scripts_read_the_inputs_that_their_rules_have():
    seen = set()
    for rules in (ROOT / "workflow").rglob("*.smk"):
        for rule in re.split(r"^ *rule ", rules.read_text("utf-8"), flags=re.MULTILINE)[1:]:
            named = re.search(r'^ *script:\s+"([^"]+)"', rule, re.MULTILINE)
            inputs = re.search(r"^ *input:\n(.*?)^ *output:\n", rule, re.MULTILINE | re.DOTALL)
            if not (named and inputs) or "**" in inputs[1] or "unpack" in inputs[1]:
                continue
            script = (rules.parent / named[1]).read_text("utf-8")
            read = set(re.findall(r"\b(?:snakemake\.input|files)\.([a-z_]+)\b(?!\()", script))
            assert read <= set(re.findall(r"^ +(\w+)=", inputs[1], re.MULTILINE)), named[1]
            seen |= {named[1]} if read else set()
    assert len(seen) > 5
