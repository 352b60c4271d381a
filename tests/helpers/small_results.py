"""The files of a small study as the pipeline writes them, by its own functions and scripts."""

from pathlib import Path

import torch

from ffensembles.data.datasets import write
from ffensembles.learning.block import train_block
from ffensembles.paper.claims.evidence import FRAMES
from ffensembles.paper.tables.catalogue import TABLES
from ffensembles.pipeline import results
from ffensembles.representations.extraction import extract_run
from helpers import REPORTED, ROOT
from helpers.runs import few_digits
from helpers.scripts import run_script
from helpers.small_training import experiment

SEEDS = [0, 1]
STUDIES = [
    experiment("ff", epochs=60, batch_size=64),  # enough for most categories to have ensembles
    experiment("bpff"),
    experiment("bp"),
    experiment("ff", study="without-3", held_out=3),
    experiment("ff", study="l1-goodness", goodness="l1", normalisation="l1"),
    experiment("bp", study="l1-regularised", activation_l1=3e-5),
]


def write_results(folder):
    """Write what comes of a few digits: all but figures and the pages about the run."""
    images = few_digits()
    write(images, folder / "datasets/digits.npz")
    for e in STUDIES:
        _train(folder, e, images)
        _measure(folder, e)
    for study in dict.fromkeys(e.study for e in STUDIES):
        _fit_probes(folder, study)
    run = {
        model: str(folder / f"representations/digits/{model}/main/seed-0.parquet")
        for model in ("ff", "bpff", "bp")
    }
    wildcards = {"dataset": "digits", "seed": "0"}
    for script, name, inputs in (
        ("measure_similarity", "similarity", run),
        ("measure_layer_similarity", "layer-similarity", {"representation": run["ff"]}),
    ):
        output = folder / f"analysis/digits/{name}/seed-0.parquet"
        _run(folder, script, inputs, {"table": output}, {"layers": 3}, wildcards)
    _judge(folder)
    return folder


def _train(folder, e, images):
    """Train the runs of an experiment and extract their representations."""
    weights = Path(_weights(folder, e))
    threads = torch.get_num_threads()
    train_block(
        e,
        SEEDS,
        images,
        model_path=str(weights),
        log_path=str(weights.with_suffix(".log.parquet")),
        random_seed=0,
        device="cpu",
        precision="auto",
        checkpoint_interval=60,
        code="of this test",
    )
    torch.set_num_threads(threads)
    for seed, path in zip(SEEDS, _representations(folder, e), strict=True):
        extract_run(e, seed, str(weights), images, path, device="cpu", unseen_label="none")


def _representations(folder, e):
    return [
        str(folder / f"representations/{'/'.join(e.key)}/seed-{seed}.parquet") for seed in SEEDS
    ]


def _measure(folder, e):
    """Make each measurement of an experiment as its rule does."""
    place = folder / f"analysis/{'/'.join(e.key)}"
    runs = {"representations": _representations(folder, e)}
    tested = runs | {"ensembles": str(place / "ensembles.parquet")}
    weights = _weights(folder, e)
    networks = {"models": [weights], "dataset": str(folder / "datasets/digits.npz")}
    of_runs = {"seeds": SEEDS, "layers": e.layers, "held_out": e.held_out}
    settings = {"experiment": e.training_settings(), "device": "cpu"}
    exact = {"method": "exact", "shuffles": 1, "random_seed": 0}
    for script, name, inputs, params in (
        ("measure_accuracy", "accuracy", runs, of_runs),
        ("measure_sparsity", "sparsity", runs, of_runs),
        ("find_ensembles", "ensembles", runs, of_runs),
        ("measure_significance", "significance", tested, of_runs | exact),
        ("measure_balance", "balance", networks, of_runs),
        ("measure_training_sparsity", "training-sparsity", networks, settings),
    ):
        wildcards = {"dataset": e.dataset, "model": e.model, "study": e.study}
        _run(folder, script, inputs, {"table": place / f"{name}.parquet"}, params, wildcards)


def _fit_probes(folder, study):
    """Fit the probes of all models of a study."""
    rows = [e for e in STUDIES if e.study == study]
    inputs = {e.model: _weights(folder, e) for e in rows}
    inputs["dataset"] = str(folder / "datasets/digits.npz")
    settings = [e.training_settings() for e in rows]
    params = {"experiments": settings, "layers": [1, 2, 3], "device": "cpu"}
    output = {"table": folder / f"analysis/digits/{study}/probes.parquet"}
    _run(folder, "fit_probes", inputs, output, params, {"dataset": "digits", "study": study})


def _weights(folder, e):
    return str(folder / f"models/{'/'.join(e.key)}/seeds-0-1.safetensors")


def _judge(folder):
    """Make the tables of the catalogue, the scorecard and the claims."""
    csv = {}
    for table in TABLES.values():
        sources = table.sources(STUDIES, {})
        inputs = {kind: _analyses(folder, kind, chosen) for kind, chosen in sources.items()}
        if table.in_paper:
            inputs["reported"] = str(REPORTED / f"{table.name}.csv")
        kinds = ("csv", "md", "tex", "html")
        outputs = {kind: folder / f"tables/{table.name}.{kind}" for kind in kinds}
        params = table.settings({"only": {}}) | {"table": table.key}
        _run(folder, "tabulate", inputs, outputs, params)
        if table.judged:
            csv[table.name] = str(outputs["csv"])
    reported = [str(REPORTED / f"{name}.csv") for name in csv]
    inputs = {"tables": list(csv.values()), "reported": reported}
    _run(folder, "score", inputs, _pages(folder, "scorecard"))
    frames = {kind: _analyses(folder, kind, STUDIES) for kind in FRAMES}
    _run(folder, "evaluate_claims", frames, _pages(folder, "claims"))


def _analyses(folder, kind, experiments):
    """Return the files of one kind of measurement of some experiments."""
    if kind == "experiments":
        return [str(ROOT / "config/demo.tsv")]
    name = kind.replace("_", "-")
    if name.endswith("similarity"):
        return [str(folder / f"analysis/digits/{name}/seed-0.parquet")]
    return [str(folder / path) for path in results.files(kind, experiments, {})]


def _pages(folder, name):
    return {form: folder / f"{name}.{form}" for form in ("csv", "html")}


def _run(folder, script, inputs, outputs, params=None, wildcards=None):
    log = folder / f"logs/{script}.log"
    log.parent.mkdir(exist_ok=True)
    run_script(
        f"{script}.py",
        log,
        input=inputs,
        output={name: str(path) for name, path in outputs.items()},
        params=dict(params or {}),
        wildcards=wildcards or {},
    )
