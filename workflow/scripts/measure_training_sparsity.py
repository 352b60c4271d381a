"""Measure the sparsity of representations of training images, correctly classified (section 3.5).

The paper says that its results extend to them. They are not stored: they are many.
"""

from typing import TYPE_CHECKING

import pandas as pd
import torch

from ffensembles.analysis.measurements import with_keys
from ffensembles.analysis.sparsity import sparsity_by_category
from ffensembles.data.datasets import load
from ffensembles.experiments import Experiment
from ffensembles.files import write_parquet
from ffensembles.models.weights import seeds_of
from ffensembles.pipeline.job import job
from ffensembles.representations import extraction
from ffensembles.representations.extraction import prepare

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    torch.set_num_threads(snakemake.threads)
    experiment = Experiment(seeds=1, **snakemake.params.experiment)
    dataset = load(snakemake.input.dataset)
    tables = []
    for path in snakemake.input.models:
        for seed in seeds_of(path):
            network, images, labels, embedding = prepare(
                experiment, seed, path, dataset, "train", snakemake.params.device
            )
            predicted = extraction.predict(network, images, embedding, experiment.goodness)
            correct = torch.from_numpy(predicted) == labels.cpu()
            images, labels = images[correct], labels[correct]
            represented = embedding.embed(images, labels) if embedding else images
            for layer, x in enumerate(extraction.activations(network, represented), 1):
                table = sparsity_by_category(x, labels.cpu().numpy())
                tables.append(with_keys(table, seed=seed, layer=layer))
    table = pd.concat(tables, ignore_index=True)
    write_parquet(with_keys(table, **snakemake.wildcards), snakemake.output[0])
