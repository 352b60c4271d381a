"""Local learning: each layer makes the categories easy to read off it, and tells none below."""

from itertools import pairwise
from math import prod

from torch import nn
from torch.nn.functional import cross_entropy

from ffensembles.learning.module_kind import ModuleKind


class Local(ModuleKind):
    name = "Local"
    order = 9
    colour = "#cc79a7"
    marker = "D"
    line = "-."
    columns = {"layers": 2, "noise": 0.1}  # a default, and a column of its own

    def build(self):
        network = nn.ModuleDict()
        sizes = [prod(self.shape), *self.experiment.widths]
        for number, (inputs, units) in enumerate(pairwise(sizes), 1):
            network[f"layer{number}"] = nn.Linear(inputs, units)
            network[f"readout{number}"] = nn.Linear(units, self.categories)
        return network

    def loss(self, network, batch):
        noise = self.experiment.extra["noise"]
        x, total = batch.images.flatten(1), 0
        for number in range(1, self.experiment.layers + 1):
            x = network[f"layer{number}"](x.detach()).relu()
            noisy = x + noise * x.detach().std() * x.new_empty(x.shape).normal_()
            total = total + cross_entropy(network[f"readout{number}"](noisy), batch.labels)
        return total

    def activations(self, network, images):
        x = images.flatten(1)
        for number in range(1, self.experiment.layers + 1):
            x = network[f"layer{number}"](x).relu()
            yield x

    def predict(self, network, images, embedding):
        *_, last = self.activations(network, images)
        return network[f"readout{self.experiment.layers}"](last).argmax(1)
