"""Ensembles where units are assigned to categories by design: emergent, or imposed?"""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import torch

from ffensembles.analysis.ensembles import active_units, category_means, leave_one_out
from ffensembles.analysis.measurements import read_layers, runs_of, with_keys
from ffensembles.data.datasets import Dataset
from ffensembles.experiments import Experiment
from ffensembles.files import Paths
from ffensembles.learning.devices import choose
from ffensembles.randomness import generator
from ffensembles.representations.extraction import activations, inputs

IMAGES = 2000  # test images that an untrained network sees


def own_share(activations: np.ndarray, labels: np.ndarray, assigned: np.ndarray) -> pd.DataFrame:
    """Say how much of each ensemble lies in the category's own group.

    Args:
        activations: (M, n).
        labels: (M,), the category of each row.
        assigned: (n,), the category to which each unit is assigned.

    Returns:
        category, size (units in the ensemble), own (share of them that is assigned to it; NaN of an
        empty ensemble), other (the same for the other groups, on average: what permuted groups
        would have), chance (share of all units that is assigned to it).
    """
    categories = np.unique(labels)
    means = category_means(activations, labels, categories)
    members = active_units(means, leave_one_out(means))
    mine = assigned[None] == categories[:, None]
    size, groups = members.sum(1), len(np.unique(assigned))
    none = np.full(len(size), np.nan)
    own = np.divide((members & mine).sum(1), size, out=none, where=size > 0)
    return pd.DataFrame(
        {
            "category": categories,
            "size": size,
            "own": own,
            "other": (1 - own) / (groups - 1),
            "chance": mine.mean(1),
        }
    )


def measure_groups(
    experiment: Experiment,
    representations: Paths,
    dataset: Dataset,
    *,
    random_seed: int,
    device: str,
) -> pd.DataFrame:
    """Compare ensembles with groups in trained networks, and where there is nothing to find.

    Args:
        experiment: whose kind assigns units to categories.
        representations: a file of each of its runs.
        dataset: its images.
        random_seed: of the config.
        device: where untrained networks run.

    Returns:
        seed, layer, network (`trained`; `untrained`: the network as it was drawn; `shuffled`: the
        trained one, labels shuffled over the images), then the columns of `own_share`.
    """
    draw = partial(generator, random_seed, *experiment.key)
    seen = inputs(experiment, dataset, "test", choose(device))
    assigned = [units.cpu().numpy() for units in seen.kind.assigned()]
    tables: list[pd.DataFrame] = []

    def add(x: np.ndarray, labels: np.ndarray, **keys: str | int) -> None:
        units = assigned[int(keys["layer"]) - 1]
        tables.append(with_keys(own_share(x, labels, units), **keys))

    runs = runs_of(experiment, representations)
    for seed, layer, x in read_layers(runs, experiment.layers, held_out=experiment.held_out):
        order = torch.randperm(len(x.labels), generator=draw(seed, "shuffled labels"))
        add(x.activations, x.labels, seed=seed, layer=layer, network="trained")
        shuffled = x.labels[order.numpy()]
        add(x.activations, shuffled, seed=seed, layer=layer, network="shuffled")
    few = seen.images[:IMAGES]
    for seed, _ in runs:
        network = seen.kind.initialise([draw(seed, "weights")]).to(few.device).eval()
        for layer, h in enumerate(activations(seen.kind, network, few), 1):
            labels = seen.labels[:IMAGES].cpu().numpy()
            add(h, labels, seed=seed, layer=layer, network="untrained")
    return pd.concat(tables, ignore_index=True)
