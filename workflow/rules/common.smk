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
# Whether it is started by itself.
STARTED_ITSELF = Path(workflow.basedir) in (HOME, HOME and HOME / "workflow")


def stop(reason):
    """End the run with one line, before any job starts; a WorkflowError would add a traceback."""
    sys.exit(f"error: {reason}")


# The library is found beside the rules, installed or not, here and in every job.
if HOME:
    sys.path.insert(0, str(HOME / "workflow"))
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(HOME / "workflow"), os.environ.get("PYTHONPATH")])
    )
os.environ["MPLBACKEND"] = "agg"  # a notebook's, set for all it starts, is for notebooks
try:
    import ffensembles
except ModuleNotFoundError:
    stop(f"the library ffensembles is not installed; this pipeline needs its version {VERSION}")
if ffensembles.__version__ != VERSION:
    stop(
        f"the library ffensembles is installed in version {ffensembles.__version__}; "
        f"this pipeline needs {VERSION}"
    )

from ffensembles import variants
from ffensembles.data.definitions import printed_names
from ffensembles.errors import UserError
from ffensembles.experiments import read_experiments
from ffensembles.learning.handed_on import HandedOn
from ffensembles.lookup import file_of
from ffensembles.paper.tables.departures import departures
from ffensembles.pipeline import configuration, results, selection
from ffensembles.pipeline.fingerprint import fingerprint
from ffensembles.pipeline.folders import check_installation

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
    return os.path.commonpath(map(workflow.source_path, [f"../../{f}" for f in files]))


or_stop(check_installation, *filter(None, [HOME]), sys.executable)
defaults = [shipped("config/config.yaml"), shipped("config/datasets.yaml")]
or_stop(configuration.complete, config, defaults, workflow.configfiles)
or_stop(configuration.check_config, config, shipped_place)
or_stop(variants.use, config["variants"])
EXPERIMENTS = or_stop(
    configuration.narrow,
    or_stop(read_experiments, config["experiments"]),
    config["only"],
)
or_stop(configuration.check_experiments, EXPERIMENTS, config)
if config["variants"] and workflow.is_main_process:
    from ffensembles.learning.trial import try_own  # which waits for torch

    or_stop(try_own, EXPERIMENTS)
if config["networks"]:
    handed_on = or_stop(HandedOn.open, config["networks"])
    or_stop(handed_on.check, EXPERIMENTS, config["random_seed"])
# Snakemake has read the folders as the config has them; the check has settled them.
workflow.pathvars.update(workflow.pathvars.from_config(config))

ENVIRONMENT = (
    str(HOME / "envs/ffensembles.yaml") if HOME else shipped("envs/ffensembles.yaml")
)
# What the extras add: to the report, to the trainings that provenance lists, to what is published.
EXTRAS = {"targets": [], "experiments": [], "pictures": [], "pages": []}


def required(found, row):
    """Return experiments, of which there must be some; `row` says of which row of the table."""
    if not found:
        table = config["experiments"]
        stop(f"{table} has no row for {row}, or the key only leaves it out; add one")
    return found


def experiments_of(wildcards):
    """Return the experiments that a path names."""
    names = ("dataset", "model", "study")
    columns = {name: wildcards[name] for name in names if name in wildcards.keys()}
    found = selection.select(EXPERIMENTS, **columns)
    return required(found, " / ".join(columns.values()))


def experiment_of(wildcards):
    """Return the one experiment that a path names."""
    return experiments_of(wildcards)[0]


def training_settings(wildcards):
    """Return what decides the weights, so that a change retrains this experiment alone."""
    return experiment_of(wildcards).training_settings()


def columns_of(experiments):
    """Return experiments as a job is given them."""
    return [{**e.training_settings(), "seeds": e.seeds} for e in experiments]


def below_results(paths):
    return [f"<results>/{path}" for path in paths]


def files(artefact, experiments):
    """Return the files of one kind that belong to some experiments."""
    return below_results(artefact.paths(experiments, config))


def files_of(row):
    """Return the input function of a row of a catalogue: its files, by name."""
    return lambda wildcards: {
        artefact.name: files(artefact, experiments)
        for artefact, experiments in or_stop(row.sources, EXPERIMENTS, config).items()
    }


def available(rows):
    """Return the rows of a catalogue for which the experiments have what they show."""
    return [
        row for row in rows if selection.has_what_it_shows(row, EXPERIMENTS, config)
    ]


def shown_by(rows):
    """Return the experiments that rows of a catalogue show."""
    return [e for row in rows for e in selection.shown_by(row, EXPERIMENTS, config)]


def names_of(experiments):
    """Return what their datasets and the published ones, and all categories, are called."""
    trained = {e.dataset for e in experiments}
    entries = {
        name: entry
        for name, entry in config["datasets"].items()
        if name in trained or "published" in entry
    }
    return or_stop(printed_names, entries)


def departures_of(experiments):
    """Tell what of some experiments is not as the paper's of the same name."""
    return or_stop(departures, experiments, f"{config['reported']}/table6.csv")


@cache
def code(script, *modules):
    """Fingerprint the code behind a rule: comments do not count, unused modules do not either.

    `script` lies below the folder workflow; `modules` are those of the library that the script
    imports by names in its parameters.
    """
    script = HOME / "workflow" / script if HOME else workflow.source_path(f"../{script}")
    sources = [script, *(LIBRARY / name for name in modules)]
    return "-".join(or_stop(fingerprint, source, LIBRARY) for source in sources)


def code_of(script, experiments, *modules):
    """Fingerprint a script with the variants that experiments name."""
    named = {file for e in experiments for file in e.variants()}
    return code(script, *modules, *sorted(named))


# A measurement of a catalogue.


def measured_experiments(measurement, wildcards):
    """Return the experiments that a job measures."""
    found = measurement.experiments(wildcards, EXPERIMENTS)
    return required(found, f"{measurement.name} of {' / '.join(wildcards)}")


def files_read_by(measurement):
    """Return the input function of a measurement."""

    def found(wildcards):
        rows, seed = measured_experiments(measurement, wildcards), wildcards.get("seed")
        read = measurement.inputs(rows, config, seed)
        return {name: below_results(paths) for name, paths in read.items()}

    return found


def files_made_by(measurement):
    """Return the output files of a measurement, by name."""
    return {artefact.name: f"<results>/{artefact.path}" for artefact in measurement.makes}


def settings_of(measurement):
    """Return the parameters of a measurement."""
    source = file_of(measurement.measure)
    runs = measurement.networks  # which alone run what a row names
    return {
        "measure": measurement.measure,
        "compares": measurement.compares,
        "experiments": lambda wildcards: columns_of(
            measured_experiments(measurement, wildcards)
        ),
        "settings": measurement.arguments(config),
        "code": lambda wildcards: code_of(
            "scripts/measure.py",
            measured_experiments(measurement, wildcards) if runs else [],
            source,
        ),
    }


# A figure of a catalogue.


def drawing_of(figure):
    """Return the parameters of a figure that say how it is drawn."""
    readers = {artefact.name: artefact.reader for artefact in figure.files if artefact.reader}
    modules = {f"paper/figures/{figure.draw.partition('.')[0]}.py"}
    modules |= {file_of(reader) for reader in readers.values()}
    return {
        "draw": figure.draw,
        "readers": readers,
        "code": code("scripts/plot.py", *sorted(modules)),
    }
