"""The conda environments hold exactly the versions of uv.lock."""

import tomllib

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

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
        Requirement(line).name for line in PROJECT["dependencies"]
    }
