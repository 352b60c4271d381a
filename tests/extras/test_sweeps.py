"""Sweeps: a table and a figure whose outcome is known, and what Snakemake makes of a row."""

from dataclasses import replace

import pandas as pd
import pytest

from ffensembles.experiments import read_experiments
from ffensembles.extras.sweeps import answer, figure, table
from ffensembles.printing.names import name_datasets
from helpers.pipeline import copy_pipeline, snakemake

ROWS = """
study dataset model seeds epochs learning_rate batch_size units layers theta
level mnist ff|bpff 2 5 0.01 1024 100 2 0.5|5
"""


@pytest.fixture
def experiments(tmp_path):
    name_datasets({"mnist": {"name": "MNIST", "categories": list("ab")}})
    path = tmp_path / "e.tsv"
    path.write_text(ROWS.strip().replace(" ", "\t") + "\n")
    return read_experiments(path)


def measured(experiments):
    """Return measurements: the larger θ, the lower the accuracy and the sparsity."""
    rows = []
    for e in experiments:
        for seed in e.runs:
            for layer in (1, 2):
                keys = dict(zip(table.EXPERIMENT, e.key, strict=True)) | {"seed": seed}
                s = (0.9 if e.theta < 1 else 0.3) + 0.02 * seed
                rows.append(
                    keys
                    | dict(layer=layer, accuracy=1 - e.theta / 10, sparsity=s, size=3, units=60)
                )
    frame = pd.DataFrame(rows).assign(category=pd.NA)
    sizes = pd.concat([frame.assign(category=k, held_out=pd.NA, activation=1.0) for k in (0, 1)])
    ratios = pd.DataFrame({"dataset": ["mnist"], "participation": [12.5], "pixels": [784]})
    return frame[frame["layer"] == 1].drop(columns="layer"), frame, sizes, ratios


def test_the_table_has_mean_and_deviation_over_runs_for_each_value(experiments):
    tidy = table.summarise(table.values(experiments), *measured(experiments))
    assert tidy["varied"].unique().tolist() == ["theta"]
    ff = tidy[(tidy["model"] == "ff") & (tidy["value"] == "5.0")].set_index("quantity")
    assert ff.loc["accuracy", ["mean", "std", "n"]].tolist() == pytest.approx([0.5, 0, 2])
    assert ff.loc["sparsity", "mean"].tolist() == pytest.approx([0.31, 0.31])
    assert ff.loc["sparsity", "std"].iloc[0] == pytest.approx(0.02 / 2**0.5)
    assert ff.loc["ensembles", "mean"].tolist() == pytest.approx([5, 5])
    assert ff.loc["participation", "mean"] == 12.5
    grid = table.printed("level", tidy).grid
    assert list(grid.columns) == ["Accuracy", "S 1", "S 2", "E 1", "E 2", "PR"]
    assert grid.loc[("MNIST", "BP/FF", "0.5"), "E 1"] == "5.00 ± 0.00"
    assert grid.loc[("MNIST", "BP/FF", "5.0"), "E 1"] == "–"  # not sparse


def test_the_ensemble_of_a_held_out_category_is_told_apart(experiments):
    rows = [replace(e, held_out=k, sweep=("unseen", "held_out")) for k, e in enumerate(experiments)]
    of_ff = [e for e in rows if e.model == "ff"]
    accuracy, sparsity, sizes, ratios = measured(of_ff)
    sizes["held_out"] = sizes["study"].map({e.study: e.held_out for e in of_ff})
    own = sizes["category"] == sizes["held_out"]
    sizes.loc[own, ["size", "activation"]] = 6, 0.5
    tidy = table.summarise(table.values(of_ff), accuracy, sparsity, sizes, ratios)
    grid = table.printed("unseen", tidy).grid
    assert list(grid.index) == [("MNIST", "FF", "a"), ("MNIST", "FF", "b")]
    assert grid.loc[("MNIST", "FF", "a"), ["E 1", "U 1", "A 1"]].tolist() == [
        "7.50 ± 0.00",
        "10.00 ± 0.00",
        "0.50 ± 0.00",
    ]
    [(of, word, numbers)] = answer.answers(tidy)
    assert of == "MNIST, FF" and word == "weaker"
    assert "without each of a, b: layer 1 (a only) weaker: 10 % of the units" in numbers
    assert "(all ensembles 8 %), 0.50 times as active" in numbers
    layers = tidy["quantity"] == "sparsity"
    tidy.loc[layers, "mean"] = 0.6
    assert "b: layer 1 weaker: 10 % of the units" in next(answer.answers(tidy))[2]
    # A network that saw every category may stand beside them.
    baseline = tidy[tidy["value"] == "a"].assign(study="none", value="-")
    baseline = baseline[~baseline["quantity"].isin(["unseen", "activity"])]
    assert list(answer.answers(pd.concat([baseline, tidy]))) == list(answer.answers(tidy))
    whole = replace(of_ff[0], held_out=None)
    assert [table.value_of(row) for row in table.values([whole])] == ["-"]
    tidy.loc[layers, "mean"] = 0.4
    assert next(answer.answers(tidy))[1:] == (
        "no sparse layer",
        "mean of 2 runs without each of a, b: S 0.40, so no ensembles are defined",
    )


def test_the_figure_draws_every_value(experiments):
    tidy = table.summarise(table.values(experiments), *measured(experiments))
    drawn = figure.sweep(tidy)
    first, *_, last = drawn.axes
    lines = [c.lines[0].get_xydata().tolist() for c in first.containers]
    assert lines == [[[0.5, 0.95], [5, 0.5]]] * 2
    assert first.get_xlabel() == "Theta" and first.get_ylabel() == "MNIST"
    sizes = [c.lines[0].get_xydata() for c in drawn.axes[2].containers]
    of_ensembles = tidy["quantity"] == "ensembles"
    sparse = tidy[table.is_defined(tidy) & of_ensembles]  # the others have no ensembles
    assert sum(map(len, sizes)) == len(sparse) < of_ensembles.sum()
    points = [c.lines[0].get_xydata() for c in last.containers]
    assert [len(p) for p in points] == [2, 2]
    assert sorted(points[0].ravel().tolist()) == pytest.approx([0.31, 0.5, 0.91, 0.95])


def test_values_that_span_decades_are_named_on_a_logarithmic_axis(experiments):
    tidy = table.summarise(table.values(experiments), *measured(experiments))
    tidy["value"] = tidy["value"].replace("5.0", "50")
    axes = figure.sweep(tidy).axes[0]
    assert axes.get_xscale() == "log" and axes.get_xticks(minor=True).size == 0
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0.5", "50"]


def test_a_sweep_is_made_by_its_name_and_has_no_tables_of_single_studies(tmp_path):
    folder = copy_pipeline(tmp_path)
    rows = ROWS.replace("mnist", "digits").strip().replace(" ", "\t")
    (folder / "config/demo.tsv").write_text(rows + "\n", "utf-8")
    demo = ["-n", "--configfile", "config/demo.yaml", "--"]
    plan = snakemake(folder, *demo, "sweeps")
    made = [f"results/demo/sweeps/level.{form}" for form in ("csv", "html", "pdf", "png")]
    assert all(file in plan for file in made)
    assert "digits/bpff/level-theta-5/accuracy.parquet" in plan
    assert "results/demo/analysis/digits/participation.parquet" in plan
    everything = snakemake(folder, *demo, "all")
    assert "results/demo/sweeps/level.png" in everything and "demo/studies/" not in everything
    part = snakemake(folder, *demo[:-1], "--config", "only={studies: [level]}", "--", "sweeps")
    assert "results/demo/sweeps/level.png" in part


def a_sweep(values, by_layer, accuracy, std=float("nan"), n=1, ratios=None, varied="theta"):
    """Return the table of a sweep of one model whose S is given, layer by layer."""
    rows = []
    for place, value in enumerate(values):
        keys = dict(dataset="mnist", model="ff", study=f"level-{place}", varied=varied, value=value)
        ratio = ratios[place] if ratios else 12.5
        for quantity, layer, mean in [
            ("accuracy", pd.NA, accuracy[place]),
            *(("sparsity", layer, s[place]) for layer, s in enumerate(by_layer, 1)),
            *(("ensembles", layer, 100 - 100 * s[place]) for layer, s in enumerate(by_layer, 1)),
            ("participation", pd.NA, ratio),
        ]:
            rows.append(keys | dict(quantity=quantity, layer=layer, mean=mean, std=std, n=n))
    return pd.DataFrame(rows).astype({"layer": "Int64"})


def test_the_word_of_a_sweep_follows_from_its_sparsity(experiments):
    values, learned = ["1", "2", "3", "4"], [0.8, 0.9, 0.9, 0.9]
    up, down, flat, peak = (
        [0.3, 0.4, 0.6, 0.8],
        [0.9, 0.7, 0.6, 0.2],
        [0.6] * 4,
        [0.3, 0.9, 0.9, 0.3],
    )

    def word(*by_layer, **others):
        return answer.answer(a_sweep(values, by_layer, learned, **others))[0]

    assert word(up) == "rises" and word(down) == "falls"
    assert word(flat) == "hardly changes" and word(peak) == "changes"
    assert word(up, up) == "rises" and word(up, flat) == "by layer"
    assert word([0.50, 0.55, 0.60, 0.64]) == "hardly changes"  # less than a clear contrast
    assert word(up, std=0.2, n=3) == "hardly changes"  # less than runs differ
    named = a_sweep(["l1", "l2", "l3", "l9"], [up], learned, varied="goodness")
    assert answer.answer(named)[0] == "changes"  # names have no order


def test_a_value_at_which_nothing_is_learned_is_left_out(experiments):
    tidy = a_sweep(["1", "2", "3"], [[0.5, 0.5, 0.9]], [0.9, 0.8, 0.1])
    [(of, word, numbers)] = answer.answers(tidy)
    assert of == "MNIST, FF" and word == "hardly changes"
    assert "accuracy 0.800 (at 2) to 0.900 (at 1)" in numbers and numbers.endswith("learned: 3")


def test_datasets_are_ordered_by_how_compressible_they_are(experiments):
    values, s = ["plain", "noise", "smooth"], [0.6, 0.9, 0.3]
    tidy = a_sweep(values, [s], [0.9] * 3, ratios=[20, 30, 10], varied="dataset")
    assert [a[:2] for a in answer.answers(tidy)] == [("FF", "rises")]
    grid = table.printed("input", tidy).grid
    assert list(grid.index) == [("FF", name) for name in values]
