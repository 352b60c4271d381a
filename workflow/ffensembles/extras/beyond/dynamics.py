"""Dynamics: how ensembles form and change while a network is trained.

Every snapshot of a run represents the same images: those that the network classifies correctly in
the end. So what changes from one to the next is due to the weights alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ffensembles.analysis.ensembles import active_units, category_means, leave_one_out
from ffensembles.analysis.measurements import table_of, with_keys
from ffensembles.analysis.sparsity import hoyer
from ffensembles.data.datasets import Dataset
from ffensembles.diverged import leave_out
from ffensembles.experiments import Experiment
from ffensembles.extras.beyond.pruning import spread
from ffensembles.files import Paths
from ffensembles.learning.devices import choose
from ffensembles.learning.snapshots import diverged, networks
from ffensembles.representations.extraction import Prepared, activations, inputs, predict

COLUMNS = {
    **{"epoch": int, "category": int, "sparsity": float, "units": int, "size": int},
    **{"to_end": float, "by_chance": float, "to_before": float, "kept": float},
    **{"joined": int, "left": int, "live": int},
    "members": list,
}


@dataclass(frozen=True)
class Moment:
    """The ensembles of one layer at one epoch, and how sparse it is, by category."""

    epoch: int
    active: np.ndarray  # (C, n) bool
    live: np.ndarray  # (n,) bool: is the unit driven by any image?
    sparsity: np.ndarray  # (C,), mean over the images that have one


def look(epoch: int, activations: np.ndarray, labels: np.ndarray) -> Moment:
    """Find the ensembles in activations (M, n) of images with labels (M,)."""
    categories = np.unique(labels)
    means = category_means(activations, labels, categories)
    sparsity = pd.Series(hoyer(activations)).groupby(labels).mean()
    active = active_units(means, leave_one_out(means))
    return Moment(epoch, active, activations.max(axis=0, initial=0) > 0, sparsity.to_numpy())


def follow(moments: Sequence[Moment], categories: Sequence[int]) -> pd.DataFrame:
    """Follow the ensembles of one layer through its training.

    Args:
        moments: in order; the last is the end.
        categories: (C,), what their rows are.

    Returns:
        epoch, category, sparsity, units (n), size (units in the ensemble), to_end and to_before
        (Jaccard similarity with the ensemble at the end, and at the moment before; NaN where both
        are empty, or there is none before), by_chance (`to_end` of sets as large that are drawn at
        random from the live units of either moment), kept (share of the ensemble's units that are
        in the one at the end), joined and left (units, since the moment before), live (units that
        any image drives), members (the units).
    """
    rows = []
    end, alive = moments[-1].active, moments[-1].live
    for before, moment in zip([None, *moments], moments, strict=False):
        for c, category in enumerate(categories):
            now, last = moment.active[c], end[c]
            past = None if before is None else before.active[c]
            pools = moment.live, alive
            rows.append(
                {
                    "epoch": moment.epoch,
                    "category": int(category),
                    "sparsity": moment.sparsity[c],
                    "units": len(now),
                    "size": int(now.sum()),
                    "to_end": _jaccard(now, last),
                    "by_chance": chance_jaccard(now.sum(), last.sum(), *pools),
                    "to_before": np.nan if past is None else _jaccard(now, past),
                    "kept": (now & last).sum() / now.sum() if now.any() else np.nan,
                    "joined": 0 if past is None else int((now & ~past).sum()),
                    "left": 0 if past is None else int((past & ~now).sum()),
                    "live": int(moment.live.sum()),
                    "members": np.flatnonzero(now).tolist(),
                }
            )
    return table_of(rows, COLUMNS)


def measure_dynamics(
    experiment: Experiment,
    snapshots: Paths,
    dataset: Dataset,
    *,
    seed: int,
    device: str,
    images: int,
) -> pd.DataFrame:
    """Follow the ensembles of one run through its snapshots.

    Where layers are trained one after the other, each is followed through its own training, on top
    of the trained layers before it.

    Args:
        experiment: what was trained.
        snapshots: the file of the run's, and no other.
        dataset: whose test images are represented, all of them.
        seed: of the run; the snapshots must be its own.
        device: where the networks run.
        images: how many test images to take at most for the accuracy, spread evenly over all.

    Returns:
        seed, layer (from 1), then the columns of `follow`, and accuracy (of the network at this
        epoch; where layers are trained one after the other, of those up to this one). There is no
        row where the run diverged in training.

    Raises:
        UserError: there are no snapshots of this run, or the device is not there.
    """
    (path,) = snapshots
    if place := diverged(path, seed):
        leave_out(experiment, {seed: place}, experiment.runs)
        return table_of([], {"seed": int, "layer": int, **COLUMNS, "accuracy": float})
    chosen = choose(device)
    test = inputs(experiment, dataset, "test", chosen)
    *_, (_, _, last) = networks(test.kind, path, seed)
    seen, seen_labels = Prepared(**vars(test), network=last.to(chosen)).correct()
    categories = seen_labels.cpu().numpy()
    shown, truth = spread(test.images, images), spread(test.labels, images).cpu().numpy()

    moments: dict[int, list[Moment]] = {}
    accuracy: dict[tuple[int, int], float] = {}
    for layer, epoch, stored in networks(test.kind, path, seed):
        network = stored.to(chosen)
        guess = predict(test.kind, network, shown, test.embedding)
        for number, h in enumerate(activations(test.kind, network, seen), 1):
            if number == layer or not test.kind.layerwise:
                moments.setdefault(number, []).append(look(epoch, h, categories))
                accuracy[number, epoch] = float((guess == truth).mean())
    tables = [
        with_keys(follow(found, np.unique(categories).tolist()), seed=seed, layer=layer)
        for layer, found in moments.items()
    ]
    table = pd.concat(tables, ignore_index=True)
    at = zip(table["layer"], table["epoch"], strict=True)
    return table.assign(accuracy=[accuracy[place] for place in at])


def chance_jaccard(a: int, b: int, pool_a: np.ndarray, pool_b: np.ndarray) -> float:
    """Return the Jaccard similarity of two sets whose units share as many as chance expects.

    Args:
        a: size of the one.
        b: size of the other.
        pool_a: (n,) bool, the units that the one is drawn from.
        pool_b: those that the other is.

    Returns:
        NaN where both are empty.
    """
    if not a + b:
        return float("nan")
    shared = a * b * (pool_a & pool_b).sum() / max(pool_a.sum() * pool_b.sum(), 1)
    return float(shared / (a + b - shared))


def _jaccard(a: np.ndarray, b: np.ndarray) -> float:
    union = (a | b).sum()
    return float((a & b).sum() / union) if union else float("nan")
