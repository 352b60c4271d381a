"""Pruning: what accuracy is left when units are removed in one shot, without training again.

Units are ranked by how much they stand out in some ensemble, and for comparison by the norm of
their weights, by their mean activation, and at random (Blalock et al., 2020). Units that no image
drives are worth nothing, and in no ensemble, so what is drawn at random is drawn from the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
from ffensembles.learning.kinds import Kept
from ffensembles.learning.weights import sound_networks
from ffensembles.representations.extraction import Prepared, activations, inputs, prepare

SHARES = tuple(0.5**k for k in range(1, 7))  # of units kept, but for all of them
DRAWS = 10  # of the random ranking, and of as many live units as there are in ensembles
ROWS = 2000  # pass the network together: few enough to stay in the processor's cache


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
        UserError: every run diverged in training, or the device is not there.
    """
    tables = []
    name = "/".join(["pruning", *experiment.key])
    for path, seed in sound_networks(experiment, models):
        whole = prepare(experiment, seed, path, dataset, "train", device)
        run = replace(
            whole, images=spread(whole.images, 2 * images), labels=spread(whole.labels, 2 * images)
        )
        rng = np.random.default_rng([random_seed, seed, *name.encode()])
        ranking = rank_units(run, rng)

        test = inputs(experiment, dataset, "test", choose(device))
        x, labels = spread(test.images, images), spread(test.labels, images)
        tested = replace(run, images=x, labels=labels, embedding=test.embedding)
        with precision(x.device, "highest"):
            table = prune(tested, ranking, rng)
        tables.append(with_keys(table, seed=seed))
    return pd.concat(tables, ignore_index=True)


def rank_units(run: Prepared, rng: np.random.Generator, draws: int = DRAWS) -> Ranking:
    """Rank the units of every layer; none is ranked where no image is classified correctly.

    Args:
        run: a network, and images that it is not tested on.
        rng: draws the random rankings.
        draws: how many random rankings.
    """
    seen, truth = run.correct()
    if not len(truth):
        return Ranking({}, [], [])
    layers, labels = activations(run.kind, run.network, seen), truth.cpu().numpy()
    categories = np.unique(labels)
    means = [category_means(x, labels, categories) for x in layers]
    loos = [leave_one_out(x) for x in means]
    outstanding = [
        np.divide(x, loo, out=np.zeros_like(x), where=loo > 0).max(axis=0)
        for x, loo in zip(means, loos, strict=True)
    ]
    activity = [x.mean(axis=0) for x in means]
    importance = {"ensembles": outstanding}
    if run.kind.incoming:
        weights = run.kind.weights(run.network)
        importance["weight norm"] = [w.norm(dim=1).cpu().numpy() for w in weights]
    importance["mean activation"] = activity
    for draw in range(draws):
        importance[f"random {draw}"] = [np.where(x != 0, rng.random(len(x)), -1) for x in activity]
    members = [np.any(active_units(*pair), axis=0) for pair in zip(means, loos, strict=True)]
    return Ranking(importance, members, activity)


def prune(
    run: Prepared,
    ranking: Ranking,
    rng: np.random.Generator,
    shares: Sequence[float] = SHARES,
) -> pd.DataFrame:
    """Test a network with less and less of its units.

    Args:
        run: the network, and the images to test it on.
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
    whole = Trial(0, "whole", 0, 1.0, np.nan, [None] * run.kind.experiment.layers)
    trials = [whole, *(_trials(ranking, shares, rng) if ranking.members else [])]
    accuracy = accuracies(run, [t.kept for t in trials])
    rows = [
        (t.layer, t.ranking, t.draw, t.share, t.live, operations(run, t.kept), value)
        for t, value in zip(trials, accuracy, strict=True)
    ]
    columns = ["layer", "ranking", "draw", "share", "live", "operations", "accuracy"]
    return pd.DataFrame(rows, columns=columns)


@torch.no_grad()
def accuracies(run: Prepared, prunings: Sequence[Kept]) -> list[float]:
    """Return the accuracy of a network under each of some prunings."""
    correct = torch.zeros(len(prunings), dtype=torch.long)
    for part, truth in zip(run.images.split(ROWS), run.labels.split(ROWS), strict=True):
        predicted = run.kind.predict_pruned(run.network, part, run.embedding, prunings)
        correct += (predicted == truth).sum(1).cpu()
    return (correct / len(run.images)).tolist()


def operations(run: Prepared, kept: Kept) -> float:
    """Return the share of a forward pass's multiplications that are left."""
    pruned = run.kind.prune(run.network, kept)
    return run.kind.operations(pruned) / run.kind.operations(run.network)


def spread(rows: Tensor, most: int) -> Tensor:
    """Return at most so many rows, evenly spread: published sets may begin with easier images."""
    if len(rows) <= most:
        return rows
    return rows[torch.linspace(0, len(rows) - 1, most, device=rows.device).long()]


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
