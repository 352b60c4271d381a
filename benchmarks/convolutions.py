"""Time a step of the convolutional kinds beside a plain PyTorch loop of the same networks.

Both train in this process, in turns, on images of noise as large as MNIST's; a step's time is the
processor's, the least of some rounds. The plain loop is written as one would: BatchNorm2d, modules
as PyTorch makes them, torch.optim.Adam. An epoch has 469 steps of 128 images.

    OMP_NUM_THREADS=1 python benchmarks/convolutions.py medium
"""

import resource
import sys
import time
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, softplus

from ffensembles.interactive.runs import experiment
from ffensembles.learning.adam import Adam
from ffensembles.learning.devices import keep_freed_memory, precision
from ffensembles.learning.kinds import find_kind
from ffensembles.learning.label_embedding import Embedding
from ffensembles.learning.objective import Objective
from ffensembles.learning.split import Split
from ffensembles.randomness import generator

CPU = torch.device("cpu")
SHAPE, IMAGES, BATCH, STEPS_OF_EPOCH = (1, 28, 28), 1280, 128, 469
ROUNDS, STEPS = 5, 2
NORMALISED = {"units": "20,80,240,480", "layers": 4}
ROWS = {
    "cwc": NORMALISED,
    "bpconv": NORMALISED,
    "ffconv": {"units": "32,64,128", "layers": 3, "kernel": 7},
}


def plain_layers() -> nn.ModuleList:
    """Return the layers of CwC and BP conv as PyTorch makes them."""
    layers, before = nn.ModuleList(), 1
    for number, channels in enumerate((20, 80, 240, 480)):
        conv = nn.Conv2d(before, channels, 3, padding=1, groups=10 if number % 2 else 1)
        parts: list[nn.Module] = [conv, nn.ReLU()]
        parts += [nn.MaxPool2d(2)] if number % 2 else []
        layers.append(nn.Sequential(*parts, nn.BatchNorm2d(channels, eps=1e-4)))
        before = channels
    return layers


def plain_normalised(competing: bool) -> tuple[nn.Module, Callable[[Tensor, Tensor], Tensor]]:
    """Return a network and its loss: channels that compete, or Backpropagation."""
    layers, head = plain_layers(), nn.Linear(480 * 7 * 7, 10)

    def loss(x: Tensor, y: Tensor) -> Tensor:
        total = torch.zeros(())
        for layer in layers:
            x = layer(x.detach() if competing else x)
            if competing:
                goodness = x.unflatten(1, (10, -1)).square().mean((2, 3, 4))
                total = total + cross_entropy(goodness, y)
        x = x.detach() if competing else x
        return total + cross_entropy(head(x.flatten(1)), y)

    return nn.ModuleList([*layers, head]), loss


def plain_ff(labels: Embedding) -> tuple[nn.Module, Callable[[Tensor, Tensor], Tensor]]:
    """Return the first layer of FF conv and its loss."""
    layer = nn.Conv2d(1, 32, 7, padding=3)

    def loss(x: Tensor, y: Tensor) -> Tensor:
        wrong = (y + torch.randint(1, 10, y.shape)) % 10
        goodness = []
        for label in (y, wrong):
            image = labels.embed(x, label)
            image = image / image.flatten(1).norm(dim=1)[:, None, None, None]
            goodness.append(layer(image).relu().flatten(1).norm(dim=1))
        return (softplus(3 - goodness[0]) + softplus(goodness[1] - 3)).mean() / 2

    return layer, loss


def step_of_ours(objective: Objective, optimiser: Adam) -> None:
    """Take a step on some images."""
    with torch.no_grad():
        objective(torch.randperm(IMAGES)[None, :BATCH])
        optimiser.step()


def step_of_plain(
    network: nn.Module,
    loss: Callable[[Tensor, Tensor], Tensor],
    optimiser: torch.optim.Optimizer,
    images: Tensor,
    labels: Tensor,
) -> None:
    """Take a step on some images."""
    rows = torch.randperm(len(images))[:BATCH]
    optimiser.zero_grad()
    loss(images[rows], labels[rows]).backward()
    optimiser.step()


def seconds(step: Callable[[], None]) -> float:
    """Return the processor's time for a step, in seconds."""
    started = time.process_time()
    for _ in range(STEPS):
        step()
    return (time.process_time() - started) / STEPS


def main(name: str) -> None:
    """Print milliseconds per step, seconds per epoch, and how many times as fast the kinds are."""
    keep_freed_memory()
    images, labels = torch.randn(IMAGES, *SHAPE), torch.arange(IMAGES) % 10
    split = Split(images.flatten(1), labels, SHAPE, 10)
    draw = partial(generator, 0)
    print(f"precision {name}\n{'':8}{'ours, ms':>10}{'plain, ms':>11}{'epoch, s':>10}{'times':>8}")
    for model, cells in ROWS.items():
        fixed = {"epochs": 1, "learning_rate": 0.01, "batch_size": BATCH}
        kind = find_kind(experiment(model=model, **fixed, **cells), SHAPE, 10)
        network = kind.initialise([draw("weights")])
        objective = next(iter(kind.objectives(network, split, [0], draw, CPU)))
        optimiser = Adam(objective.parameters, 0.01, 0.0)
        objective.begin_epoch(1, 0, 0)
        if model == "ffconv":
            plain, loss = plain_ff(kind.embedding(images))
        else:
            plain, loss = plain_normalised(competing=model == "cwc")
        of_plain = torch.optim.Adam(plain.parameters(), 0.01)

        steps: list[Callable[[], None]] = [
            partial(step_of_ours, objective, optimiser),
            partial(step_of_plain, plain, loss, of_plain, images, labels),
        ]
        with precision(CPU, name):
            for step in steps:
                step()
            best = [
                min(times)
                for times in zip(*(map(seconds, steps) for _ in range(ROUNDS)), strict=True)
            ]
        mine, theirs = best
        print(
            f"{model:8}{1e3 * mine:10.1f}{1e3 * theirs:11.1f}{STEPS_OF_EPOCH * mine:10.0f}"
            f"{theirs / mine:8.2f}",
            flush=True,
        )
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GiB")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "highest")
