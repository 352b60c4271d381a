"""A model of one's own is one file: the pipeline takes it from there to the report.

That it trains nothing else anew is seen in tests/pipeline/test_workflow.py.
"""

import shutil

import pandas as pd
import pytest

from ffensembles.files import read_frame
from helpers import ROOT
from helpers.forks import run_snakemake
from helpers.pipeline import EVERYTHING, copy_pipeline, snakemake

EXAMPLE = ROOT / "docs/examples/local.py"
OWN = ["--config", "variants={mine: mine.py}"]
TABLE = """
study dataset model seeds epochs learning_rate batch_size units layers
own digits ff 1 3 0.02 256 30 2
own digits mine 1 3 0.01 256 30 2
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Run a table of two rows on the demo's data, one of a model in a file beside it."""
    folder = copy_pipeline(tmp_path_factory.mktemp("own"))
    shutil.copy(EXAMPLE, folder / "mine.py")
    (folder / "mine.tsv").write_text(TABLE.strip().replace(" ", "\t") + "\n", "utf-8")
    wanted = ["report", "results/demo/analysis/digits/own/probes.parquet"]
    demo = ["--profile", "profiles/demo", *OWN, "experiments=mine.tsv", "--"]
    snakemake(folder, *demo, *wanted)
    return folder / "results/demo"


def test_it_is_measured_as_others_are(results):
    for name in ("accuracy", "sparsity", "ensembles", "significance"):
        both = [
            read_frame(results / f"analysis/digits/{m}/own/{name}.parquet") for m in ("ff", "mine")
        ]
        assert set(both[0]) == set(both[1])
        assert set(both[1]["model"]) == {"mine"} and len(both[1])
    probes = read_frame(results / "analysis/digits/own/probes.parquet")
    assert set(probes["model"]) == {"ff", "mine"}
    accuracy = pd.read_csv(results / "studies/own/accuracy.csv").set_index("model")["mean"]
    assert accuracy["mine"] > 0.5


def test_tables_and_figures_call_it_by_its_name_and_say_what_it_lacks(results):
    study = results / "studies/own"
    assert "Local" in (study / "sparsity.md").read_text("utf-8")
    weights = (study / "positive-weights.md").read_text("utf-8")
    assert "Local is left out: its units have no incoming weights." in weights
    assert set(pd.read_csv(study / "positive-weights.csv")["model"]) == {"ff"}
    assert not (results / "analysis/digits/mine/own/balance.parquet").exists()
    for place in ("activation-patterns", "shared-units"):
        assert (study / f"digits/mine/{place}.png").stat().st_size > 5000
    assert "Local" in (results / "provenance.html").read_text("utf-8")
    assert (results / "report.html").stat().st_size > 10**6


def test_a_mistake_in_it_ends_the_run_before_it_starts(tmp_path):
    folder = copy_pipeline(tmp_path)
    text = EXAMPLE.read_text("utf-8").replace("return total", "return total * float('nan')")
    (folder / "mine.py").write_text(text, "utf-8")
    (folder / "mine.tsv").write_text(TABLE.strip().replace(" ", "\t") + "\n", "utf-8")
    run = run_snakemake(folder, *OWN, "experiments=mine.tsv", *EVERYTHING)
    assert run.status == 1
    (said,) = (line for line in run.err.splitlines() if "mine.py" in line)
    assert said.startswith("error: ") and "the loss is not finite" in said
