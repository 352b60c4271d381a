"""The catalogue of figures: each row is complete, and chooses its experiments."""

import dataclasses
import inspect

import pytest
import yaml

from ffensembles.errors import UserError
from ffensembles.experiments import read_experiments
from ffensembles.lookup import named
from ffensembles.paper.figures.catalogue import FIGURES
from helpers import ROOT

EXPERIMENTS = read_experiments(ROOT / "config" / "experiments.tsv")
CONFIG = yaml.safe_load((ROOT / "config" / "config.yaml").read_text("utf-8"))
BY_NUMBER = {figure.number: figure for figure in FIGURES}


def keys(figure):
    """Return model and study of the experiments that a figure shows."""
    (chosen,) = {tuple(found) for found in figure.sources(EXPERIMENTS, CONFIG).values()}
    return [(e.model, e.study) for e in chosen]


def test_the_paper_has_fourteen_figures():
    assert list(BY_NUMBER) == list(range(1, 15))


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_every_figure_has_a_caption_and_a_function_that_takes_its_files_and_settings(figure):
    assert (ROOT / "workflow" / "report" / f"{figure.name}.rst").is_file()
    function = named(f"paper.figures.{figure.draw}")
    files = {artefact.name: [] for artefact in figure.sources(EXPERIMENTS, CONFIG)}
    inspect.signature(function).bind(**files, **figure.settings(CONFIG))


def test_figures_show_the_experiments_that_the_paper_shows():
    assert keys(BY_NUMBER[4]) == [("ff", "without-5")]
    assert keys(BY_NUMBER[8]) == [("bpff", "main")]
    assert keys(BY_NUMBER[11]) == [("ff", f"without-{k}") for k in (2, 4, 9)]
    assert keys(BY_NUMBER[12]) == [("bp", "l1-regularised"), ("ff", "main")]
    assert keys(BY_NUMBER[5]) == [(model, "main") for model in ("ff", "bpff", "bp")]
    assert len(keys(BY_NUMBER[13])) == 12


def test_a_figure_shows_its_own_layer_or_the_one_of_the_config():
    assert [figure.settings(CONFIG).get("layer") for figure in FIGURES] == [
        *(1, None, 1, 1, 2, 2, 3, 1, 1, 1, 1, 1, None, 1),
    ]
    assert BY_NUMBER[3].settings(CONFIG) == {"seed": 0, "layer": 1, "examples": [2, 4]}


def test_a_figure_says_what_it_lacks():
    without_5 = [e for e in EXPERIMENTS if e.held_out != 5]
    lacking = "figure4: no experiment with dataset fashionmnist, model ff, held_out 5 has a run 0"
    with pytest.raises(UserError, match=lacking):
        BY_NUMBER[4].sources(without_5, CONFIG)
    config = {"figures": CONFIG["figures"] | {"seed": 10}}  # there are runs 0 to 9
    with pytest.raises(UserError, match="figure1: no experiment with dataset mnist"):
        BY_NUMBER[1].sources(EXPERIMENTS, config)


@pytest.mark.parametrize(("number", "layers", "word"), [(7, 2, "layer 3"), (5, 1, "layer 2")])
def test_a_figure_of_a_layer_that_a_network_lacks_says_so(number, layers, word):
    shallow = [dataclasses.replace(e, layers=layers) for e in EXPERIMENTS]
    with pytest.raises(UserError, match=f"figure{number}: shows {word}, and ff on mnist in study"):
        BY_NUMBER[number].sources(shallow, CONFIG)
    assert BY_NUMBER[6 if layers == 2 else 1].sources(shallow, CONFIG)


def test_the_study_of_an_unseen_category_is_found_by_its_column():
    renamed = [
        type(e)(**{**vars(e), "study": "anything"}) if e.held_out == 5 else e for e in EXPERIMENTS
    ]
    (found,), *_ = BY_NUMBER[4].sources(renamed, CONFIG).values()
    assert (found.study, found.model, found.held_out) == ("anything", "ff", 5)
