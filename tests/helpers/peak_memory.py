"""The memory of tensors that exist at once, followed through every operation."""

import math
import weakref
from dataclasses import replace
from functools import partial
from itertools import pairwise
from types import SimpleNamespace

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

from ffensembles.learning import loop
from ffensembles.learning.goodness import goodness
from ffensembles.learning.kinds import find_kind
from ffensembles.learning.losses import find_loss
from ffensembles.learning.perceptrons import Linear, Network
from ffensembles.learning.split import Split
from ffensembles.randomness import generator

CPU = torch.device("cpu")


class PeakMemory(TorchDispatchMode):
    """Counts the bytes of all tensors that operations return, until they are let go."""

    def __init__(self):
        super().__init__()
        self.now = self.peak = 0
        self.known = weakref.WeakSet()

    def __torch_dispatch__(self, function, types, arguments=(), settings=None):
        result = function(*arguments, **(settings or {}))
        for tensor in tree_iter(result):
            if isinstance(tensor, torch.Tensor):
                self.count(tensor.untyped_storage())
        return result

    def count(self, storage):
        if storage in self.known:
            return
        self.known.add(storage)
        size = storage.nbytes()
        self.now += size
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self.release, size)

    def release(self, size):
        self.now -= size


class OneEpoch(loop.Training):
    """A training that reads nothing back, for there is nothing to read."""

    def _end_epoch(self, objective, started):
        self.epoch, self.batch = self.epoch + 1, 0


def simulated_peak(e, seeds, images, shape):
    """Return the bytes that training needs at its peak on a GPU, without computing anything.

    `maximum: image` spares reading the brightest pixel.
    """
    e = replace(e, epochs=1, maximum="none" if e.model == "bp" else "image")
    sizes = [math.prod(shape)] + [e.units] * e.layers
    never = SimpleNamespace(after_step=lambda state: None)
    find_loss("threshold", e.theta)  # tried once, with real numbers
    goodness(torch.ones(1, 1), "l1" if e.goodness == "l1" else "l2")
    with FakeTensorMode(), PeakMemory() as memory, torch.no_grad():
        split = Split(
            torch.empty(images, sizes[0]), torch.zeros(images, dtype=torch.long), shape, 10
        )
        layers = [linear(seeds, *pair) for pair in pairwise(sizes)]
        head = linear(seeds, e.units, 10) if e.model == "bp" else None
        network = Network(layers, head, e.normalisation)
        kind = find_kind(e, shape, 10)
        run = OneEpoch(kind, network, list(range(seeds)), [torch.Generator()] * seeds, CPU)
        objectives = kind.objectives(network, split, run.seeds, partial(generator, 0), CPU)
        for phase, objective in enumerate(objectives, 1):
            run.batch = max(0, images // e.batch_size - 2)  # the last three are enough
            run.train_phase(phase, objective, never, lambda: None)
    return memory.peak


def linear(seeds, inputs, outputs):
    return Linear.of(torch.empty(seeds, outputs, inputs), torch.empty(seeds, outputs))
