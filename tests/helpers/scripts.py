"""Scripts of the workflow, run in this process with what Snakemake would hand to them."""

import runpy
import subprocess
import sys
from types import SimpleNamespace
from unittest.mock import patch

from ffensembles.data.definitions import printed_names
from helpers import DATASETS, ROOT

# Those of the core and of the extras, by their names.
SCRIPTS = {path.name: path for path in (ROOT / "workflow").rglob("scripts/*.py")}


class Named(dict):
    """As Snakemake has it: names are attributes, places are counted from 0."""

    def __getattr__(self, name):
        return self[name]

    def __getitem__(self, key):
        return list(self.values())[key] if isinstance(key, int) else super().__getitem__(key)


def run_script(name, log, *, threads=1, config=None, **named):
    """Run a script; `input`, `output`, `params`, `wildcards` and `resources` are dictionaries."""
    kinds = ("input", "output", "params", "wildcards", "resources")
    about = {kind: Named(named.get(kind, {})) for kind in kinds}
    about["params"].setdefault("names", printed_names(DATASETS))
    about["resources"].setdefault("gpu", 0)
    snakemake = SimpleNamespace(**about, log=[log], threads=threads, config=config)
    # Unlike a job's, this process goes on.
    with patch("gc.freeze"), patch("gc.set_threshold"):
        runpy.run_path(str(SCRIPTS[name]), init_globals={"snakemake": snakemake})


def run_script_alone(folder, name, log, **about):
    """Run a script in a process of its own, started in a folder; return the finished process."""
    code = f"from helpers.scripts import run_script\nrun_script({name!r}, {log!r}, **{about!r})"
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
