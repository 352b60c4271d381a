"""Tests on a real SLURM cluster: run only when asked for, `pytest tests/slurm` as root."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from helpers.local_cluster import cluster, missing
from helpers.study import LOCAL, SHORT_MODEL, SMALL, TABLES, Study

HERE = Path(__file__).parent
# Whether or not the environment is activated, jobs run in it.
os.environ["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"


def pytest_ignore_collect(collection_path, config):
    """Leave this folder out of a plain `pytest`: it takes minutes, and a machine to itself."""
    asked = any("slurm" in str(argument) for argument in config.invocation_params.args)
    return None if asked else True


def pytest_collection_modifyitems(items):
    if reason := missing():
        for item in items:
            if HERE in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture
def slurm(tmp_path):
    """A fresh cluster with two pretend GPUs."""
    with cluster(tmp_path / "cluster") as running:
        yield running


def _study(folder, **settings):
    """Copy what a user clones, so that nothing here meets that user's own results."""
    repository = HERE.parents[1]
    for name in ("config", "docs", "envs", "profiles", "workflow"):
        shutil.copytree(repository / name, folder / name, ignore=shutil.ignore_patterns("__py*"))
    shutil.copytree(HERE / "profile", folder / "profiles" / "test")
    shutil.copy(repository / "Snakefile", folder)
    shutil.copy(HERE / "experiments.tsv", folder / "config")
    return Study(folder, settings)


@pytest.fixture
def study(tmp_path):
    """Make a study in a folder of its own: `study(name, **settings)`."""
    return lambda name, **settings: _study(tmp_path / name, **settings)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    """The small study, run on this machine without a cluster."""
    study = _study(tmp_path_factory.mktemp("local") / "study", **SMALL)
    study.run(SHORT_MODEL, profile=LOCAL)
    shutil.copytree(study.folder, study.folder.with_name("begun"))
    study.run(*TABLES, profile=LOCAL)
    return study


@pytest.fixture
def disturbed(undisturbed, tmp_path):
    """The same study when its short training was done, and the long ones still to do."""
    begun = undisturbed.folder.with_name("begun")
    return Study(shutil.copytree(begun, tmp_path / "disturbed"), SMALL)
