"""Fit linear probes on training images without labels and test them (App. H)."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch

from ffensembles import extraction, models
from ffensembles.datasets import load, standardise
from ffensembles.devices import choose
from ffensembles.files import write_parquet
from ffensembles.jobs import job
from ffensembles.probes import fit_probe, probe_accuracy
from ffensembles.runs import with_keys

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    params = snakemake.params
    torch.set_num_threads(snakemake.threads)
    device = choose(params.device)
    dataset = load(snakemake.input.dataset)

    def seen(network, images):
        """Return the activations of the layers that the probe sees, side by side."""
        flat = torch.from_numpy(standardise(images, snakemake.wildcards.dataset)).to(device)
        layers = extraction.activations(network, flat)
        return np.concatenate([layers[layer - 1] for layer in params.layers], axis=1)

    tables = []
    for path in snakemake.input.models:
        for seed in models.seeds_of(path):
            network = models.load(path, seed, device)
            probe = fit_probe(seen(network, dataset.train_images), dataset.train_labels)
            table = probe_accuracy(probe, seen(network, dataset.test_images), dataset.test_labels)
            tables.append(with_keys(table, seed=seed, layers="+".join(map(str, params.layers))))
    table = pd.concat(tables, ignore_index=True)
    write_parquet(with_keys(table, **snakemake.wildcards), snakemake.output[0])
