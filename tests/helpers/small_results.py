"""The files of a small study as the pipeline writes them, by its own functions and scripts."""

import torch

from ffensembles.analysis.catalogue import MEASUREMENTS
from ffensembles.data.datasets import write
from ffensembles.files import write_text
from ffensembles.learning.block import train_block
from ffensembles.paper.claims.evidence import SOURCES
from ffensembles.paper.tables.catalogue import TABLES
from ffensembles.pipeline.results import (
    EXPERIMENTS,
    LOGS,
    MODELS,
    REPRESENTATIONS,
    SNAPSHOTS,
)
from ffensembles.representations.extraction import extract_run
from helpers import REPORTED
from helpers.measuring import CONFIG, measure
from helpers.runs import few_digits
from helpers.scripts import run_script
from helpers.small_training import ON_CPU, experiment

STUDIES = [
    experiment("ff", seeds=2, epochs=60, batch_size=64),  # most categories have ensembles
    experiment("bpff", seeds=2, epochs=20, learning_rate=0.01),
    experiment("bp", seeds=2),
    experiment("ff", seeds=2, study="without-3", held_out=3),
    experiment("ff", seeds=2, study="l1-goodness", goodness="l1", normalisation="l1"),
    experiment("bp", seeds=2, study="l1-regularised", activation_l1=3e-5),
]


def write_results(folder):
    """Write what comes of a few digits: all but figures and the pages about the run."""
    images = few_digits()
    write(images, folder / "datasets/digits.npz")
    write_text(f"{images.sha256}\n", folder / "datasets/digits.sha256")
    for e in STUDIES:
        _train(folder, e, images)
    for measurement in MEASUREMENTS:
        for wildcards in _jobs(measurement):
            measure(measurement, folder, wildcards, STUDIES)
    _judge(folder)


def of_experiment(folder, artefact, e):
    """Return the paths of the files of one kind that belong to an experiment."""
    return [folder / path for path in artefact.paths([e], CONFIG)]


def _train(folder, e, images):
    """Train the runs of an experiment and extract their representations."""
    weights, log, snapshots = (
        str(*of_experiment(folder, artefact, e)) for artefact in (MODELS, LOGS, SNAPSHOTS)
    )
    threads = torch.get_num_threads()
    train_block(
        e,
        list(e.runs),
        images,
        model_path=weights,
        log_path=log,
        snapshots_path=snapshots,
        snapshots_of=CONFIG["figures"]["seed"],
        **ON_CPU,
    )
    torch.set_num_threads(threads)
    for seed in e.runs:
        path = folder / REPRESENTATIONS.at(e, seed=seed)
        extract_run(e, seed, weights, images, path, device="cpu", unseen_label="none")


def _jobs(measurement):
    """Return the wildcards of each job of a measurement; of similarities, of the first run."""
    names = measurement.place.strip("{}").split("}/{")
    found = [{n: "0" if n == "seed" else getattr(e, n) for n in names} for e in STUDIES]
    return [job for i, job in enumerate(found) if job not in found[:i]]


def _judge(folder):
    """Make the tables of the catalogue, the scorecard and the claims."""
    csv = {}
    for table in TABLES.values():
        sources = table.sources(STUDIES, CONFIG)
        inputs = {
            artefact.name: _files(folder, artefact, rows) for artefact, rows in sources.items()
        }
        if table.number:
            inputs["reported"] = str(REPORTED / f"{table.name}.csv")
        kinds = ("csv", "md", "tex", "html")
        outputs = {kind: folder / f"tables/{table.name}.{kind}" for kind in kinds}
        shown = [e.training_settings() for e in sources.get(EXPERIMENTS, [])]
        params = {"catalogue": "paper.tables.catalogue.TABLES", "table": table.name}
        _run(folder, "tabulate", inputs, outputs, params | {"experiments": shown})
        if table.judged:
            csv[table.name] = str(outputs["csv"])
    reported = [str(REPORTED / f"{name}.csv") for name in csv]
    inputs = {"tables": list(csv.values()), "reported": reported}
    _run(folder, "score", inputs, _pages(folder, "scorecard"))
    evidence = {name: _files(folder, artefact, STUDIES) for name, artefact in SOURCES.items()}
    _run(folder, "evaluate_claims", evidence, _pages(folder, "claims"))


def _files(folder, artefact, experiments):
    paths = artefact.paths(experiments, CONFIG)
    # Of similarity there is the first run alone.
    return [str(folder / p) for p in paths if not p.endswith("similarity/seed-1.parquet")]


def _pages(folder, name):
    return {form: folder / f"{name}.{form}" for form in ("csv", "html")}


def _run(folder, script, inputs, outputs, params=None):
    run_script(
        f"{script}.py",
        folder / f"logs/{script}.log",
        input=inputs,
        output={name: str(path) for name, path in outputs.items()},
        params=params or {},
    )
