"""The library's imports run downwards: from a package to those below it, never to a sibling.

Importing the package itself imports nothing else: what it offers in a notebook comes on first use.
"""

import ast
import re
import subprocess
import sys

import pytest

from helpers import ROOT

LIBRARY = ROOT / "workflow" / "ffensembles"
# What each package may import beside itself and the vocabulary at the root.
BOTTOM = {"data", "learning", "printing"}
MIDDLE = {"representations", "pipeline"}
CORE = BOTTOM | MIDDLE | {"analysis", "paper"}
ALLOWED = {
    "data": set(),
    "printing": set(),
    "learning": {"data"},
    **dict.fromkeys(MIDDLE, BOTTOM),
    "analysis": BOTTOM | MIDDLE,
    "interactive": BOTTOM | MIDDLE | {"analysis"},
    "paper": BOTTOM | MIDDLE | {"analysis"},
    "extras": CORE,
}
PACKAGES = sorted(path.parent.name for path in LIBRARY.glob("*/__init__.py"))


def imported_packages(path):
    """Return the packages of the library that a file imports from."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ffensembles"):
            names = [node.module] if "." in node.module else [a.name for a in node.names]
            yield from (name.removeprefix("ffensembles.").split(".")[0] for name in names)


def test_every_package_has_its_place():
    assert set(PACKAGES) == set(ALLOWED)


@pytest.mark.parametrize("package", ["", *PACKAGES])
def test_imports_run_downwards(package):
    allowed = ALLOWED[package] | {package} if package else set()
    for path in (LIBRARY / package).rglob("*.py") if package else LIBRARY.glob("*.py"):
        upwards = set(imported_packages(path)) & set(PACKAGES) - allowed
        assert not upwards, f"{path.relative_to(LIBRARY)} imports {upwards}"


def test_reading_the_rules_does_not_wait_for_torch():
    rules = [ROOT / "Snakefile", *(ROOT / "workflow").rglob("*.smk")]
    lines = "".join(path.read_text("utf-8") for path in rules)
    imports = re.findall(
        r"^(?:from ffensembles[\w.]* import (?:\(.*?\)|.+?)|import .+?)$", lines, re.M | re.S
    )
    code = "\n".join([*imports, "import sys", "print('torch' in sys.modules)"])
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert len(imports) > 20 and found.stdout == "False\n"
