"""The files of a small study as the pipeline writes them, by its own catalogues and scripts."""

import re

import torch

from ffensembles.analysis.catalogue import MEASUREMENTS
from ffensembles.data.datasets import write
from ffensembles.learning.block import train_block
from ffensembles.paper.claims.evidence import SOURCES
from ffensembles.paper.tables.catalogue import TABLES
from ffensembles.pipeline.results import (
    DATASET,
    EXPERIMENTS,
    LOGS,
    MODELS,
    REPRESENTATIONS,
    SNAPSHOTS,
)
from ffensembles.representations.extraction import extract_run
from helpers import REPORTED
from helpers.runs import few_digits
from helpers.scripts import run_script
from helpers.small_training import experiment

SEEDS = [0, 1]
STUDIES = [
    experiment("ff", epochs=60, batch_size=64),  # enough for most categories to have ensembles
    experiment("bpff", epochs=20, learning_rate=0.01),
    experiment("bp"),
    experiment("ff", study="without-3", held_out=3),
    experiment("ff", study="l1-goodness", goodness="l1", normalisation="l1"),
    experiment("bp", study="l1-regularised", activation_l1=3e-5),
]
CONFIG = {
    "device": "cpu",
    "random_seed": 0,
    "seeds_per_job": len(SEEDS),
    "similarity_seeds": 1,
    "probe_layers": [1, 2, 3],
    "significance": {"method": "exact", "shuffles": 1},
    "figures": {"seed": 1},
    "beyond": {"images": 100},
    "only": {},
}


def write_results(folder):
    """Write what comes of a few digits: all but figures and the pages about the run."""
    images = few_digits()
    write(images, folder / DATASET.path.format(dataset="digits"))
    for e in STUDIES:
        _train(folder, e, images)
    for measurement in MEASUREMENTS:
        for path in measurement.makes[0].paths(STUDIES, CONFIG):
            measure(folder, measurement, path)
    _judge(folder)


def of_experiment(folder, artefact, e):
    """Return the paths of the files of one kind that belong to an experiment."""
    return [folder / path for path in artefact.paths([e], CONFIG)]


def _train(folder, e, images):
    """Train the runs of an experiment and extract their representations."""
    weights, log, snapshots = (
        str(*of_experiment(folder, kind, e)) for kind in (MODELS, LOGS, SNAPSHOTS)
    )
    threads = torch.get_num_threads()
    train_block(
        e,
        SEEDS,
        images,
        model_path=weights,
        log_path=log,
        snapshots_path=snapshots,
        snapshots_of=CONFIG["figures"]["seed"],
        random_seed=0,
        device="cpu",
        precision="auto",
        checkpoint_interval=60,
        code="of this test",
    )
    torch.set_num_threads(threads)
    for seed, path in zip(SEEDS, of_experiment(folder, REPRESENTATIONS, e), strict=True):
        extract_run(e, seed, weights, images, path, device="cpu", unseen_label="none")


def measure(folder, measurement, path, to=None, device="cpu", gpu=0):
    """Make a measurement as its rule does, given the first of the files that it writes.

    Args:
        folder: of the results that it reads.
        measurement: of the catalogue.
        path: of the file, below the results.
        to: the folder of the results that it writes, by default the same.
        device: the config's.
        gpu: how many GPUs the job is given.
    """
    named = re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", measurement.makes[0].path)
    wildcards = re.fullmatch(named, path).groupdict()
    experiments = measurement.experiments(wildcards, STUDIES)
    if not experiments:
        return
    read = measurement.inputs(experiments, CONFIG, wildcards.get("seed"))
    params = {
        "measure": measurement.measure,
        "compares": measurement.compares,
        "experiments": [{**e.training_settings(), "seeds": e.seeds} for e in experiments],
        "settings": measurement.arguments(CONFIG | {"device": device}),
    }
    made = {
        kind.name: str((to or folder) / kind.path.format(**wildcards)) for kind in measurement.makes
    }
    _run(folder, "measure", read, made, params, wildcards, {"gpu": gpu})


def _judge(folder):
    """Make the tables of the catalogue, the scorecard and the claims."""
    judged = []
    for table in TABLES.values():
        sources = table.sources(STUDIES, CONFIG)
        read = {kind.name: kind.paths(chosen, CONFIG) for kind, chosen in sources.items()}
        if table.number:
            read["reported"] = str(REPORTED / f"{table.name}.csv")
        made = {form: f"tables/{table.name}.{form}" for form in ("csv", "md", "tex", "html")}
        params = {"catalogue": "paper.tables.catalogue.TABLES", "table": table.name}
        if EXPERIMENTS in sources:
            shown = sources[EXPERIMENTS]
            columns = [{**e.training_settings(), "seeds": e.seeds} for e in shown]
            params["experiments"] = columns
        _run(folder, "tabulate", read, made, params)
        if table.judged:
            judged.append(table.name)
    read = {
        "tables": [f"tables/{name}.csv" for name in judged],
        "reported": [str(REPORTED / f"{name}.csv") for name in judged],
    }
    _run(folder, "score", read, _pages("scorecard"))
    evidence = {kind.name: kind.paths(STUDIES, CONFIG) for kind in SOURCES.values()}
    _run(folder, "evaluate_claims", evidence, _pages("claims"))


def _pages(name):
    return {form: f"{name}.{form}" for form in ("csv", "html")}


def _run(folder, script, inputs, outputs, params=None, wildcards=None, resources=None):
    log = folder / f"logs/{script}.log"
    log.parent.mkdir(exist_ok=True)

    def inside(paths):  # a path that is absolute stays as it is
        many = [str(folder / path) for path in ([paths] if isinstance(paths, str) else paths)]
        return many[0] if isinstance(paths, str) else many

    run_script(
        f"{script}.py",
        log,
        input={name: inside(paths) for name, paths in inputs.items()},
        output={name: inside(path) for name, path in outputs.items()},
        params=dict(params or {}),
        wildcards=wildcards or {},
        resources=resources or {},
    )
