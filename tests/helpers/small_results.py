"""The files of a small study as the pipeline writes them, by its own functions and scripts."""

import torch

from ffensembles.data.datasets import write
from ffensembles.representations.extraction import extract_run
from ffensembles.training.block import train_block
from helpers.runs import few_digits
from helpers.scripts import run_script
from helpers.small_training import experiment

SEEDS = [0, 1]


def write_results(folder):
    """Write dataset, models, representations and all measurements of a few digits; return it."""
    images = few_digits()
    dataset = folder / "datasets/digits.npz"
    write(images, dataset)
    representations = {}
    for model in ("ff", "bpff", "bp"):
        e = experiment(model, epochs=6, batch_size=32)
        place = f"digits/{model}/{e.study}"
        weights = folder / f"models/{place}/seeds-0-1.safetensors"
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
        runs = [str(folder / f"representations/{place}/seed-{seed}.parquet") for seed in SEEDS]
        for seed, path in zip(SEEDS, runs, strict=True):
            extract_run(e, seed, str(weights), images, path, device="cpu", unseen_label="none")
        representations[model] = runs[0]
        networks = {"models": [str(weights)], "dataset": str(dataset)}
        _measure(folder, e, {"representations": runs}, networks)
    wildcards = {"dataset": "digits", "seed": "0"}
    run = {"representation": representations["ff"]}
    for script, name, inputs in (
        ("measure_similarity", "similarity", representations),
        ("measure_layer_similarity", "layer-similarity", run),
    ):
        output = folder / f"analysis/digits/{name}/seed-0.parquet"
        _run(script, folder, inputs, output, wildcards, {"layers": 3})
    return folder


def _measure(folder, e, runs, networks):
    """Make each measurement of an experiment as its rule does."""
    of_runs = {"seeds": SEEDS, "layers": e.layers, "held_out": e.held_out}
    settings = {"experiment": e.training_settings(), "device": "cpu"}
    place = folder / f"analysis/{e.dataset}/{e.model}/{e.study}"
    exact = {"method": "exact", "shuffles": 1, "random_seed": 0}
    tested = runs | {"ensembles": str(place / "ensembles.parquet")}
    for script, name, inputs, params in (
        ("measure_accuracy", "accuracy", runs, of_runs),
        ("measure_sparsity", "sparsity", runs, of_runs),
        ("find_ensembles", "ensembles", runs, of_runs),
        ("measure_significance", "significance", tested, of_runs | exact),
        ("measure_balance", "balance", networks, of_runs),
        ("fit_probes", "probes", networks, settings | {"layers": [1, 2, 3]}),
        ("measure_training_sparsity", "training-sparsity", networks, settings),
    ):
        wildcards = {"dataset": e.dataset, "model": e.model, "study": e.study}
        _run(script, folder, inputs, place / f"{name}.parquet", wildcards, params)


def _run(script, folder, inputs, output, wildcards, params):
    log = folder / f"logs/{script}.log"
    log.parent.mkdir(exist_ok=True)
    named = {"input": inputs, "output": {"table": str(output)}, "params": params}
    run_script(f"{script}.py", log, wildcards=wildcards, **named)
