"""Dynamics: how ensembles form and change while a network is trained.

Every snapshot of a run represents the same images: those that the network classifies correctly in
the end. So what changes from one to the next is due to the weights alone.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch

from ffensembles.analysis.ensembles import active_units, category_means, leave_one_out
from ffensembles.analysis.sparsity import hoyer
from ffensembles.data.datasets import Dataset, standardise
from ffensembles.experiments import Experiment
from ffensembles.models.devices import choose
from ffensembles.models.label_embedding import LabelEmbedding
from ffensembles.models.snapshots import networks
from ffensembles.representations.extraction import activations, predict


def follow(snapshots: list[tuple[int, np.ndarray]], labels: np.ndarray) -> pd.DataFrame:
    """Follow the ensembles of one layer through its training.

    Args:
        snapshots: epoch and representation (M, n) of the same images, the last at the end.
        labels: (M,), the category of each row.

    Returns:
        epoch, category, sparsity (mean over the category's images that have one), units (n), size
        (units in the ensemble), to_end and to_before (Jaccard similarity with the ensemble at the
        end, and at the snapshot before; NaN where both are empty, or there is none before), kept
        (share of the ensemble's units that are in the one at the end), joined and left (units,
        since the snapshot before), members (the units).
    """
    categories = np.unique(labels)
    ensembles = [_ensembles(x, labels, categories) for _, x in snapshots]
    rows = []
    for i, (epoch, x) in enumerate(snapshots):
        sparsity = hoyer(x)
        for c, category in enumerate(categories):
            now, end = ensembles[i][c], ensembles[-1][c]
            before = ensembles[i - 1][c] if i else None
            rows.append(
                {
                    "epoch": epoch,
                    "category": int(category),
                    "sparsity": _mean(sparsity[labels == category]),
                    "units": len(now),
                    "size": int(now.sum()),
                    "to_end": _jaccard(now, end),
                    "to_before": np.nan if before is None else _jaccard(now, before),
                    "kept": (now & end).sum() / now.sum() if now.any() else np.nan,
                    "joined": 0 if before is None else int((now & ~before).sum()),
                    "left": 0 if before is None else int((before & ~now).sum()),
                    "members": np.flatnonzero(now).tolist(),
                }
            )
    return pd.DataFrame(rows)


def measure_dynamics(
    experiment: Experiment, path: str, dataset: Dataset, *, device: str, images: int
) -> pd.DataFrame:
    """Follow the ensembles of one run through its snapshots.

    A layer of FF is followed through its own training, on top of the trained layers before it.

    Args:
        experiment: what was trained.
        path: the run's snapshots.
        dataset: whose test images are represented, all of them.
        device: where the networks run.
        images: how many test images to take at most for the accuracy, spread evenly over all.

    Returns:
        layer (from 1), then the columns of `follow`, and accuracy (that of the network at this
        epoch; in FF that of the layers up to this one).

    Raises:
        UserError: there are no snapshots, the run diverged, or the device is not there.
    """
    chosen = choose(device)
    x = torch.from_numpy(standardise(dataset.test_images, experiment.dataset)).to(chosen)
    labels = torch.from_numpy(dataset.test_labels).to(chosen)
    embedding = None
    if experiment.model != "bp":
        shape = dataset.test_images.shape[1:]
        embedding = LabelEmbedding.of(x, shape, experiment.black, experiment.maximum)
    layerwise = experiment.model == "ff"
    for _, _, last in networks(path, layerwise=layerwise):
        pass
    predicted = predict(last.to(chosen), x, embedding, experiment.goodness)
    correct = torch.from_numpy(predicted).to(chosen) == labels
    seen = embedding.embed(x[correct], labels[correct]) if embedding else x[correct]
    some = spread(len(x), images).to(chosen)

    accuracies: dict[tuple[int, int], float] = {}
    layers: dict[int, list[tuple[int, np.ndarray]]] = {}
    for layer, epoch, network in networks(path, layerwise=layerwise):
        network = network.to(chosen)
        guessed = predict(network, x[some], embedding, experiment.goodness)
        accuracies[layer, epoch] = float((guessed == labels[some].cpu().numpy()).mean())
        for number, h in enumerate(activations(network, seen), 1):
            if number == layer or not layerwise:
                layers.setdefault(number, []).append((epoch, h))
    tables = []
    for number, snapshots in layers.items():
        table = follow(snapshots, labels[correct].cpu().numpy())
        at = [(number if layerwise else len(layers), epoch) for epoch in table["epoch"]]
        tables.append(table.assign(layer=number, accuracy=[accuracies[key] for key in at]))
    columns = ["layer", "epoch", "category", "accuracy"]
    table = pd.concat(tables, ignore_index=True)
    return table[[*columns, *(column for column in table if column not in columns)]]


def _ensembles(x: np.ndarray, labels: np.ndarray, categories: np.ndarray) -> np.ndarray:
    means = category_means(x, labels, categories)
    return active_units(means, leave_one_out(means))


def _jaccard(a: np.ndarray, b: np.ndarray) -> float:
    union = (a | b).sum()
    return float((a & b).sum() / union) if union else float("nan")


def _mean(values: np.ndarray) -> float:
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if defined.size else float("nan")
