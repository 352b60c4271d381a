"""What the pipeline uses of Snakemake that it documents nowhere, or for plugins only.

Each use stands once in the rules and has a test here, whose name says what is gone when Snakemake
changes it. What comes of the uses is tested where they are: in test_running.py, test_module.py,
test_executors.py and test_report.py.
"""

import inspect
import re
from pathlib import Path

import pytest

from helpers import ROOT
from helpers.forks import run_snakemake

# What a small workflow finds as it is read, as it starts, and as it fails.
READ = {
    "str(workflow.current_basedir)": "{folder}",
    "str(workflow.main_snakefile)": "{folder}/Snakefile",
    "[str(Path(file).name) for file in workflow.configfiles]": ["given.yaml"],
    "workflow.is_main_process": True,
    "workflow.resource_settings.cores": 2,
    "workflow.global_resources.get('gpu').value": 3,
}
STARTED = {
    "[str(path) for job in workflow.dag.needrun_jobs() for path in job.output]": ["settled/made"],
    "[workflow.dag.get_job_group(job) for job in workflow.dag.needrun_jobs()]": [None],
    "workflow.executor_plugin.name": "local",
    "workflow.executor_plugin.common_settings.local_exec": True,
    "workflow.workdir_init": "{folder}",
    "hasattr(workflow.scheduler._executor, 'executor_settings')": True,
    "[path.suffix for path in Path('.snakemake/locks').iterdir()][:1]": [".lock"],
}
FAILED = {
    "[[x.rule.name, *x.wildcards, *x.log] for x in workflow.scheduler.failed]": [
        ["make", "made", "settled/made.log"]
    ],
}
SNAKEFILE = f"""
from pathlib import Path

workflow.pathvars.update(workflow.pathvars.from_config({{"pathvars": {{"results": "settled"}}}}))

def look(uses):
    for use in uses:
        try:
            found = eval(use)
        except Exception as error:
            found = repr(error)
        with open("found", "a") as file:
            print(use, found, sep="\t", file=file)

look({[*READ]})

rule make:
    output: "<results>/{{name}}"
    log: "<results>/{{name}}.log"
    resources: gpu=1
    shell: "exit 1"

onstart: look({[*STARTED]})
onerror: look({[*FAILED]})
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Return what the small workflow finds, by the expression."""
    folder = tmp_path_factory.mktemp("snakemake").resolve()
    (folder / "Snakefile").write_text(SNAKEFILE)
    (folder / "given.yaml").write_text("pathvars: {results: given}")
    given = ["--configfile", "given.yaml", "--cores", "2", "--resources", "gpu=3"]
    run_snakemake(folder, *given, "--", "settled/made")
    lines = (folder / "found").read_text().replace(str(folder), "{folder}").splitlines()
    return dict(line.split("\t") for line in lines)


@pytest.mark.parametrize(("use", "expected"), (READ | STARTED | FAILED).items())
def test_workflow_has(use, expected, found):
    assert found[use] == str(expected)


def test_every_use_is_tested_and_stands_once():
    rules = [ROOT / "Snakefile", *(ROOT / "workflow").rglob("*.smk")]
    text = "".join(path.read_text("utf-8") for path in rules)
    used = re.findall(r"\bworkflow(?:\.\w+)+", re.sub(r'"workflow/.*?"', "", text))
    used = [use for use in used if use != "workflow.source_path"]  # which is documented
    assert len(used) > 10 and len(used) == len(set(used))
    tested = " ".join([SNAKEFILE, *READ, *STARTED, *FAILED])
    assert not [use for use in used if not re.search(rf"\b{re.escape(use)}\b", tested)]


def test_the_executor_for_slurm_says_what_it_will_ask_sbatch():
    from snakemake_executor_plugin_slurm import Executor, submit_string, utils

    def arguments(function):
        return [*inspect.signature(function).parameters]

    assert arguments(Executor.get_partition_arg) == ["self", "job"]
    assert arguments(submit_string.get_submit_command)[:2] == ["job", "params"]
    assert "settings" in arguments(submit_string.get_submit_command)
    assert arguments(utils.set_gres_string) == ["job"]


# The report


PAGE = ROOT / "workflow/report"


@pytest.fixture(scope="module")
def scripts():
    """Return the scripts of Snakemake's report."""
    from snakemake.report import html_reporter

    template = Path(html_reporter.__file__).parent / "template"
    return "\n".join(path.read_text("utf-8") for path in template.rglob("*.js*"))


@pytest.mark.parametrize(
    "use", sorted(set(re.findall(r"\w+\.prototype\.\w+", (PAGE / "additions.html").read_text())))
)
def test_the_report_has(use, scripts):
    name, _, method = use.split(".")
    found = re.findall(r"class (\w+) extends ([\w.]+) ({.*?\n})", scripts, re.DOTALL)
    classes = {name: (parent, body) for name, parent, body in found}
    parent, body = classes[name]
    assert f"    {method}(" in body + classes.get(parent, ("", ""))[1]


@pytest.mark.parametrize(
    "name", sorted(set(re.findall(r"\.([a-z][\w-]+)", (PAGE / "report.css").read_text())))
)
def test_the_report_has_the_class(name, scripts):
    ours = (PAGE / "additions.html").read_text()
    assert re.search(rf'"(?:[^"\n]* )?{name}(?: [^"\n]*)?"', ours + scripts)
