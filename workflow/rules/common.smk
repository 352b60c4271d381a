"""What the rules share: the experiments, and which of them a file comes from."""

import os
import sys
from functools import cache
from pathlib import Path

HOME = Path(workflow.basedir).resolve()
WORKFLOW = HOME / "workflow"

# The library is found beside the rules, installed or not, here and in every job.
sys.path.insert(0, str(WORKFLOW))
os.environ |= {
    "PYTHONPATH": os.pathsep.join(
        filter(None, [str(WORKFLOW), os.environ.get("PYTHONPATH")])
    )
}

from ffensembles.data.definitions import (
    Definition,
    deciding,
    folder_state,
    local_files,
    printed_names,
)
from ffensembles.data.prestaged import check_prestaged
from ffensembles.errors import UserError
from ffensembles.experiments import read_experiments
from ffensembles.learning.handed_on import HandedOn
from ffensembles.pipeline import results
from ffensembles.pipeline import selection as of
from ffensembles.pipeline.configuration import check_config, check_experiments, narrow
from ffensembles.pipeline.fingerprint import fingerprint
from ffensembles.pipeline.folders import check_installation
from ffensembles.pipeline.schema import refuse_repeated_keys


def or_exit(function, *arguments):
    """Call a function; a user's mistake ends the run in one line, before any job starts."""
    try:
        return function(*arguments)
    except UserError as error:
        sys.exit(f"error: {error}")


or_exit(check_installation, HOME, sys.executable)
for file in workflow.configfiles:
    or_exit(refuse_repeated_keys, file)
or_exit(check_config, config, WORKFLOW / "schemas/config.schema.yaml", HOME)
EXPERIMENTS = or_exit(
    narrow, or_exit(read_experiments, config["experiments"]), config["only"]
)
or_exit(check_experiments, EXPERIMENTS, config)
if config["networks"]:
    networks = or_exit(HandedOn.open, config["networks"])
    or_exit(networks.check, EXPERIMENTS, config["random_seed"])

workflow.pathvars.update(workflow.pathvars.from_config(config))


def own(path):
    """Return the path of a file of the pipeline from where the run was started."""
    return os.path.relpath(HOME / path)


def there(found, row):
    """Return experiments, of which there must be some; `row` says of which row of the table."""
    if not found:
        table = config["experiments"]
        sys.exit(
            f"error: {table} has no row for {row}, or the key only leaves it out; add one"
        )
    return found


def below_results(paths):
    return [f"<results>/{path}" for path in paths]


def experiment(wildcards):
    """Return the experiment that a path belongs to."""
    dataset, model, study = wildcards.dataset, wildcards.model, wildcards.study
    found = of.select(EXPERIMENTS, dataset=dataset, model=model, study=study)
    return there(found, f"{dataset} / {model} / {study}")[0]


def mains(wildcards):
    """Return the main study on a dataset."""
    found = of.select(of.main(EXPERIMENTS), dataset=wildcards.dataset)
    return there(found, f"{wildcards.dataset} in study main")


def training_settings(wildcards):
    """Return what decides the weights, so that a change retrains this experiment alone."""
    return experiment(wildcards).training_settings()


def representations(wildcards):
    """Return the representations of all runs of an experiment, in the order of the seeds."""
    e = experiment(wildcards)
    return below_results(results.representation(e, seed) for seed in e.runs)


def models(e):
    """Return the weight files of an experiment, a block of seeds each."""
    return below_results(results.models(e, config["seeds_per_job"]))


def training_logs(experiments):
    """Return the training logs of experiments, one per block of seeds."""
    return below_results(results.training_logs(experiments, config["seeds_per_job"]))


def seeds(wildcards):
    return list(experiment(wildcards).runs)


def layers(wildcards):
    return experiment(wildcards).layers


def held_out(wildcards):
    return experiment(wildcards).held_out


def files(kind, experiments):
    """Return the files of one kind that belong to some experiments."""
    if kind == "experiments":
        return config["experiments"]
    return below_results(results.files(kind, experiments, config))


def files_of(row):
    """Return the input function of a row of a catalogue: its files, by kind."""
    return lambda wildcards: {
        kind: files(kind, experiments)
        for kind, experiments in or_exit(row.sources, EXPERIMENTS, config).items()
    }


def printed(experiments):
    """Return what their datasets and the published ones, and all categories, are called."""
    trained = {e.dataset for e in experiments}
    entries = {
        name: entry
        for name, entry in config["datasets"].items()
        if name in trained or "published" in entry
    }
    return or_exit(printed_names, entries)


def names_in(row):
    """Return the function that gives the names which a row of a catalogue prints."""
    return lambda wildcards: printed(
        [e for part in row.sources(EXPERIMENTS, config).values() for e in part]
    )


@cache
def code(script, *modules):
    """Fingerprint the code behind a rule: comments do not count, unused modules do not either.

    `modules` are those of the library that the script imports by names in its parameters.
    """
    library = WORKFLOW / "ffensembles"
    sources = [WORKFLOW / "scripts" / script, *(library / name for name in modules)]
    return "-".join(or_exit(fingerprint, source, library) for source in sources)
