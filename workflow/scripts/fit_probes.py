"""Fit linear probes to the representations of training images, test them on the others (App. H).

No label is embedded in the images, whatever the model.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch

from ffensembles.analysis.measurements import with_keys
from ffensembles.analysis.probes import evaluate, fit_probe
from ffensembles.data.datasets import load
from ffensembles.experiments import Experiment
from ffensembles.files import write_parquet
from ffensembles.models.weights import seeds_of
from ffensembles.pipeline.job import job
from ffensembles.representations.extraction import activations, prepare

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    params = snakemake.params
    experiment = Experiment(seeds=1, **params.experiment)
    dataset = load(snakemake.input.dataset)

    def represent(path: str, seed: int, split: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the activations of the probed layers, side by side, and the labels."""
        network, images, labels, _ = prepare(experiment, seed, path, dataset, split, params.device)
        layers = activations(network, images)
        x = np.concatenate([layers[layer - 1] for layer in params.layers], axis=1)
        return x, labels.cpu().numpy()

    tables = []
    for path in snakemake.input.models:
        for seed in seeds_of(path):
            probe = fit_probe(*represent(path, seed, "train"))
            table = evaluate(probe, *represent(path, seed, "test"))
            layers = "+".join(map(str, params.layers))
            tables.append(with_keys(table, seed=seed, layers=layers))
    table = pd.concat(tables, ignore_index=True)
    write_parquet(with_keys(table, **snakemake.wildcards), snakemake.output[0])
