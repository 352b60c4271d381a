"""What all tests share: where they run, and two studies that are built once for all of them.

Processes that tests start run the checkout that the tests lie in, as the tests do.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # for torch: as many workers as cores are at work

import pytest
from filelock import FileLock

import helpers.importing  # noqa: F401
from ffensembles.data.definitions import printed_names
from ffensembles.printing.names import name_datasets
from helpers import DATASETS, ROOT

os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT / "workflow"), str(ROOT / "tests")])

# As every job that draws or prints does.
name_datasets(printed_names(DATASETS))


def pytest_collection_modifyitems(items):
    """Begin with what takes longest, so that no worker is left alone with it in the end."""
    # Of the two files that need a small study, one comes early: no worker waits for the other's.
    early = {"pipeline", "test_whole_study.py"}
    items.sort(key=lambda item: not early & {item.path.parent.name, item.path.name})


def pytest_collection_finish():
    """Leave what all files of tests import to the end."""
    import helpers.frozen  # noqa: F401


def build_once(name, build, tmp_path_factory):
    """Return a folder that `build` fills, the first time that a worker of this run asks for it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            (building := folder.with_suffix(".building")).mkdir()
            build(building)
            building.rename(folder)
    return folder


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """Return a pipeline whose demo has run, to all appearances; tests change copies of it."""
    from helpers.pipeline import build_finished

    return build_once("finished", build_finished, tmp_path_factory)


@pytest.fixture(scope="session")
def small_results(tmp_path_factory):
    """Return the results of a small study, which has really run."""
    from helpers.small_results import write_results

    return build_once("small-results", write_results, tmp_path_factory)


@pytest.fixture(scope="session")
def browser():
    """Return a browser."""
    from helpers.browser import open_browser

    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def window(browser):
    """Return a window, which is slower to open than to use again, and what has gone wrong in it."""
    from helpers.browser import offline_page

    with offline_page(browser) as opened:
        yield opened


@pytest.fixture
def page(window):
    """Return a page of the usual size; whatever a test does there must stay offline and work."""
    page, wrong = window
    page.set_viewport_size({"width": 1400, "height": 900})
    page.emulate_media(color_scheme="light")
    yield page
    page.goto("about:blank")
    found = wrong.copy()
    wrong.clear()
    assert found == []
