"""What the rules share: the library, the config, and what jobs are given.

The pipeline is the same whether it is started by itself or is a module of another workflow, and
whether it lies in a folder or Snakemake has fetched it from somewhere.
"""

import os
import sys
from functools import cache
from pathlib import Path

VERSION = "0.1.0"  # of the pipeline, and of the library that it needs

# The pipeline's folder; there is none where Snakemake fetches file after file.
HOME = Path(str(workflow.current_basedir)).resolve().parents[1]
HOME = HOME if (HOME / "workflow/rules").is_dir() else None
# The Snakefile that was started, and whether it is the pipeline's own.
STARTED = workflow.main_snakefile
STARTED_ITSELF = Path(STARTED).resolve().parent in (HOME, HOME and HOME / "workflow")
# Each job reads the rules again, in a process of its own.
IN_JOB = not workflow.is_main_process


def stop(reason):
    """End the run with one line, before any job starts; a WorkflowError would add a traceback."""
    sys.exit(f"error: {reason}")


# The library is found beside the rules, installed or not, here and in every job.
if HOME:
    sys.path.insert(0, str(HOME / "workflow"))
    python_path = [str(HOME / "workflow"), os.environ.get("PYTHONPATH")]
    os.environ |= {"PYTHONPATH": os.pathsep.join(filter(None, python_path))}
# A notebook sets its own backend for all processes that it starts; jobs cannot use that one.
os.environ |= {"MPLBACKEND": "agg"}
# The report is built by a run inside another, which has tried what is one's own.
WITHIN_RUN = "FFENSEMBLES_RUN" in os.environ
# By which a job sees in the end whether its run is still there.
os.environ |= {"FFENSEMBLES_RUN": str(os.getpid())}
try:
    import ffensembles
except ModuleNotFoundError:
    stop(
        f"the library ffensembles is not installed; this pipeline needs its version {VERSION}"
    )
if ffensembles.__version__ != VERSION:
    stop(
        f"the library ffensembles is installed in version {ffensembles.__version__}; "
        f"this pipeline needs {VERSION}"
    )

from ffensembles import variants
from ffensembles.data.definitions import printed_names
from ffensembles.errors import UserError
from ffensembles.experiments import read_experiments
from ffensembles.lookup import file_of
from ffensembles.paper.tables.departures import departures
from ffensembles.pipeline import configuration, results, selection
from ffensembles.pipeline.fingerprint import fingerprint
from ffensembles.pipeline.folders import check_installation, settle_folders
from ffensembles.pipeline.schema import conform

LIBRARY = Path(ffensembles.__file__).parent


def or_stop(function, *arguments):
    """Call a function; a user's mistake ends the run in one line, before any job starts."""
    try:
        return function(*arguments)
    except UserError as error:
        stop(error)


def shipped(path):
    """Return a file that comes with the pipeline; neither a prefix nor a storage is for it."""
    if HOME:
        return local(os.path.relpath(HOME / path))
    return workflow.source_path(f"../../{path}")


def shipped_place(path):
    """Return where a file or folder lies that the config names and the pipeline brings along."""
    if HOME:
        return str(HOME / path)
    tables = [f"{path}/table{number}.csv" for number in range(1, 14)]
    files = tables if path == "config/reported" else [path]
    return os.path.commonpath([workflow.source_path(f"../../{file}") for file in files])


or_stop(check_installation, *filter(None, [HOME]), sys.executable)
defaults = [shipped("config/config.yaml"), shipped("config/datasets.yaml")]
or_stop(configuration.complete, config, defaults, workflow.configfiles)
or_stop(conform, config)
or_stop(settle_folders, config, shipped_place)
or_stop(variants.use, config["variants"])
EXPERIMENTS = or_stop(
    configuration.narrow,
    or_stop(read_experiments, config["experiments"]),
    config["only"],
)
or_stop(configuration.check_experiments, EXPERIMENTS, config)
if config["variants"] and not (IN_JOB or WITHIN_RUN):
    from ffensembles.learning.trial import try_own  # which waits for torch

    or_stop(try_own, EXPERIMENTS)
if config["networks"]:
    from ffensembles.learning.handed_on import HandedOn  # which waits for torch

    handed_on = or_stop(HandedOn.open, config["networks"])
    or_stop(handed_on.check, EXPERIMENTS, config["random_seed"])
# Snakemake read the folders from the config before the check above resolved them. The directive
# `pathvars` cannot correct that, since the folders already read take precedence over it.
workflow.pathvars.update(workflow.pathvars.from_config(config))

ENVIRONMENT = (
    str(HOME / "envs/ffensembles.yaml") if HOME else shipped("envs/ffensembles.yaml")
)
# What the extras add.
EXTRAS = {
    "measurements": [],  # rows as those of the catalogue of measurements
    "targets": [],  # what the report shows
    "experiments": [],  # whose trainings provenance lists
    "pages": [],  # what is published
    "answers": [],  # what is published with the answers
    "questions": [],  # with whose answers others go on
}
