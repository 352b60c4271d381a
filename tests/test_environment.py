"""The conda environments hold exactly the versions of uv.lock."""

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import ffensembles
from helpers import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCK = tomllib.loads((ROOT / "uv.lock").read_text())
ENVIRONMENTS = sorted((ROOT / "envs").glob("*.yaml"))


def read_pins(environment):
    """Return the version of Python and the pip requirements of a conda environment."""
    dependencies = yaml.safe_load(environment.read_text())["dependencies"]
    (python,) = (d.removeprefix("python=") for d in dependencies if str(d).startswith("python="))
    (pip,) = (d["pip"] for d in dependencies if isinstance(d, dict))
    return python, [Requirement(line) for line in pip]


def locked_version(name, python):
    """Return the version of a package that uv.lock installs on Linux for a version of Python."""
    target = {"python_full_version": f"{python}.0", "sys_platform": "linux"}
    (version,) = (
        package["version"]
        for package in LOCK["package"]
        if package["name"] == name
        and any(
            Marker(marker).evaluate(target)
            for marker in package.get("resolution-markers", ["python_version > '0'"])
        )
    )
    return version


def test_there_is_an_environment():
    assert ENVIRONMENTS


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda path: path.name)
def test_every_pin_is_the_locked_version(environment):
    python, pins = read_pins(environment)
    assert {pin.name: str(pin.specifier) for pin in pins} == {
        pin.name: f"=={locked_version(pin.name, python)}" for pin in pins
    }


def test_the_environment_has_what_the_project_needs():
    python, pins = read_pins(ROOT / "envs" / "ffensembles.yaml")
    assert python in SpecifierSet(PROJECT["requires-python"])
    assert {pin.name for pin in pins} == {
        Requirement(line).name
        for line in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["workflow"]]
    }


# What a version is called, and what is published of it


def test_the_version_is_that_of_the_citation_and_of_the_changelogs_last_release():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    released = re.findall(r"^## (\d[^ ]*) \((.*)\)", changelog, re.MULTILINE)[0]
    assert released == (citation["version"], str(citation["date-released"]))
    assert ffensembles.__version__ == citation["version"] == version("ffensembles")


def test_what_zenodo_is_told_is_what_the_citation_says():
    told = json.loads((ROOT / ".zenodo.json").read_text("utf-8"))
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert told["title"] == citation["title"]
    assert told["license"] == citation["license"]
    assert told["creators"] == [{"name": author["name"]} for author in citation["authors"]]
    (paper,) = citation["references"]
    assert [of["identifier"] for of in told["related_identifiers"]] == [paper["url"]]


def test_the_library_needs_no_snakemake_and_a_step_of_adam_no_compiler():
    named = {Requirement(line).name for line in PROJECT["dependencies"]}
    assert not [name for name in named if name.startswith("snakemake")]
    code = """
import sys
sys.modules |= dict.fromkeys(("snakemake", "snakemake_interface_common"))  # cannot be imported
import pkgutil, ffensembles, torch
from ffensembles.learning.adam import Adam
p = torch.ones(3)
p.grad = torch.ones(3)
Adam([p], 0.01, 0).step()
assert "torch._dynamo" not in sys.modules
for module in pkgutil.walk_packages(ffensembles.__path__, "ffensembles."):
    __import__(module.name)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
