"""Sparsity and ensembles of representations of training images (section 3.5).

The paper says that its results extend to them. They are not stored: they are many.
"""

import pandas as pd

from ffensembles.analysis.ensembles import ensemble_sizes
from ffensembles.analysis.measurements import with_keys
from ffensembles.analysis.sparsity import sparsity_by_category
from ffensembles.data.datasets import Dataset
from ffensembles.experiments import Experiment
from ffensembles.files import Paths
from ffensembles.learning.weights import sound_networks
from ffensembles.representations.extraction import activations, prepare


def measure_training_sparsity(
    experiment: Experiment, models: Paths, dataset: Dataset, *, device: str
) -> pd.DataFrame:
    """Measure the training images that each network classifies correctly, labels embedded.

    Args:
        experiment: what was trained.
        models: the files of its networks.
        dataset: whose training images are represented.
        device: where the networks run.

    Returns:
        seed, layer (from 1), then the columns of `sparsity_by_category`, and of `ensemble_sizes`
        where the row is about one category.

    Raises:
        UserError: every run diverged in training, or the device is not there.
    """
    tables = []
    for path, seed in sound_networks(experiment, models):
        run = prepare(experiment, seed, path, dataset, "train", device)
        represented, labels = run.correct()
        for layer, x in enumerate(activations(run.kind, run.network, represented), 1):
            of_layer = x, labels.cpu().numpy()
            table = sparsity_by_category(*of_layer)
            table = table.merge(ensemble_sizes(*of_layer), how="left", on="category")
            tables.append(with_keys(table, seed=seed, layer=layer))
    return pd.concat(tables, ignore_index=True)
