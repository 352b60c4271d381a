"""Draw examples, mean activations and activation map of one network (Figure 1)."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from ffensembles.figures.activation_patterns import Example, activation_patterns
from ffensembles.figures.run_shown import choose_examples, model_of, select
from ffensembles.figures.style import save
from ffensembles.figures.unit_grids import as_seen
from ffensembles.pipeline.job import job
from ffensembles.representations import stored

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    path, params = snakemake.input.representations, snakemake.params
    frame = select(pd.read_parquet(snakemake.input.ensembles), seed=params.seed, layer=params.layer)
    images = np.load(snakemake.input.dataset)["test_images"]
    layers = [name for name in pq.read_schema(path).names if name.startswith("layer")]
    read = [stored.read(path, k) for k in range(1, 1 + len(layers))]

    examples = []
    for category in choose_examples(read[0], params.examples):
        first = np.flatnonzero(read[0].labels == category)[0]
        image = as_seen(images[read[0].index[first]], category, model_of(frame))
        examples.append(Example(category, image, [layer.activations[first] for layer in read]))

    figure = activation_patterns(examples, frame, read[params.layer - 1], layer=params.layer)
    save(figure, *snakemake.output)
