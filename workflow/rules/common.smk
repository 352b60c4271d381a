"""What the rules share: the experiments, and which of them a file comes from."""

import os
import sys
from functools import cache
from pathlib import Path

HOME = Path(workflow.basedir)
WORKFLOW = HOME / "workflow"

# The library is found beside the rules, installed or not, here and in every job.
sys.path.insert(0, str(WORKFLOW))
os.environ |= {
    "PYTHONPATH": os.pathsep.join(
        filter(None, [str(WORKFLOW), os.environ.get("PYTHONPATH")])
    )
}

from ffensembles.pipeline.configuration import check_config, check_experiments, narrow
from ffensembles.errors import UserError
from ffensembles.experiments import blocks, read_experiments
from ffensembles.pipeline.fingerprint import fingerprint
from ffensembles.pipeline.folders import check_installation
from ffensembles.pipeline.schema import refuse_repeated_keys
from ffensembles.data.published import check_prestaged

try:
    check_installation(HOME, sys.executable)
    for file in workflow.configfiles:
        refuse_repeated_keys(file)
    check_config(config, WORKFLOW / "schemas/config.schema.yaml", HOME)
    rows = narrow(read_experiments(config["experiments"]), config["only"])
    check_experiments(rows, config)
    EXPERIMENTS = {e.key: e for e in rows}
except UserError as error:
    sys.exit(f"error: {error}")

workflow.pathvars.update(workflow.pathvars.from_config(config))


def own(path):
    """Return the path of a file of the pipeline from where the run was started."""
    return os.path.relpath(HOME / path)


def experiment(wildcards):
    """Return the experiment that a path belongs to."""
    key = wildcards.dataset, wildcards.model, wildcards.study
    if key not in EXPERIMENTS:
        sys.exit(
            f"error: {config['experiments']} has no row for {' / '.join(key)}; add one"
        )
    return EXPERIMENTS[key]


def selected(*, prefix="", **wanted):
    """Return the experiments with the given fields, in the order of the table.

    `prefix` selects studies by how their names begin.
    """
    return [
        e
        for e in EXPERIMENTS.values()
        if e.study.startswith(prefix)
        and all(getattr(e, name) == value for name, value in wanted.items())
    ]


MAIN = selected(study="main")
# The models whose ensembles the paper counts.
GOODNESS = [e for e in MAIN if e.model != "bp"]
L1 = selected(study="l1-goodness")
REGULARISED = selected(study="l1-regularised")
WITHOUT = selected(prefix="without-")
PROBED = [e for e in MAIN if e.dataset in {other.dataset for other in WITHOUT}]
DATASETS = list(dict.fromkeys(e.dataset for e in MAIN))
# Datasets with FF, and with all three models.
LAYERED = [d for d in DATASETS if (d, "ff", "main") in EXPERIMENTS]
COMPARED = [
    d
    for d in DATASETS
    if {"ff", "bpff", "bp"} <= {e.model for e in MAIN if e.dataset == d}
]
ABLATION = selected(prefix="ablation-")
# What each figure shows.
SHOWN = config["figures"]


def analyses(kind, experiments):
    """Return the paths of one kind of measurement."""
    return [
        f"<results>/analysis/{e.dataset}/{e.model}/{e.study}/{kind}.parquet"
        for e in experiments
    ]


def representations(wildcards):
    """Return the representations of all runs of an experiment, in the order of the seeds."""
    e = experiment(wildcards)
    return [
        f"<results>/representations/{e.dataset}/{e.model}/{e.study}/seed-{seed}.parquet"
        for seed in range(e.seeds)
    ]


def similarities(kind, datasets, runs=None):
    """Return the similarity measurements of each dataset, of its first `runs` runs or of all."""
    return [
        f"<results>/analysis/{dataset}/{kind}/seed-{seed}.parquet"
        for dataset in datasets
        for seed in range(
            min(e.seeds for e in selected(study="main", dataset=dataset))
        )[:runs]
    ]


def models(e):
    """Return the weight files of an experiment, a block of seeds each."""
    return [
        f"<results>/models/{e.dataset}/{e.model}/{e.study}/seeds-{first}-{last}.safetensors"
        for first, last in blocks(e, config["seeds_per_job"])
    ]


def training_logs(experiments):
    """Return the training logs of experiments, one per block of seeds."""
    return [
        path.replace(".safetensors", ".log.parquet")
        for e in experiments
        for path in models(e)
    ]


def model_of_seed(wildcards):
    """Return the weight file that holds a seed."""
    e = experiment(wildcards)
    seed = int(wildcards.seed)
    if seed >= e.seeds:
        sys.exit(f"error: {'/'.join(e.key)} has seeds 0 to {e.seeds - 1}, not {seed}")
    return models(e)[seed // config["seeds_per_job"]]


def training_settings(wildcards):
    """Return what decides the weights, so that a change retrains this experiment alone."""
    return experiment(wildcards).training_settings()


def seeds(wildcards):
    return list(range(experiment(wildcards).seeds))


def layers(wildcards):
    return experiment(wildcards).layers


def held_out(wildcards):
    return experiment(wildcards).held_out


def check_files(wildcards):
    """Let missing pre-staged files end the run before it starts; they are read in place."""
    try:
        check_prestaged(config["prestaged"], [wildcards.dataset])
    except UserError as error:
        sys.exit(f"error: {error}")
    return []


def run(shown, model, study="main"):
    """Return the representations of the run that a figure shows."""
    folder = f"{shown['dataset']}/{model}/{study.format(**shown)}"
    return f"<results>/representations/{folder}/seed-{SHOWN['seed']}.parquet"


def measured(kind, shown, model, study="main"):
    """Return one measurement of the experiment that a figure shows."""
    folder = f"{shown['dataset']}/{model}/{study.format(**shown)}"
    return f"<results>/analysis/{folder}/{kind}.parquet"


def unseen(kind, shown):
    """Return one measurement for each held-out category that a figure shows."""
    return [
        measured(kind, {**shown, "held_out": category}, "ff", "without-{held_out}")
        for category in shown["held_out"]
    ]


def has(shown, model, study="main"):
    """Say whether the experiments have the run that a figure shows."""
    e = EXPERIMENTS.get((shown["dataset"], model, study))
    return e is not None and e.seeds > SHOWN["seed"]


@cache
def code(script):
    """Fingerprint the code behind a rule: comments do not count, unused modules do not either."""
    return fingerprint(WORKFLOW / "scripts" / script, WORKFLOW / "ffensembles")
