"""Runs made up for tests: representations in a file, and networks that nobody trained."""

import numpy as np
import torch

from ffensembles.data.datasets import make_dataset
from ffensembles.data.digits import read_digits
from ffensembles.files import write_parquet
from ffensembles.learning import weights
from ffensembles.learning.kinds import find_kind
from ffensembles.representations.stored import representation_table


def write_run(path, labels, predictions=None, layers=None):
    """Write the representations of one run; by default all correct, of one layer of ones."""
    predictions = labels if predictions is None else predictions
    layers = [np.ones((len(labels), 2), np.float32)] if layers is None else layers
    write_parquet(representation_table(labels, predictions, layers, 10), path)
    return path


def drawn_layers(images, units=(12, 9, 7), seed=0):
    """Return sparse representations of several layers, each (images, units) float32."""
    rng = np.random.default_rng(seed)
    return [
        np.maximum(rng.standard_normal((images, n)) + rng.standard_normal(n) - 0.5, 0).astype("f4")
        for n in units
    ]


def write_networks(path, seeds, e):
    """Write untrained networks of an experiment for the images of `digits`, and return them."""
    of = find_kind(e, (1, 12, 12), 10)
    network = of.initialise([torch.Generator().manual_seed(seed) for seed in seeds])
    weights.save(of.state(network), of, seeds, {}, path)
    return network


def few_digits(train=300, test=200):
    """Return the first images of both splits of digits."""
    arrays = read_digits()
    few = {name: array[: train if "train" in name else test] for name, array in arrays.items()}
    return make_dataset("digits", few, 10, mean=[0.1358], std=[0.2931])
