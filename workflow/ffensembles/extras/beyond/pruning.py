"""Pruning: what accuracy is left when units are removed in one shot, without training again.

Units are ranked by how much they stand out in some ensemble, and for comparison by the norm of
their weights, by their mean activation, and at random (Blalock et al., 2020). Units that no image
drives are worth nothing, and in no ensemble, so what is drawn at random is drawn from the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ffensembles.analysis.ensembles import active_units, category_means, leave_one_out
from ffensembles.analysis.measurements import with_keys
from ffensembles.data.datasets import Dataset
from ffensembles.experiments import Experiment
from ffensembles.files import Paths
from ffensembles.learning.devices import choose, precision
from ffensembles.learning.goodness import goodness
from ffensembles.learning.label_embedding import LabelEmbedding
from ffensembles.learning.networks import Linear, Network, normalise
from ffensembles.learning.weights import stored_networks
from ffensembles.representations.extraction import (
    activations,
    inputs,
    most_probable,
    predict,
    prepare,
)

SHARES = tuple(0.5**k for k in range(1, 7))  # of units kept, but for all of them
DRAWS = 10  # of the random ranking, and of as many live units as there are in ensembles
ROWS = 2000  # pass the network together: few enough to stay in the processor's cache

Kept = Sequence[Tensor | None]  # of each layer the units to keep, None for all of them


@dataclass(frozen=True)
class Ranking:
    """How much each unit counts, and which are in an ensemble.

    Attributes:
        importance: by the name of the ranking, of each layer (n,): the larger, the later removed.
        members: of each layer (n,) bool: is the unit in any ensemble?
        activity: of each layer (n,), the mean activation: units of 0 are dead.
    """

    importance: Mapping[str, list[np.ndarray]]
    members: list[np.ndarray]
    activity: list[np.ndarray]


@dataclass(frozen=True)
class Trial:
    """A pruned network to be tested."""

    layer: int  # pruned, from 1; 0: all of them
    ranking: str
    draw: int
    share: float  # of all units kept where units are removed
    live: float  # share of live units there
    kept: Kept


def measure_pruning(
    experiment: Experiment,
    models: Paths,
    dataset: Dataset,
    *,
    device: str,
    images: int,
    random_seed: int,
) -> pd.DataFrame:
    """Prune every run of an experiment.

    Training images rank the units, so that the test images judge without prejudice.

    Args:
        experiment: what was trained.
        models: the files of its networks.
        dataset: both splits.
        device: where the networks run.
        images: how many test images to take at most, spread evenly over all; twice as many
            training images rank the units, those of them that are classified correctly.
        random_seed: of the config; the random rankings derive from it.

    Returns:
        seed, then the columns of `prune`.

    Raises:
        UserError: a run diverged in training, or the device is not there.
    """
    tables = []
    name = "/".join(["pruning", *experiment.key])
    for path, seed in stored_networks(models):
        network, x, labels, embedding = prepare(experiment, seed, path, dataset, "train", device)
        x, labels = spread(x, 2 * images), spread(labels, 2 * images)
        predicted = predict(network, x, embedding, experiment.goodness)
        correct = torch.from_numpy(predicted).to(labels.device) == labels
        x, labels = x[correct], labels[correct]
        layers = activations(network, embedding.embed(x, labels) if embedding else x)
        rng = np.random.default_rng([random_seed, seed, *name.encode()])
        ranking = rank_units(network, layers, labels.cpu().numpy(), rng)

        x, labels, embedding = inputs(experiment, dataset, "test", choose(device))
        x, labels = spread(x, images), spread(labels, images)
        with precision(x.device, "highest"):
            table = prune(network, x, labels, embedding, experiment.goodness, ranking, rng)
        tables.append(with_keys(table, seed=seed))
    return pd.concat(tables, ignore_index=True)


def rank_units(
    network: Network,
    layers: Sequence[np.ndarray],
    labels: np.ndarray,
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> Ranking:
    """Rank the units of every layer; none is ranked where there are no images.

    Args:
        network: of one seed.
        layers: representations of the same images, (M, n) each. They should not be those that
            the pruned networks are tested on.
        labels: (M,), the category of each row.
        rng: draws the random rankings.
        draws: how many random rankings.
    """
    if not len(labels):
        return Ranking({}, [], [])
    categories = np.unique(labels)
    means = [category_means(x, labels, categories) for x in layers]
    loos = [leave_one_out(x) for x in means]
    outstanding = [
        np.divide(x, loo, out=np.zeros_like(x), where=loo > 0).max(axis=0)
        for x, loo in zip(means, loos, strict=True)
    ]
    norms = [layer.weight[0].norm(dim=1).cpu().numpy() for layer in network.layers]
    importance = {
        "ensembles": outstanding,
        "weight norm": norms,
        "mean activation": [x.mean(axis=0) for x in means],
    }
    activity = importance["mean activation"]
    for draw in range(draws):
        importance[f"random {draw}"] = [np.where(x > 0, rng.random(len(x)), -1) for x in activity]
    members = [np.any(active_units(*pair), axis=0) for pair in zip(means, loos, strict=True)]
    return Ranking(importance, members, activity)


def prune(
    network: Network,
    images: Tensor,
    labels: Tensor,
    embedding: LabelEmbedding | None,
    norm: str,
    ranking: Ranking,
    rng: np.random.Generator,
    shares: Sequence[float] = SHARES,
) -> pd.DataFrame:
    """Test a network of one seed with less and less of its units.

    Args:
        network: of one seed.
        images: standardised, (M, inputs).
        labels: (M,).
        embedding: draws the labels to be tried; None for BP.
        norm: of the goodness.
        ranking: of the units.
        rng: draws live units.
        shares: of the units to keep, beside all of them.

    Returns:
        layer (from 1; 0: all layers at once), ranking (those of `rank_units`; `in ensembles` and
        `in none`: the units in any ensemble, or in none, are kept; `as many live` and `most
        active`: as many as there are in ensembles, drawn from the live units, or the most active
        on average), draw (of the random rankings, else 0), share (of the
        units kept, in the layers pruned), live (share of the live units there), operations (share
        of multiplications kept, of the whole network), accuracy. A layer without units in
        ensembles, or without others, stays whole where the others are pruned by them.
    """
    trials = [_whole(network), *(_trials(ranking, shares, rng) if ranking.members else [])]
    accuracy = accuracies(network, images, labels, embedding, norm, [t.kept for t in trials])
    rows = [
        (t.layer, t.ranking, t.draw, t.share, t.live, operations(network, t.kept), value)
        for t, value in zip(trials, accuracy, strict=True)
    ]
    columns = ["layer", "ranking", "draw", "share", "live", "operations", "accuracy"]
    return pd.DataFrame(rows, columns=columns)


@torch.no_grad()
def accuracies(
    network: Network,
    images: Tensor,
    labels: Tensor,
    embedding: LabelEmbedding | None,
    norm: str,
    prunings: Sequence[Kept],
) -> list[float]:
    """Return the accuracy of a network of one seed under each of some prunings.

    What lies below the first pruned layer is the same for all, and computed once, its goodness
    too.
    """
    correct = torch.zeros(len(prunings), dtype=torch.long)
    together = ROWS if embedding is None else ROWS // embedding.categories
    for part, truth in zip(images.split(together), labels.split(together), strict=True):
        seen = part if embedding is None else _with_every_label(part, embedding)
        whole = list(network.activations(seen[None]))
        values = [] if embedding is None else [goodness(h[0], norm) for h in whole]
        for i, kept in enumerate(prunings):
            changed = _changed(network, whole, kept)
            if embedding is None:
                last = changed[-1] if changed else whole[-1]
                predicted = _head(network, kept)(last)[0].argmax(1)
            else:
                below = values[: len(whole) - len(changed)]
                per_layer = torch.stack([*below, *(goodness(h[0], norm) for h in changed)])
                per_label = per_layer.unflatten(1, (embedding.categories, len(part)))
                predicted = most_probable(per_label.transpose(0, 1))
            correct[i] += (predicted == truth).sum().cpu()
    return (correct / len(images)).tolist()


def operations(network: Network, kept: Kept) -> float:
    """Return the share of a forward pass's multiplications that are left."""
    linears = [*network.layers, *([network.head] if network.head else [])]
    shapes = [linear.weight.shape[1:] for linear in linears]
    after = [len(k) if k is not None else n for k, (n, _) in zip(kept, shapes, strict=False)]
    after += [n for n, _ in shapes[len(after) :]]
    before = [shapes[0][1], *after[:-1]]
    left = sum(a * b for a, b in zip(after, before, strict=True))
    return left / sum(n * m for n, m in shapes)


def spread(rows: Tensor, most: int) -> Tensor:
    """Return at most so many rows, evenly spread: published sets may begin with easier images."""
    if len(rows) <= most:
        return rows
    return rows[torch.linspace(0, len(rows) - 1, most, device=rows.device).long()]


def _whole(network: Network) -> Trial:
    return Trial(0, "whole", 0, 1.0, np.nan, [None] * len(network.layers))


def _trials(ranking: Ranking, shares: Sequence[float], rng: np.random.Generator) -> Iterator[Trial]:
    depth = len(ranking.members)
    for layer in range(depth + 1):
        pruned = range(depth) if layer == 0 else [layer - 1]
        for name, importance in ranking.importance.items():
            kind, _, draw = name.partition("random ")
            order = {i: np.argsort(-importance[i], kind="stable") for i in pruned}
            for share in shares:
                kept = {i: o[: ceil(share * len(o))] for i, o in order.items()}
                yield _trial(layer, kind or "random", int(draw or 0), kept, ranking)
        sets = {i: ranking.members[i] for i in pruned if 0 < ranking.members[i].mean() < 1}
        if not sets:
            continue
        for name, wanted in (("in ensembles", True), ("in none", False)):
            kept = {i: np.flatnonzero(members == wanted) for i, members in sets.items()}
            yield _trial(layer, name, 0, kept, ranking)
        sizes = {i: members.sum() for i, members in sets.items()}
        active = {i: np.argsort(-ranking.activity[i], kind="stable") for i in sets}
        kept = {i: order[: sizes[i]] for i, order in active.items()}
        yield _trial(layer, "most active", 0, kept, ranking)
        for number in range(DRAWS):
            live = {i: np.flatnonzero(ranking.activity[i]) for i in sets}
            kept = {i: rng.choice(units, sizes[i], replace=False) for i, units in live.items()}
            yield _trial(layer, "as many live", number, kept, ranking)


def _trial(
    layer: int, name: str, draw: int, kept: Mapping[int, np.ndarray], ranking: Ranking
) -> Trial:
    units = sum(len(ranking.members[i]) for i in kept)
    share = sum(map(len, kept.values())) / units
    live = sum(np.count_nonzero(ranking.activity[i]) for i in kept) / units
    places: Kept = [
        torch.from_numpy(np.sort(kept[i])) if i in kept else None
        for i in range(len(ranking.members))
    ]
    return Trial(layer, name, draw, share, live, places)


def _with_every_label(images: Tensor, embedding: LabelEmbedding) -> Tensor:
    """Return (K · rows, inputs): all images with label 0, then all with label 1, and so on."""
    every = torch.arange(embedding.categories, device=images.device)
    labels = every.repeat_interleave(len(images))
    return embedding.embed(images.repeat(embedding.categories, 1), labels)


def _changed(network: Network, whole: Sequence[Tensor], kept: Kept) -> list[Tensor]:
    """Return the activations that the whole network's turn into, from the first pruned layer on."""
    first = next((i for i, k in enumerate(kept) if k is not None), len(kept))
    layers = [h[..., k] for h, k in zip(whole[first:], kept[first : first + 1], strict=False)]
    for i in range(first + 1, len(kept)):
        part = _part(network.layers[i], kept[i], kept[i - 1])
        layers.append(part(normalise(layers[-1], network.normalisation)).relu_())
    return layers


def _head(network: Network, kept: Kept) -> Linear:
    assert network.head is not None, "only BP has a head"
    return _part(network.head, None, kept[-1])


def _part(linear: Linear, after: Tensor | None, before: Tensor | None) -> Linear:
    weight, bias = linear.weight, linear.bias
    if after is not None:
        weight, bias = weight[:, after], bias[:, after]
    return Linear.of(weight if before is None else weight[:, :, before], bias)
