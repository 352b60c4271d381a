"""Time and memory of what lies beyond the paper, at 10,000 images and layers of 1000 units.

Each part runs in a process of its own: the representation of one layer for definition,
microstructure and assemblies, with one thread as in the workflow; one FF network of three layers
for pruning and dynamics, with two threads, at the config's number of test images. Weights and
images are random, which costs the same.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import torch

from ffensembles.data.datasets import Dataset, make_dataset
from ffensembles.experiments import Experiment, read_experiments
from ffensembles.extras.beyond import assemblies, definition, dynamics, microstructure, pruning
from ffensembles.learning import weights
from ffensembles.learning.kinds import Kind, find_kind
from ffensembles.learning.snapshots import Snapshots, epochs_kept
from ffensembles.paper_models import FF

IMAGES, UNITS, CATEGORIES, SHOWN = 10_000, 1000, 10, 2000
CONFIG = Path(__file__).parents[1] / "config"


def representation() -> tuple[np.ndarray, np.ndarray]:
    """Return sparse activations that have something in common, and labels."""
    rng = np.random.default_rng(0)
    labels = np.arange(IMAGES) % CATEGORIES
    latent = rng.standard_normal((IMAGES, 20), dtype=np.float32)
    latent[np.arange(IMAGES), labels] += 3
    drive = latent @ rng.standard_normal((20, UNITS), dtype=np.float32)
    return np.maximum(drive - 4, 0), labels


def images() -> Dataset:
    """Return random images in MNIST's format."""
    rng = np.random.default_rng(0)
    sizes = {"train": 6 * IMAGES, "test": IMAGES}
    arrays: dict[str, np.ndarray] = {}
    for split, size in sizes.items():
        arrays[f"{split}_images"] = rng.integers(0, 256, (size, 1, 28, 28), dtype=np.uint8)
        arrays[f"{split}_labels"] = np.arange(size) % CATEGORIES
    return make_dataset("fashionmnist", arrays, CATEGORIES)


def ff() -> tuple[Experiment, Kind, Any]:
    """Return FF on FashionMNIST as the paper has it, and a network at its beginning."""
    key = ("fashionmnist", FF, "main")
    experiment = next(e for e in read_experiments(CONFIG / "experiments.tsv") if e.key == key)
    generator = torch.Generator().manual_seed(0)
    kind = find_kind(experiment, (1, 28, 28), CATEGORIES)
    return experiment, kind, kind.initialise([generator])


def prune() -> None:
    """Prune one network."""
    experiment, kind, network = ff()
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/model.safetensors"
        weights.save(kind.state(network), kind, [0], {}, path)
        pruning.measure_pruning(
            experiment, [path], images(), device="cpu", images=SHOWN, random_seed=0
        )


def follow() -> None:
    """Follow one network through its snapshots."""
    experiment, kind, network = ff()
    with tempfile.TemporaryDirectory() as folder:
        state = kind.state(network)
        taken = Snapshots(Path(folder), 0, experiment.epochs)
        for layer in (1, 2, 3):
            names = [f"layer{layer}.weight", f"layer{layer}.bias"]
            for epoch in epochs_kept(experiment.epochs):
                taken.take(epoch, {name: state[name] for name in names}, [0])
        path = f"{folder}/snapshots.safetensors"
        taken.save(path, state, {})
        dynamics.measure_dynamics(experiment, [path], images(), device="cpu", images=SHOWN, seed=0)


def of_layer(measure: Callable[..., object], *extra: object) -> Callable[[], object]:
    """Return what measures the representation of one layer."""
    return lambda: measure(*representation(), *extra)


PARTS: dict[str, Callable[[], object]] = {
    "definition": of_layer(definition.measure_definition, np.random.default_rng(0)),
    "microstructure": of_layer(
        microstructure.by_category, np.arange(IMAGES), np.random.default_rng(0)
    ),
    "assemblies": of_layer(assemblies.compare, np.random.default_rng(0)),
    "pruning": prune,
    "dynamics": follow,
}
THREADS = {"pruning": 2, "dynamics": 2}  # the others have one: their products are small


def main() -> None:
    """Print seconds and memory of each part, or of one of them in this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=PARTS, help="only this one, in this process")
    part = parser.parse_args().part
    if part is None:
        print("| part | seconds | processor seconds | peak GiB |\n|---|---|---|---|", flush=True)
        for name in PARTS:
            threads = {"OMP_NUM_THREADS": str(THREADS.get(name, 1))}
            command = [sys.executable, __file__, "--part", name]
            subprocess.run(command, env=os.environ | threads, check=True)
        return
    start, started = perf_counter(), process_time()
    PARTS[part]()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # KiB on Linux
    print(
        f"| {part} | {perf_counter() - start:.1f} | {process_time() - started:.1f} | {peak:.2f} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
