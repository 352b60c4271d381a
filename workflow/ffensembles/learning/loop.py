"""Training: a block of seeds at once, as one batched network (section 3, App. C).

Some kinds of models train their layers one after the other, each for all epochs, on the frozen
outputs of the ones before; others train all layers together. Each such stretch is a phase. The
data lie on the device, a batch is an index, and one step of Adam serves all seeds.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from math import isfinite
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from ffensembles.experiments import Experiment
from ffensembles.learning.adam import Adam
from ffensembles.learning.checkpoints import Checkpoint
from ffensembles.learning.cuda_graph import make_step
from ffensembles.learning.devices import keep_freed_memory, precision
from ffensembles.learning.kinds import Kind, find_kind
from ffensembles.learning.objective import Objective
from ffensembles.learning.split import Split
from ffensembles.progress import progress
from ffensembles.randomness import generator

log = logging.getLogger(__name__)

# Sees how many epochs are done, and the weights in training by their names in the state.
Observer = Callable[[int, dict[str, Tensor]], None]

LOG_COLUMNS = (
    "seed",
    "layer",  # 0: all layers at once
    "epoch",
    "loss",
    "positive_goodness",
    "negative_goodness",
    "seconds",
)


@dataclass
class Trained:
    """What training gives: the networks' state, the log, and which seeds diverged where."""

    state: dict[str, Tensor]
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
    observe: Observer | None = None,
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
        observe: called when a phase begins and after each of its epochs; again for the same ones
            where a killed training goes on.

    Raises:
        SystemExit: SIGTERM was received; the checkpoint holds the state.
    """
    keep_freed_memory()
    draw = partial(generator, random_seed, *experiment.key)
    split = split.without(experiment.held_out)
    kind = find_kind(experiment, split.shape, split.categories)
    network = kind.initialise([draw(seed, "weights") for seed in seeds]).to(device)
    shuffles = [draw(seed, "shuffle") for seed in seeds]
    training = Training(kind, network, seeds, shuffles, device, observe)
    training.restore(checkpoint.load(device))
    with checkpoint, torch.no_grad(), precision(device, precision_name):
        bar = progress(
            total=kind.phases * experiment.epochs,
            description=f"{training.name} seeds {seeds[0]}-{seeds[-1]}",
            unit="epoch",
            done=(training.phase - 1) * experiment.epochs + training.epoch,
        )

        def epoch_done() -> None:
            bar.set_postfix_str(training.last_epoch(), refresh=False)
            bar.update()

        if training.phase <= kind.phases:
            objectives = kind.objectives(network, split, seeds, draw, device)
            for phase, objective in enumerate(objectives, 1):
                if phase >= training.phase:
                    training.train_phase(phase, objective, checkpoint, epoch_done)
        training.finish()
        checkpoint.save(training.state())
        bar.close()
    return Trained(
        kind.state(network), pd.DataFrame(training.rows, columns=LOG_COLUMNS), training.diverged
    )


class Training:
    """The state of a training, and the loop that carries it from step to step."""

    def __init__(
        self,
        kind: Kind,
        network: Any,
        seeds: list[int],
        generators: list[torch.Generator],
        device: torch.device,
        observe: Observer | None = None,
    ) -> None:
        """Start before the first step of phase 1."""
        self.kind, self.network, self.observe = kind, network, observe
        self.experiment = kind.experiment
        self.seeds, self.generators = seeds, generators
        self.name = " / ".join(self.experiment.key)
        self.phase, self.epoch, self.batch = 1, 0, 0  # of those, epoch and batch count what is done
        self.shuffles = self._generator_states()  # from which this epoch's order is drawn
        self.totals = torch.zeros(len(seeds), 3, device=device)
        self.seconds = 0.0
        self.rows: list[list[float]] = []
        self.diverged: dict[int, str] = {}
        self.optimiser: Adam | None = None
        self._optimiser_state: dict[str, list[Tensor]] | None = None

    def train_phase(
        self,
        phase: int,
        objective: Objective,
        checkpoint: Checkpoint,
        epoch_done: Callable[[], object],
    ) -> None:
        """Train one phase from wherever the state stands to its end."""
        size, n = self.experiment.batch_size, len(objective)
        self.phase = phase
        self.optimiser = self._make_optimiser(objective)
        step = make_step(objective, self.optimiser, self.totals, size)
        self._show()
        while self.epoch < self.experiment.epochs:
            started = time.perf_counter() - self.seconds
            objective.begin_epoch(phase, self.epoch, self.batch)
            # Drawn on the CPU: how a GPU permutes depends on the number of its processors.
            order = torch.stack([torch.randperm(n, generator=g) for g in self.generators])
            order = order.to(self.totals.device)
            for start in range(self.batch * size, n, size):
                step(order[:, start : start + size])
                self.batch += 1
                self.seconds = time.perf_counter() - started
                checkpoint.after_step(self.state)
            self._end_epoch(objective, started)
            self._show()
            epoch_done()
        for parameter in objective.parameters:
            parameter.grad = None
        self.optimiser = None  # its moments and the gradients make room for the next phase
        self.phase, self.epoch = phase + 1, 0

    def _show(self) -> None:
        if self.observe and not self.batch:
            layer = f"layer{self.phase}." if self.kind.layerwise else ""
            state = self.kind.state(self.network).items()
            self.observe(self.epoch, {name: x for name, x in state if name.startswith(layer)})

    def _make_optimiser(self, objective: Objective) -> Adam:
        settings = self.experiment.learning_rate, self.experiment.weight_decay
        optimiser = Adam(objective.parameters, *settings)
        if self._optimiser_state is not None:
            optimiser.restore(self._optimiser_state)
            self._optimiser_state = None
        return optimiser

    def _end_epoch(self, objective: Objective, started: float) -> None:
        layer = self.phase if self.kind.layerwise else 0
        of_each = [p.reshape(len(self.seeds), -1) for p in objective.parameters]
        largest = torch.stack([p.abs().amax(1) for p in of_each])
        # The one time in an epoch that the device is waited for.
        means = torch.cat([self.totals / len(objective), largest.mean(0)[:, None]], dim=1).tolist()
        self.seconds = time.perf_counter() - started
        self.epoch, self.batch = self.epoch + 1, 0
        for seed, (*values, weights) in zip(self.seeds, means, strict=True):
            self.rows.append([seed, layer, self.epoch, *values, self.seconds])
            if not (isfinite(weights) and isfinite(values[0])) and seed not in self.diverged:
                place = f"{f'layer {layer}, ' if layer else ''}epoch {self.epoch}"
                self.diverged[seed] = place
                log.warning(
                    f"{self.name}: seed {seed} diverged in {place} (loss {values[0]:g}) and is "
                    "given up; the others of its block go on; a lower learning_rate helps"
                )
        self.totals.zero_()
        self.seconds = 0.0
        self.shuffles = self._generator_states()

    def last_epoch(self) -> str:
        """Return loss and, where there is one, goodness of the last epoch, as means over seeds.

        Diverged seeds do not count.
        """
        rows = [row for row in self.rows[-len(self.seeds) :] if row[0] not in self.diverged]
        if not rows:
            return ""
        loss, positive, negative = (sum(row[i] for row in rows) / len(rows) for i in (3, 4, 5))
        goodness = f", goodness {positive:.3g} | {negative:.3g}" if isfinite(positive) else ""
        return f"loss {loss:.4g}{goodness}"

    def finish(self) -> None:
        """Make sure that nobody uses the networks of a diverged seed."""
        for tensor in self.kind.state(self.network).values():
            for seed in self.diverged if tensor.is_floating_point() else ():
                tensor[self.seeds.index(seed)] = torch.nan

    def state(self) -> dict[str, Any]:
        """Return all that the next step depends on."""
        return {
            "network": self.kind.state(self.network),
            "optimiser": self.optimiser.state if self.optimiser else None,
            "shuffles": self.shuffles,
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
        for name, tensor in self.kind.state(self.network).items():
            tensor.copy_(state["network"][name])
        for g, saved in zip(self.generators, state["shuffles"], strict=True):
            g.set_state(saved.cpu())  # which lie on the device, as all that is loaded
        self.shuffles = self._generator_states()
        self.totals.copy_(state["totals"])
        self.phase, self.epoch, self.batch = state["position"]
        self.seconds, self.rows, self.diverged = state["seconds"], state["rows"], state["diverged"]
        self._optimiser_state = state["optimiser"]

    def _generator_states(self) -> list[torch.Tensor]:
        return [g.get_state() for g in self.generators]
