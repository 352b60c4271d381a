"""Draw examples, mean activations and activation map of one network (Figure 1)."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from ffensembles.data.datasets import load
from ffensembles.figures.activation_patterns import Example, activation_patterns
from ffensembles.figures.run_shown import choose_examples, select
from ffensembles.figures.style import save
from ffensembles.pipeline.job import job
from ffensembles.representations import stored
from ffensembles.representations.extraction import images_seen

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    path, params = snakemake.input.representations, snakemake.params
    frame = select(pd.read_parquet(snakemake.input.ensembles), seed=params.seed, layer=params.layer)
    layers = [name for name in pq.read_schema(path).names if name.startswith("layer")]
    read = [stored.read(path, k) for k in range(1, 1 + len(layers))]

    categories = choose_examples(read[0], params.examples)
    rows = [int(np.argmax(read[0].labels == category)) for category in categories]
    images = images_seen(path, load(snakemake.input.dataset), read[0].index[rows])
    examples = [
        Example(category, image, [layer.activations[row] for layer in read])
        for category, image, row in zip(categories, images, rows, strict=True)
    ]

    figure = activation_patterns(examples, frame, read[params.layer - 1], layer=params.layer)
    save(figure, *snakemake.output)
