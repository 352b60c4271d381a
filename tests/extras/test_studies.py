"""Studies of the user's own as Snakemake plans them, and rows that only bear a paper's name."""

import pytest

from ffensembles.extras.studies.catalogue import FIGURES, TABLES
from helpers.pipeline import copy_pipeline, finish, recorded, snakemake

# The study `wide` has no run 0, which the figures of the paper show.
ROWS = """
study dataset model seeds epochs learning_rate batch_size units
main mnist ff 1 5 0.01 1024 1000
main digits bp 1 5 0.001 128 200
wide digits ff 3-5 5 0.01 128 400
wide digits bp 4,5 5 0.001 128 400
"""
DEMO = ["-n", "--configfile", "config/demo.yaml", "--"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Return a copy in which that table has been run, to all appearances."""
    folder = copy_pipeline(tmp_path_factory.mktemp("studies"))
    (folder / "config/demo.tsv").write_text(ROWS.strip().replace(" ", "\t") + "\n", "utf-8")
    return finish(folder)


def test_all_makes_every_table_and_figure_of_a_study(finished):
    made = {
        path.relative_to(finished / "results/demo/studies/wide").with_suffix("").as_posix()
        for path in (finished / "results/demo/studies").rglob("*.*")
    }
    figures = {
        figure.place.format(dataset="digits", model=model)
        for figure in FIGURES
        for model in ("ff", "bp")
    }
    assert made == {*TABLES} - {"groups"} | figures  # which neither model assigns units to


def test_a_studys_results_are_made_by_their_bare_paths(tmp_path):
    folder = copy_pipeline(tmp_path)
    (folder / "config/demo.tsv").write_text(ROWS.strip().replace(" ", "\t") + "\n", "utf-8")
    place = "results/demo/studies/wide"
    wanted = [f"{place}/ensembles.csv", f"{place}/digits/bp/shared-units.png"]
    plan = snakemake(folder, *DEMO, *wanted)
    assert all(file in plan for file in wanted)
    assert "digits/ff/wide/ensembles.parquet" in plan
    assert "digits/ff/main/" not in plan and "digits/bp/main/" not in plan


def test_figures_show_the_first_run_of_a_study_that_lacks_the_run_of_the_others(finished):
    for model, seed in (("ff", 3), ("bp", 4)):
        job = recorded(finished, f"studies/wide/digits/{model}/activation-patterns.png")
        stored = f"results/demo/representations/digits/{model}/wide/seed-{seed}.parquet"
        assert [file for file in job["input"] if "/representations/" in file] == [stored]
        assert f"'seed': {seed}" in " ".join(job["params"])
    # Of all models of the study: the first run that they share.
    params = " ".join(recorded(finished, "studies/wide/digits/balance.png")["params"])
    assert "'seed': 4" in params


def test_what_only_bears_the_name_of_a_papers_row_is_told_wherever_it_is_judged(finished):
    judged = ["scorecard.csv", "claims.csv", "beyond/claims-by-factor.csv"]
    for file in ("tables/table1.csv", "tables/table6.csv", *judged):
        told = " ".join(recorded(finished, file)["params"])
        assert "mnist" in told and "epochs 5 instead of 1200" in told
    # Data that the paper has no numbers for, and a study of one's own, are no reproductions.
    assert "instead of" not in " ".join(recorded(finished, "studies/wide/accuracy.csv")["params"])
