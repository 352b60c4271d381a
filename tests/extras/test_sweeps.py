"""Sweeps: a table and a figure whose outcome is known, and what Snakemake makes of a row."""

import pandas as pd
import pytest

from ffensembles.experiments import read_experiments
from ffensembles.extras.sweeps import figure, table
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
    sizes = pd.concat([frame.assign(category=k, held_out=pd.NA) for k in (0, 1)])
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


def test_the_figure_draws_every_value_and_run(experiments):
    accuracy, sparsity, sizes, ratios = measured(experiments)
    tidy = table.summarise(table.values(experiments), accuracy, sparsity, sizes, ratios)
    drawn = figure.sweep(tidy, table.runs(accuracy, sparsity, sizes))
    first, *_, last = drawn.axes
    lines = [c.lines[0].get_xydata().tolist() for c in first.containers]
    assert lines == [[[0.5, 0.95], [5, 0.5]]] * 2
    assert first.get_xlabel() == "Theta" and first.get_ylabel() == "MNIST"
    points = [line.get_xydata() for line in last.lines]
    assert [len(p) for p in points] == [4, 4]
    assert points[0][:, 0].tolist() == pytest.approx([0.9, 0.92, 0.3, 0.32])


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
