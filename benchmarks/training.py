"""Time training against the machine's matrix products and against a plain reading.

For every model, number of units and number of seeds asked for, in one run and in turns:

a. the matrix products of a training step, on their own, at the same shapes and precision; on a CPU
   at `highest`, by whichever route is the fastest that keeps float32;
b. `ffensembles.learning.loop.train`, on random images of the right shape;
c. the plain reading in `plain.py`, one seed after the other, at torch's default precision and
   in a process of its own, which nothing that we set up helps; FF also as the paper's authors
   train it, each batch passing the layers below anew.

Prints epochs per second (an epoch of FF is one of each layer), how many times as fast as c, the
share of a's rate that b reaches, and what the whole study would take on this device. Each time is
the best of some rounds; with one thread on a CPU it is the process's own, which other work on the
machine disturbs little.

    python benchmarks/training.py                      a GPU: everything; a CPU: 1000 units, 1 seed
    python benchmarks/training.py --units 3072 --seeds 1 10 --models ff --precision highest medium
"""

import argparse
import tempfile
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise, product
from math import nan, prod
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter, process_time

import plain
import torch
from torch import Tensor

from ffensembles.experiments import Experiment, read_experiments
from ffensembles.learning.checkpoints import Checkpoint
from ffensembles.learning.devices import choose, precision, product_dtype, products
from ffensembles.learning.float32 import ROUTES, is_float32
from ffensembles.learning.loop import train
from ffensembles.learning.split import Split
from ffensembles.paper_models import BP, FF
from ffensembles.printing.names import MODELS

TABLE = Path(__file__).parent.parent / "config/experiments.tsv"
IMAGES = {"mnist": 60_000, "fashionmnist": 60_000, "svhn": 73_257, "cifar10": 50_000}
SHAPES = {
    "mnist": (1, 28, 28),
    "fashionmnist": (1, 28, 28),
    "svhn": (3, 32, 32),
    "cifar10": (3, 32, 32),
}
ROUNDS = 3


@dataclass
class Timing:
    """Seconds of an epoch of the experiment, by each of the ways."""

    experiment: Experiment
    precision: str
    products: float
    ours: float
    plain: float
    authors: float

    @property
    def rate(self) -> float:
        """Floating-point operations per second that our training does."""
        return operations(self.experiment) / self.experiment.epochs / self.ours


def shapes(e: Experiment) -> list[tuple[int, int, int]]:
    """Return (m, k, n) of a seed's products in a training step, of every layer for FF.

    They are the outputs, the gradients of the weights, and, but for FF, those of the inputs.
    """
    sizes = [prod(SHAPES[e.dataset]), *e.widths]
    sizes += [10] if e.model == BP else []
    rows = e.batch_size * (1 if e.model == BP else 2)
    found = []
    for i, (inputs, outputs) in enumerate(pairwise(sizes)):
        found += [(rows, inputs, outputs), (outputs, rows, inputs)]
        if i and e.model != FF:
            found.append((rows, outputs, inputs))
    return found


def operations(e: Experiment) -> float:
    """Return the floating-point operations in the products of a whole experiment."""
    images = IMAGES[e.dataset] * (1 if e.held_out is None else 0.9)
    of_a_step = sum(2.0 * m * k * n for m, k, n in shapes(e))
    return len(e.runs) * e.epochs * images / e.batch_size * of_a_step


def now(device: torch.device) -> float:
    """Return seconds: of this process's work where one CPU thread does it, else on the wall."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    return (
        process_time() if (device.type, torch.get_num_threads()) == ("cpu", 1) else perf_counter()
    )


def seconds(action: Callable[[], object], times: int, device: torch.device) -> float:
    """Return the seconds that one call takes, of several in a row, after one that warms up."""
    action()
    started = now(device)
    for _ in range(times):
        action()
    return (now(device) - started) / times


def time_products(e: Experiment, device: torch.device, name: str, times: int) -> float:
    """Return the seconds that a step's products take, one after the other, by the best route.

    Those of each layer of FF are on their own, as it trains one at a time.
    """
    route = products(device, name).route
    asked = [ROUTES[r] for r in ROUTES if is_float32(r)] if route else [None]
    every = shapes(e)
    stages = [every[i : i + 2] for i in range(0, len(every), 2)] if e.model == FF else [every]
    total = 0.0
    with precision(device, name):
        dtype, before = product_dtype(device), torch.get_float32_matmul_precision()
        rand = partial(torch.rand, device=device, dtype=dtype)
        for stage in stages:
            factors = [(rand(len(e.runs), m, k), rand(len(e.runs), k, n)) for m, k, n in stage]
            best = float("inf")
            for precision_name in asked:
                torch.set_float32_matmul_precision(precision_name or before)
                best = min(best, seconds(partial(multiply, factors), times, device))
            total += best
        torch.set_float32_matmul_precision(before)
    return total


def multiply(factors: list[tuple[Tensor, Tensor]]) -> None:
    """Multiply the two of each pair."""
    for a, b in factors:
        torch.bmm(a, b)


def time_ours(e: Experiment, device: torch.device, name: str, batches: int) -> float:
    """Return the seconds of a step (of all layers for FF) within epochs of some batches."""
    shape, images = SHAPES[e.dataset], batches * e.batch_size
    split = Split(torch.rand(images, prod(shape)), torch.arange(images) % 10, shape, 10)
    stamps: list[tuple[int, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        train(
            replace(e, epochs=3),
            list(e.runs),
            split,
            Checkpoint(Path(folder) / "checkpoint", {}, 1e9),
            random_seed=0,
            device=device,
            precision_name=name,
            observe=lambda epoch, _: stamps.append((epoch, now(device))),
        )
    # Of each phase (a layer, for FF) the faster of its second and third epoch.
    lasted: dict[int, list[float]] = {2: [], 3: []}
    for (_, before), (epoch, after) in pairwise(stamps):
        if epoch in lasted:
            lasted[epoch].append(after - before)
    return sum(map(min, *lasted.values())) / batches


def time_plain(e: Experiment, device: torch.device, times: int, threads: int) -> float:
    """Return the seconds of a step for all seeds, one after the other."""
    torch.set_num_threads(threads)
    inputs = [prod(SHAPES[e.dataset])]
    if e.model == FF:
        inputs += e.widths[:-1]
    total = 0.0
    for width in inputs:
        steps = plain.steps(e, *random_pairs(e, width, device))
        total += seconds(partial(next, steps), times, device)
    return len(e.runs) * total


def time_authors(e: Experiment, device: torch.device, times: int, threads: int) -> float:
    """Return the seconds of a step of all layers of FF for all seeds, as the authors train it."""
    torch.set_num_threads(threads)
    data = random_pairs(e, prod(SHAPES[e.dataset]), device)
    total = 0.0
    for layer in range(1, e.layers + 1):
        steps = plain.steps_above_frozen(e, *data, layer)
        total += seconds(partial(next, steps), times, device)
    return len(e.runs) * total


def random_pairs(e: Experiment, width: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Return positive and negative inputs of a layer, and labels, of a dataset's size."""
    n = IMAGES[e.dataset]
    positive, negative = (torch.rand(n, width, device=device) for _ in range(2))
    return positive, negative, torch.arange(n, device=device) % 10


def measure(e: Experiment, device: torch.device, name: str, other: Executor) -> Timing:
    """Time an experiment's epoch in each way, in turns; the plain ones elsewhere."""
    gpu, threads = device.type == "cuda", torch.get_num_threads()
    rounds = [
        (
            time_products(e, device, name, 20 if gpu else 4),
            time_ours(e, device, name, 59 if gpu else 10),
            other.submit(time_plain, e, device, 20 if gpu else 4, threads).result(),
            other.submit(time_authors, e, device, 20 if gpu else 4, threads).result()
            if e.model == FF
            else nan,
        )
        for _ in range(ROUNDS)
    ]
    steps = IMAGES[e.dataset] / e.batch_size
    return Timing(e, name, *(steps * min(times) for times in zip(*rounds, strict=True)))


def show(t: Timing, fastest: Timing) -> None:
    """Print a line of the table; `fastest` is what the first precision took."""
    e = t.experiment
    print(
        f"{MODELS[e.model]:6}{e.widths[0]:6}{len(e.runs):6}  {t.precision:8}{1 / t.ours:9.3f}"
        f"{t.plain / t.ours:9.2f}{t.authors / t.ours:10.2f}{t.products / t.ours:9.2f}"
        f"{t.rate / 1e12:9.3f}{fastest.ours / t.ours:9.2f}",
        flush=True,
    )


def project(timings: list[Timing], table: list[Experiment]) -> float:
    """Return the seconds of a whole study, from the rates of the nearest timed experiments."""

    def nearest(e: Experiment) -> Timing:
        return min(
            timings,
            key=lambda t: (
                t.experiment.model != e.model,
                abs(t.experiment.widths[0] - e.widths[0]),
                abs(len(t.experiment.runs) - len(e.runs)),
            ),
        )

    return sum(operations(e) / nearest(e).rate for e in table)


def arguments() -> argparse.Namespace:
    """Read the command line; what is not given depends on the device."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--units", nargs="+", type=int, choices=(1000, 3072))
    parser.add_argument("--seeds", nargs="+", type=int)
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--precision", nargs="+", default=["auto"])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--full", action="store_true", help="1000 and 3072 units, 1 and 10 seeds")
    a = parser.parse_args()
    full = a.full or choose(a.device).type == "cuda"
    a.units = a.units or ([1000, 3072] if full else [1000])
    a.seeds = a.seeds or ([1, 10] if full else [1])
    return a


def main() -> None:
    """Time what the command line asks for."""
    asked = arguments()
    torch.set_num_threads(asked.threads)
    device = choose(asked.device)
    name = torch.cuda.get_device_name() if device.type == "cuda" else f"{asked.threads} threads"
    print(f"{device.type} ({name}), torch {torch.__version__}\n")
    print("model  units seeds  precision epochs/s  x plain x authors    share  TFLOP/s  x first")
    table = read_experiments(TABLE)
    timings: dict[str, list[Timing]] = {name: [] for name in asked.precision}
    with ProcessPoolExecutor(1, get_context("spawn")) as other:
        for units, model, seeds in product(asked.units, asked.models, asked.seeds):
            key = ("mnist" if units == 1000 else "cifar10", model, "main")
            e = replace(next(e for e in table if e.key == key), seeds=seeds)
            cells = [measure(e, device, name, other) for name in asked.precision]
            for cell in cells:
                timings[cell.precision].append(cell)
                show(cell, cells[0])
    work = sum(map(operations, table))
    print(f"\nThe whole study ({TABLE.name}): {work:.2g} floating-point operations.")
    for chosen, cells in timings.items():
        hours = project(cells, table) / 3600
        print(f"At precision {chosen}, by the rates above: {hours:.2f} hours of training.")


if __name__ == "__main__":
    main()
