"""Which experiments are selected, by what their columns say."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import yaml

from ffensembles.errors import UserError
from ffensembles.experiments import read_experiments
from ffensembles.paper.figures.catalogue import FIGURES
from ffensembles.pipeline import selection
from helpers import ROOT
from helpers.small_training import experiment

FF, BPFF, BP = (experiment(model) for model in ("ff", "bpff", "bp"))
ELSEWHERE = replace(BP, dataset="mnist")
WITHOUT_3 = replace(FF, study="without-3", held_out=3)


def test_unseen_categories_are_told_by_their_column():
    named = replace(FF, study="without-4")
    mine = replace(FF, study="mine", held_out=4)
    assert selection.unseen([FF, named, mine, WITHOUT_3]) == [mine, WITHOUT_3]


@pytest.mark.parametrize(
    ("seeds", "wanted", "shown"),
    [
        ([3, 2], 1, 1),
        ([(3, 4, 5)], 0, 3),
        ([3, (2, 3)], 0, 2),
        ([(0, 4, 5), (4, 5)], 0, 4),
        ([2, (3, 4)], 3, 0),
    ],
)
def test_the_run_shown_is_one_that_all_have(seeds, wanted, shown):
    rows = [SimpleNamespace(runs=(*range(s),) if isinstance(s, int) else s) for s in seeds]
    assert selection.seed_shown(rows, wanted) == shown


def test_of_studies_without_the_same_category_the_first_counts():
    again = replace(WITHOUT_3, study="again")
    other_model = replace(BP, study="again", held_out=3)
    assert selection.unseen([WITHOUT_3, again, other_model]) == [WITHOUT_3, other_model]


def test_baselines_saw_every_category_of_the_same_dataset():
    rows = [FF, ELSEWHERE, replace(FF, study="l1-goodness"), WITHOUT_3]
    assert selection.baselines(rows) == [FF]
    assert selection.unseen_and_baselines(rows) == [FF, WITHOUT_3]
    assert selection.unseen_and_baselines([WITHOUT_3]) == []
    assert selection.unseen_and_baselines([FF]) == []


def test_models_are_compared_where_all_were_trained():
    rows = [FF, BPFF, BP, ELSEWHERE]
    assert selection.with_all_models(rows) == [FF, BPFF, BP]
    assert selection.with_ff(rows) == [FF, BPFF, BP]
    assert selection.with_goodness(rows) == [FF, BPFF]


def test_a_figure_needs_the_run_that_it_shows():
    shown = {"dataset": "digits", "seed": 1}
    assert selection.runs(selection.FF, selection.BP)([BP, FF], shown) == [FF, BP]
    with pytest.raises(UserError, match="model ff, study main has a run 1"):
        selection.runs(selection.FF)([replace(FF, seeds=1)], shown)
    assert selection.all_models([BP, FF, ELSEWHERE], shown) == [BP, FF]
    with pytest.raises(UserError, match="model ff"):
        selection.all_models([BP], shown)


def test_a_figure_shows_one_unseen_category_or_several():
    rows = [FF, WITHOUT_3, replace(WITHOUT_3, study="without-5", held_out=5)]
    shown = {"dataset": "digits", "seed": 0}
    assert selection.unseen_shown(rows, shown | {"held_out": 5}) == rows[2:]
    assert selection.unseen_shown(rows, shown | {"held_out": [5, 3]}) == [rows[2], WITHOUT_3]
    with pytest.raises(UserError, match="held_out 4 has a run 0"):
        selection.unseen_shown(rows, shown | {"held_out": [3, 4]})


def test_a_run_that_nothing_has_is_told_by_the_first_figure_and_by_nothing_else():
    """Tables do not depend on figures.seed."""
    experiments = read_experiments(ROOT / "config/experiments.tsv")
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text("utf-8"))
    some = selection.figures_asked_for(FIGURES, experiments[:3], config)
    assert some and len(some) < len(FIGURES)
    config["figures"]["seed"] = 99
    assert selection.figures_asked_for(FIGURES, experiments, config) == list(FIGURES)
    with pytest.raises(UserError, match=r"has a run 99 \(config: figures.seed\)"):
        FIGURES[0].sources(experiments, config)
