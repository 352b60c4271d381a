"""The pipeline as a module of another workflow, from a folder and as Snakemake fetches it."""

import re
import shutil
import subprocess

import pytest

import ffensembles
from helpers import ROOT
from helpers.forks import run_snakemake
from helpers.pipeline import copy_pipeline

OUTER = """
module ff:
    snakefile: {snakefile}
    config: {{"experiments": "own.tsv", "figures": {{"balance": {{"dataset": "digits"}}}}}}
    {prefix}

use rule * from ff as ff_*

rule mine:
    default_target: True
    input:
        expand("{place}results/tables/table{{n}}.csv", n=({numbers})),
    output:
        "mine.txt",
    shell:
        "trap >{{output}}; cat {{input}} >>{{output}}"
"""
OWN = """
study dataset model seeds epochs learning_rate batch_size units
main digits bp 1 1 0.01 128 16
"""


def outer(folder, snakefile, prefix="", numbers="1, 6"):
    """Write a workflow that uses the pipeline, and a table of experiments; return the folder."""
    parts = {"prefix": f'prefix: "{prefix}"', "place": f"{prefix}/"}
    parts = parts if prefix else dict.fromkeys(parts, "")
    text = OUTER.format(snakefile=snakefile, numbers=numbers, **parts)
    folder.mkdir(exist_ok=True)
    (folder / "Snakefile").write_text(text)
    (folder / "own.tsv").write_text(OWN.lstrip().replace(" ", "\t"))
    return folder


def snakemake(folder, *arguments, **environment):
    """Run Snakemake in the folder of another workflow; return the status and what it printed."""
    run = run_snakemake(folder, "--cores", "2", *arguments, **environment)
    return run.status, run.out + run.err


def test_rules_of_ones_own_use_its_tables(tmp_path):
    """And what our jobs' shells ignore, theirs do not."""
    folder = outer(tmp_path / "outer", f'"{ROOT / "Snakefile"}"', numbers="6,")
    status, printed = snakemake(folder)
    assert status == 0, printed
    made = (folder / "mine.txt").read_text()
    assert "bp,batch_size,digits,128.0" in made and "SIGTERM" not in made
    assert "Nothing to be done" in snakemake(folder)[1]


def test_its_local_rules_are_submitted_to_no_cluster(tmp_path):
    folder = outer(tmp_path / "outer", f'"{ROOT / "workflow/Snakefile"}"', "sub")
    cluster = ["--executor", "cluster-generic", "--cluster-generic-submit-cmd", "false"]
    cluster += ["--seconds-between-status-checks", "1", "--jobs", "1"]
    status, printed = snakemake(folder, *cluster, "sub/results/tables/table6.csv")
    assert status == 0, printed


@pytest.fixture(scope="module")
def fetched(tmp_path_factory):
    """Return a cache in which Snakemake finds the pipeline, as it fetches it from GitHub."""
    pipeline = copy_pipeline(tmp_path_factory.mktemp("pipeline"))
    who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"], ["tag", "v1"]):
        subprocess.run(["git", "-C", pipeline, *who, *command], check=True)
    cache = tmp_path_factory.mktemp("cache")
    place = "snakemake/snakemake/source-cache/snakemake-git-cache/github.com/someone/pipeline"
    subprocess.run(["git", "clone", "-q", "--bare", pipeline, cache / place], check=True)
    return cache


GITHUB = 'github("someone/pipeline", path="workflow/Snakefile", tag="v1")'
# As `snakedeploy deploy-workflow` writes it, which copies the folder config.
DEPLOYED = f"""
from snakemake.utils import min_version


min_version("6.10.0")


configfile: "config/config.yaml"


# declare https://github.com/someone/pipeline as a module
module pipeline:
    snakefile:
        {GITHUB}
    config:
        config


# use all rules from https://github.com/someone/pipeline
use rule * from pipeline
"""


def test_it_runs_as_fetched_from_github_below_a_prefix(fetched, tmp_path):
    folder = outer(tmp_path / "outer", GITHUB, "sub")
    status, printed = snakemake(folder, XDG_CACHE_HOME=str(fetched))
    assert status == 0, printed
    made = (folder / "mine.txt").read_text()
    assert "digits,bp,0." in made and "bp,batch_size,digits,128.0" in made
    # What the paper reports comes along; nothing of the pipeline's own is under the prefix.
    assert "reported_mean" in (folder / "sub/results/tables/table1.csv").read_text()
    assert not (folder / "sub/config").exists()
    status, printed = snakemake(folder, "ff_pack", XDG_CACHE_HOME=str(fetched))
    assert status == 0 and (folder / "sub/results/networks.zip").is_file(), printed


def test_a_deployed_workflow_needs_no_more_than_its_config(fetched, tmp_path):
    folder = outer(tmp_path, GITHUB)
    (folder / "workflow").mkdir()
    (folder / "Snakefile").rename(folder / "workflow/Snakefile")
    (folder / "workflow/Snakefile").write_text(DEPLOYED)
    (folder / "config").mkdir()
    config = folder / "config/config.yaml"
    config.write_text((ROOT / "config/config.yaml").read_text())
    wanted = ["results/tables/table1.csv", "results/deviations.html", "results/report.html"]
    status, plan = snakemake(folder, "-n", *wanted, XDG_CACHE_HOME=str(fetched))
    assert status == 0 and all(f"output: {file}" in plan for file in wanted), plan
    # It is edited where it was deployed: here to digits, which need no download.
    config.write_text(re.sub("(?m)^experiments:.*", "experiments: own.tsv", config.read_text()))
    status, printed = snakemake(folder, "results/tables/table1.csv", XDG_CACHE_HOME=str(fetched))
    assert status == 0, printed
    assert "digits,bp,0." in (folder / "results/tables/table1.csv").read_text()


def test_the_library_must_be_of_the_same_version(tmp_path):
    folder = copy_pipeline(tmp_path)
    common = folder / "workflow/rules/common.smk"
    text = common.read_text()
    assert f'\nVERSION = "{ffensembles.__version__}"' in text
    common.write_text(text.replace(f'VERSION = "{ffensembles.__version__}"', 'VERSION = "9.9"'))
    status, printed = snakemake(folder, "-n")
    assert status == 1 and printed.splitlines()[-1] == (
        f"error: the library ffensembles is installed in version {ffensembles.__version__}; "
        "this pipeline needs 9.9"
    )


def test_the_library_must_be_there(fetched, tmp_path):
    folder = outer(tmp_path / "outer", GITHUB)
    (tmp_path / "ffensembles").mkdir()  # stands before the one that is installed
    missing = "raise ModuleNotFoundError(name='ffensembles')"
    (tmp_path / "ffensembles/__init__.py").write_text(missing)
    given = {"XDG_CACHE_HOME": str(fetched), "PYTHONPATH": str(tmp_path)}
    status, printed = snakemake(folder, "-n", **given)
    assert status == 1 and printed.splitlines()[-1] == (
        "error: the library ffensembles is not installed; this pipeline needs its version "
        f"{ffensembles.__version__}"
    )


# Extras


EXTRAS = re.compile(r'^include: "workflow/ffensembles/extras/(\w+)/rules.smk"\n', re.MULTILINE)
NAMES = EXTRAS.findall((ROOT / "Snakefile").read_text())


def without(folder, *names):
    """Leave extras out of a copy of the pipeline."""
    snakefile = copy_pipeline(folder) / "Snakefile"
    text = snakefile.read_text()
    for name in names:
        text = text.replace(f'include: "workflow/ffensembles/extras/{name}/rules.smk"\n', "")
    snakefile.write_text(text)
    return folder


def test_the_paper_stands_without_the_extras_and_their_code(tmp_path):
    folder = without(tmp_path, *NAMES)
    for name in NAMES:
        shutil.rmtree(folder / "workflow/ffensembles/extras" / name)
    status, plan = snakemake(folder, "-n", "tables", "figures", "report")
    assert status == 0, plan
    assert "results/report.html" in plan and "results/beyond/" not in plan


@pytest.mark.parametrize("name", NAMES)
def test_each_extra_can_be_left_out(name, tmp_path):
    status, printed = snakemake(without(tmp_path, name), "--list-rules")
    assert status == 0, printed
