"""A plain reading of the three algorithms, as published code has it: the pace to beat.

One seed at a time: an `nn.Module`, a `TensorDataset` that gathers sample by sample behind a
`DataLoader`, autograd everywhere, one optimiser per layer (FF). The same mathematics as
`ffensembles.learning`, which the tests hold against such readings.
"""

from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize, softplus
from torch.utils.data import DataLoader, TensorDataset

from ffensembles.experiments import Experiment
from ffensembles.paper_models import BP, FF

THETA = 3.0


class Layers(nn.Module):
    """Linear layers with ReLU, and a head for BP."""

    def __init__(self, inputs: int, units: int, layers: int, head: bool) -> None:
        """Initialise as PyTorch does."""
        super().__init__()
        sizes = pairwise([inputs] + [units] * layers)
        self.hidden = nn.ModuleList(nn.Linear(before, after) for before, after in sizes)
        self.head = nn.Linear(units, 10) if head else nn.Identity()


def ff_loss(positive: Tensor, negative: Tensor) -> Tensor:
    """Return the threshold loss of two batches' goodness."""
    return (softplus(THETA - positive) + softplus(negative - THETA)).mean() / 2


def steps(e: Experiment, positive: Tensor, negative: Tensor, labels: Tensor) -> Iterator[None]:
    """Train without end, batch after batch.

    FF trains one layer; for a deeper one the data are the outputs of those before. BP sees the
    positive images and the labels.
    """
    model = Layers(positive.shape[1], e.widths[0], 1 if e.model == FF else e.layers, e.model == BP)
    model.to(positive.device)
    optimiser = torch.optim.Adam(model.parameters(), lr=e.learning_rate)
    for x_pos, x_neg, y in batches(e, positive, negative, labels):
        if e.model == BP:
            x = x_pos
            for linear in model.hidden:
                x = linear(x).relu()
            loss = cross_entropy(model.head(x), y)
        else:
            loss = ff_loss(*(total_goodness(model, x) for x in (x_pos, x_neg)))
        step(loss, optimiser)
        yield


def steps_above_frozen(
    e: Experiment, positive: Tensor, negative: Tensor, labels: Tensor, layer: int
) -> Iterator[None]:
    """Train a layer of FF (counted from 1) without end, as the paper's authors do: on the images.

    Nothing is kept of the layers below, which every batch passes anew.
    """
    model = Layers(positive.shape[1], e.widths[0], layer, head=False).to(positive.device)
    *frozen, trained = model.hidden
    optimiser = torch.optim.Adam(trained.parameters(), lr=e.learning_rate)
    for x_pos, x_neg, _ in batches(e, positive, negative, labels):
        goodness = []
        for x in (x_pos, x_neg):
            with torch.no_grad():
                for linear in frozen:
                    x = linear(normalize(x)).relu()
            goodness.append(trained(normalize(x)).relu().norm(dim=1))
        step(ff_loss(*goodness), optimiser)
        yield


def batches(e: Experiment, *data: Tensor) -> Iterator[list[Tensor]]:
    """Yield shuffled batches without end."""
    loader = DataLoader(TensorDataset(*data), batch_size=e.batch_size, shuffle=True)
    while True:
        yield from loader


def step(loss: Tensor, optimiser: torch.optim.Optimizer) -> None:
    """Change the weights by the gradient of a loss."""
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    loss.item()  # for the progress that such code prints


def total_goodness(model: Layers, x: Tensor) -> Tensor:
    """Return the goodness of all layers, summed."""
    total = torch.zeros(len(x), device=x.device)
    for linear in model.hidden:
        x = linear(normalize(x)).relu()
        total = total + x.norm(dim=1)
    return total
