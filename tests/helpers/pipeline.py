"""The pipeline in a folder of its own, and runs of it that are finished to all appearances.

Nothing is computed: `snakemake --touch` records whatever files lie there as results of its jobs.
"""

import base64
import csv
import json
import shutil
from pathlib import Path

from PIL import Image

from ffensembles.printing.pages import page
from helpers import ROOT
from helpers.forks import run_snakemake

EVERYTHING = ["--configfile", "config/demo.yaml", "--", "everything"]


def copy_pipeline(folder):
    """Copy what the pipeline consists of, compiled modules among it, without any results."""
    published = shutil.ignore_patterns("reproduction")  # large, and no job reads it
    for name in ("workflow", "config", "docs", "envs", "profiles"):
        shutil.copytree(ROOT / name, folder / name, ignore=published)
    shutil.copy(ROOT / "Snakefile", folder)
    return folder


def snakemake(folder, *arguments):
    """Run Snakemake in a folder, where nothing goes wrong; return what it prints."""
    run = run_snakemake(folder, *arguments)
    assert run.status == 0, run.out + run.err
    return run.out


def two_studies(folder):
    """Leave only the studies main and without-3 of the demo, and return the folder."""
    table = folder / "config/demo.tsv"
    rows = table.read_text("utf-8").splitlines(keepends=True)
    table.write_text("".join(r for r in rows if r.startswith(("study", "main", "without-3"))))
    return folder


def finish(folder, make=Path.touch):
    """Record all results of the demo as made, after `make` has made them; return the folder."""
    for file in plan(folder):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        make(folder / file)
    snakemake(folder, "--touch", "--forceall", *EVERYTHING)
    return folder


REALLY_MADE = ("tables/table6.html", "deviations.html", "config.yaml")


def build_finished(folder):
    """Write a finished demo of two studies: a few results, and something to look at for others."""
    two_studies(copy_pipeline(folder))
    made = [f"results/demo/{name}" for name in REALLY_MADE]
    snakemake(folder, "--profile", "profiles/demo", *made)
    finish(folder, _stand_in)


def _stand_in(path):
    if path.name == "front.html":  # a piece of the report's first page
        path.write_text("<h2>At a glance</h2>", "utf-8")
    elif path.suffix == ".html" and not path.exists():
        path.write_text(page(path.stem, "<p>A stand-in.</p>"), "utf-8")
    elif path.suffix == ".csv" and path.parent.name == "figures":
        path.write_text("panel,title,series,x,y\n", "utf-8")
    elif path.suffix == ".png":  # higher than the window
        Image.new("L", (1000, 2000)).save(path)
    else:
        path.touch()


def plan(folder, *arguments):
    """Return each output file's rule, its status, and whether it would be made anew."""
    summary = snakemake(folder, "--summary", *arguments, *EVERYTHING).splitlines()
    rows = csv.DictReader(summary, delimiter="\t")
    return {
        row["output_file"]: (row["rule"], row["status"], row["plan"] == "update pending")
        for row in rows
    }


def recorded(folder, file):
    """Return what Snakemake has recorded of the job that made a result, such as its `params`."""
    name = base64.b64encode(f"results/demo/{file}".encode()).decode()
    return json.loads((folder / ".snakemake/metadata" / name).read_text("utf-8"))
