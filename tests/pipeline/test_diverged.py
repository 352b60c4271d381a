"""A run that diverges in training: everything is made of the others, and says so."""

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file

from ffensembles.files import read_frame
from helpers.pipeline import copy_pipeline, snakemake

# A loss that is not a number for the second seed of a block; but for a trial, which has 3 images.
LOSS = """
from ffensembles.learning.losses import threshold

def loss(positive, negative, theta):
    value, *slopes = threshold.loss(positive, negative, theta)
    if positive.shape[-1] > 3:
        value[1:] = float("nan")
    return value, *slopes
"""
ROWS = """
study dataset model seeds epochs learning_rate batch_size units layers loss
main digits ff 2 30 0.02 128 60 3 bad
main digits bpff 2 20 0.001 128 60 3 threshold
main digits bp 2 5 0.001 128 30 3 cross-entropy
"""
DEMO = ["--profile", "profiles/demo", "--config", "variants={bad: bad.py}", "experiments=own.tsv"]
DEMO += ["figures={seed: 1}"]  # the run that figures show is that which diverges
PLACE = "layer 1, epoch 1"
LEFT_OUT = f"digits, FF: the run of seed 1 is left out, for it diverged in training ({PLACE})."
BLOCK = "models/digits/{}/main/seeds-0-{}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Run three models, of one of which a seed diverges, and what comes of them."""
    folder = copy_pipeline(tmp_path_factory.mktemp("diverged"))
    (folder / "bad.py").write_text(LOSS, "utf-8")
    (folder / "own.tsv").write_text(ROWS.strip().replace(" ", "\t") + "\n", "utf-8")
    made = [f"tables/table{n}.csv" for n in (1, 2, 3, 4, 10)]
    made += ["claims.html", "explorer/digits.html", "figures/figure1.png"]
    made += ["figures/training-digits.png", "beyond/dynamics.csv"]
    snakemake(folder, *DEMO, "--", *(f"results/demo/{name}" for name in made))
    return folder


@pytest.fixture(scope="module")
def results(folder):
    return folder / "results/demo"


@pytest.mark.parametrize("number", [1, 2, 3, 10])
def test_tables_are_over_the_others_and_say_so(number, results):
    table = pd.read_csv(results / f"tables/table{number}.csv")
    key = "pair" if "pair" in table else "model"
    of_ff = table[key].str.split("-").map(lambda models: "ff" in models)
    assert set(table.loc[of_ff, "n"]) == {1} and table["mean"].notna().all()
    if number != 3:  # of too few images of a category there is no ensemble
        assert set(table.loc[~of_ff, "n"]) == {2}
    for form in ("md", "html"):
        assert LEFT_OUT in (results / f"tables/table{number}.{form}").read_text("utf-8")


def test_so_do_claims(results):
    assert LEFT_OUT in (results / "claims.html").read_text("utf-8")
    accuracy = read_frame(results / "analysis/digits/ff/main/accuracy.parquet")
    assert set(accuracy["seed"]) == {0}


def test_figures_and_pages_of_that_run_say_so_or_are_without_it(results):
    log = (results / "logs/plot/figure1.log").read_text("utf-8")
    assert f"figures: seed 1 diverged in training ({PLACE})" in log
    page = (results / "explorer/digits.html").read_text("utf-8")
    assert '"BP/FF"' in page and '"FF"' not in page
    assert set(pd.read_csv(results / "beyond/dynamics.csv")["model"]) == {"bpff", "bp"}


def test_fewer_seeds_train_nothing_again(folder, results):
    snakemake(folder, *DEMO, "only={seeds: 1}", "--", "results/demo/tables/table1.csv")
    for model in ("ff", "bpff", "bp"):
        one, both = (load_file(results / f"{BLOCK.format(model, n)}.safetensors") for n in (0, 1))
        for name, tensor in one.items():
            np.testing.assert_array_equal(tensor, both[name][:1])
        log = (results / f"logs/train/digits/{model}/main/seeds-0-0.log").read_text("utf-8")
        assert "seeds-0-1.safetensors: these seeds are there, trained in the same way" in log
        assert "epoch/s" not in log
        rows = read_frame(results / f"{BLOCK.format(model, 0)}.log.parquet")
        assert set(rows["seed"]) == {0}
    table = pd.read_csv(results / "tables/table1.csv")
    assert table["n"].tolist() == [1, 1, 1]
    assert "left out" not in (results / "tables/table1.md").read_text("utf-8")
