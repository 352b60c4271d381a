"""Training: a block of seeds at once, as one batched network (section 3, App. C).

FF trains its layers one after the other, each for all epochs, on the frozen outputs of the ones
before; BP/FF and BP train all layers together. Each such stretch is a phase. The data lies on
the device, a batch is an index, and one step of Adam serves all seeds.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from ffensembles.checkpoints import Checkpoint
from ffensembles.devices import precision
from ffensembles.experiments import Experiment
from ffensembles.label_embedding import CATEGORIES, LabelEmbedding, draw_negatives
from ffensembles.networks import Network, normalise
from ffensembles.objectives import (
    LOSSES,
    CrossEntropy,
    LayerGoodness,
    NetworkGoodness,
    PairedData,
)
from ffensembles.progress import progress
from ffensembles.randomness import generator
from ffensembles.steps import make_step

log = logging.getLogger(__name__)

Objective = LayerGoodness | NetworkGoodness | CrossEntropy


@dataclass
class Split:
    """The training images: standardised, flattened (N, C*H*W), with labels and (C, H, W)."""

    images: Tensor
    labels: Tensor
    shape: tuple[int, int, int]


@dataclass
class Trained:
    """What training gives: the networks, the log, and which seeds diverged where."""

    network: Network
    log: pd.DataFrame
    diverged: dict[int, str] = field(default_factory=dict)


def train(
    experiment: Experiment,
    seeds: list[int],
    split: Split,
    checkpoint: Checkpoint,
    *,
    random_seed: int,
    device: torch.device,
    precision_name: str = "auto",
) -> Trained:
    """Train the seeds of an experiment, going on from the checkpoint where there is one.

    Args:
        experiment: the settings.
        seeds: which seeds; each has generators of its own, so the result of a seed depends on
            its block only through the rounding of batched products.
        split: the training images, on any device.
        checkpoint: kept up to date; left behind with the finished state.
        random_seed: the config's seed, from which every draw derives.
        device: where to train.
        precision_name: see `devices.precision`.

    Raises:
        SystemExit: SIGTERM was received; the checkpoint holds the state.
    """
    name = (random_seed, *experiment.key)
    split = _without_held_out(experiment, split)
    inputs = split.images.shape[1]
    network = Network.initialise(
        [inputs] + [experiment.units] * experiment.layers,
        CATEGORIES if experiment.model == "bp" else None,
        experiment.normalisation,
        [generator(*name, seed, "weights") for seed in seeds],
    ).to(device)
    run = Run(network, seeds, [generator(*name, s, "shuffle", device=device) for s in seeds])
    run.restore(checkpoint.load(device))
    with checkpoint, torch.no_grad(), precision(device, precision_name):
        bar = progress(
            total=experiment.epochs * (experiment.layers if experiment.model == "ff" else 1),
            description=f"{' / '.join(experiment.key)} seeds {seeds[0]}-{seeds[-1]}",
            unit="epoch",
            done=run.epochs_done(experiment),
        )
        if run.epochs_done(experiment) < bar.total:
            for phase, objective in _objectives(experiment, name, seeds, split, network, device):
                if phase >= run.phase:
                    run.train_phase(phase, objective, experiment, checkpoint, bar.update)
        run.finish()
        checkpoint.save(run.state())
        bar.close()
    return Trained(network, pd.DataFrame(run.rows, columns=Run.COLUMNS), run.diverged)


def bytes_per_seed(experiment: Experiment, images: int, inputs: int) -> int:
    """Estimate the device memory that one seed's training takes at its peak.

    The data dominate FF: both halves of a layer's inputs lie beside the outputs being made.
    """
    units, batch = experiment.units, 2 * experiment.batch_size
    weights = 4 * units * (inputs + units * (experiment.layers - 1))  # with gradient and moments
    passing = 4 * batch * (inputs + units * experiment.layers)
    data = {
        "ff": 2 * images * (max(inputs, units) + units),
        "bpff": 2 * images * inputs,
        "bp": images * inputs,
    }
    return 4 * (weights + passing + data[experiment.model])


def _without_held_out(experiment: Experiment, split: Split) -> Split:
    """Leave out the images of the held-out category; its label stays among the wrong ones."""
    if experiment.held_out is None:
        return split
    keep = split.labels != experiment.held_out
    return Split(split.images[keep], split.labels[keep], split.shape)


def _objectives(
    experiment: Experiment,
    name: tuple[object, ...],
    seeds: list[int],
    split: Split,
    network: Network,
    device: torch.device,
) -> Iterator[tuple[int, Objective]]:
    """Yield (phase, objective) in order, phases counted from 1 as layers are."""
    if experiment.model == "bp":
        yield (
            1,
            CrossEntropy(
                network, split.images.to(device), split.labels.to(device), experiment.activation_l1
            ),
        )
        return
    data = paired_data(experiment, name, seeds, split, device)
    loss = LOSSES[experiment.loss]
    if experiment.model == "bpff":
        yield 1, NetworkGoodness(network, data, experiment.goodness, loss)
        return
    for i, layer in enumerate(network.layers, 1):
        objective = LayerGoodness(layer, data, experiment.goodness, loss)
        yield i, objective
        if i < len(network.layers):
            data = objective.outputs(experiment.normalisation)


def paired_data(
    experiment: Experiment,
    name: tuple[object, ...],
    seeds: list[int],
    split: Split,
    device: torch.device,
) -> PairedData:
    """Embed the labels of positive and negative data for each seed, normalised, on the device."""
    images, labels = split.images.to(device), split.labels.cpu()
    embedding = LabelEmbedding.of(images, split.shape, experiment.black, experiment.maximum)
    inputs = torch.empty(len(seeds), 2, *images.shape, device=device)
    for i, seed in enumerate(seeds):
        draws = generator(*name, seed, "negatives")
        index, wrong = draw_negatives(labels, experiment.negatives, draws)
        negatives = embedding.embed(images[index.to(device)], wrong.to(device))
        positives = embedding.embed(images, labels.to(device))
        inputs[i, 0] = normalise(positives, experiment.normalisation)
        inputs[i, 1] = normalise(negatives, experiment.normalisation)
    return PairedData(inputs)


class Run:
    """The state of a training, and the loop that carries it from step to step."""

    COLUMNS = (
        "seed",
        "layer",
        "epoch",
        "loss",
        "positive_goodness",
        "negative_goodness",
        "seconds",
    )

    def __init__(
        self, network: Network, seeds: list[int], generators: list[torch.Generator]
    ) -> None:
        """Start before the first step of phase 1."""
        self.network, self.seeds, self.generators = network, seeds, generators
        self.phase, self.epoch, self.batch = 1, 0, 0
        self.totals = torch.zeros(len(seeds), 3, device=generators[0].device)
        self.seconds = 0.0
        self.rows: list[list[float]] = []
        self.diverged: dict[int, str] = {}
        self.optimiser: torch.optim.Adam | None = None
        self._optimiser_state: dict[str, Any] | None = None

    def train_phase(
        self,
        phase: int,
        objective: Objective,
        experiment: Experiment,
        checkpoint: Checkpoint,
        epoch_done: Any,
    ) -> None:
        """Train one phase from wherever the state stands to its end."""
        size, n = experiment.batch_size, len(objective)
        self._start_phase(phase, objective, experiment.learning_rate)
        step = make_step(objective, self.optimiser, self.totals, size)
        while self.epoch < experiment.epochs:
            self.shuffled_from = [g.get_state() for g in self.generators]
            order = torch.stack(
                [torch.randperm(n, generator=g, device=g.device) for g in self.generators]
            )
            started = time.perf_counter() - self.seconds
            for start in range(self.batch * size, n, size):
                step(order[:, start : start + size])
                self.batch += 1
                self.seconds = time.perf_counter() - started
                checkpoint.after_step(self.state)
            self._end_epoch(phase if experiment.model == "ff" else 0, n)
            epoch_done()
        self.phase, self.epoch = phase + 1, 0

    def _start_phase(self, phase: int, objective: Objective, learning_rate: float) -> None:
        self.phase = phase
        for parameter in objective.parameters:
            parameter.requires_grad_()
        self.optimiser = torch.optim.Adam(
            objective.parameters,
            lr=learning_rate,
            fused=True,
            capturable=self.totals.is_cuda,
        )
        if self._optimiser_state is not None:
            self.optimiser.load_state_dict(self._optimiser_state)
            self._optimiser_state = None

    def _end_epoch(self, layer: int, n: int) -> None:
        self.epoch, self.batch = self.epoch + 1, 0
        means = (self.totals / n).tolist()  # the one time per epoch that the device is waited for
        for seed, (loss, positive, negative) in zip(self.seeds, means, strict=True):
            self.rows.append([seed, layer, self.epoch, loss, positive, negative, self.seconds])
            if not abs(loss) < float("inf") and seed not in self.diverged:
                place = f"layer {layer}, " if layer else ""
                self.diverged[seed] = f"{place}epoch {self.epoch}"
                log.warning(
                    "seed %d diverged (%sepoch %d: loss is %s) and is given up; the others of "
                    "its block go on; a lower learning_rate helps",
                    seed,
                    place,
                    self.epoch,
                    loss,
                )
        self.totals.zero_()
        self.seconds = 0.0

    def finish(self) -> None:
        """Detach the networks, and make sure that nobody uses those of a diverged seed."""
        for tensor in self.network.state().values():
            tensor.requires_grad_(False)
            for seed in self.diverged:
                tensor[self.seeds.index(seed)] = torch.nan

    def epochs_done(self, experiment: Experiment) -> int:
        """Return how many epochs of all phases lie behind."""
        return (self.phase - 1) * experiment.epochs + self.epoch

    def state(self) -> dict[str, Any]:
        """Return all that the next step depends on."""
        return {
            "network": self.network.state(),
            "optimiser": self.optimiser.state_dict() if self.optimiser else None,
            "generators": self.shuffled_from
            if self.batch
            else [g.get_state() for g in self.generators],
            "totals": self.totals,
            "position": [self.phase, self.epoch, self.batch],
            "seconds": self.seconds,
            "rows": self.rows,
            "diverged": self.diverged,
        }

    def restore(self, state: dict[str, Any] | None) -> None:
        """Go back to a saved state."""
        if state is None:
            return
        for name, tensor in self.network.state().items():
            tensor.copy_(state["network"][name])
        for g, saved in zip(self.generators, state["generators"], strict=True):
            g.set_state(saved.cpu())
        self.totals.copy_(state["totals"])
        self.phase, self.epoch, self.batch = state["position"]
        self.seconds, self.rows, self.diverged = state["seconds"], state["rows"], state["diverged"]
        self._optimiser_state = state["optimiser"]
