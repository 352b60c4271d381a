"""The catalogue of tables: each row is complete, and chooses its experiments."""

import pytest

from ffensembles.errors import UserError
from ffensembles.experiments import read_experiments
from ffensembles.paper.tables import reported
from ffensembles.paper.tables.catalogue import TABLES
from helpers import REPORTED, ROOT

EXPERIMENTS = read_experiments(ROOT / "config" / "experiments.tsv")
OF_PAPER = [table for table in TABLES.values() if table.number]


def test_the_paper_has_thirteen_tables() -> None:
    assert [table.number for table in OF_PAPER] == list(range(1, 14))
    assert {path.stem for path in REPORTED.iterdir()} == {table.name for table in OF_PAPER}


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_every_table_has_a_caption(table) -> None:
    assert (ROOT / "workflow" / "report" / f"{table.name}.rst").is_file()


@pytest.mark.parametrize("table", OF_PAPER, ids=lambda table: table.name)
def test_a_table_is_laid_out_by_the_keys_of_the_papers_numbers(table) -> None:
    paper = reported.read_reported(REPORTED / f"{table.name}.csv")
    assert [*table.layout.rows, *table.layout.columns] == reported.keys_of(paper)


@pytest.mark.parametrize("table", OF_PAPER, ids=lambda table: table.name)
def test_a_table_is_made_of_the_experiments_whose_numbers_the_paper_has(table) -> None:
    paper = reported.read_reported(REPORTED / f"{table.name}.csv")
    experiments = [e for found in table.sources(EXPERIMENTS, {}).values() for e in found]
    for name in {"dataset", "model"} & set(paper):
        assert set(paper[name]) == {getattr(e, name) for e in experiments}, name


def test_a_table_says_that_its_experiments_are_not_there() -> None:
    main = [e for e in EXPERIMENTS if e.study == "main"]
    with pytest.raises(UserError, match="table12 shows experiments"):
        TABLES["table12"].sources(main, {})
    with pytest.raises(UserError, match="table8 "):  # there is nothing to hold the probes against
        TABLES["table8"].sources([e for e in EXPERIMENTS if e.held_out is not None], {})
