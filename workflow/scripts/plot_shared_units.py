"""Draw two ensembles with their shared units, and the overlap of all pairs (Figure 3)."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ffensembles.figures.run_shown import by_category, choose_examples, model_of, select
from ffensembles.figures.shared_units import examples_sharing, shared_units
from ffensembles.figures.style import save
from ffensembles.figures.unit_grids import as_seen
from ffensembles.pipeline.job import job
from ffensembles.representations import stored

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    params = snakemake.params
    frame = select(pd.read_parquet(snakemake.input.ensembles), seed=params.seed, layer=params.layer)
    images = np.load(snakemake.input.dataset)["test_images"]
    read = stored.read(snakemake.input.representations, params.layer)

    examples = choose_examples(read, params.examples)
    rows = examples_sharing(read, by_category(frame, "active"), examples)
    figure = shared_units(
        [as_seen(images[read.index[k]], read.labels[k], model_of(frame)) for k in rows],
        [read.activations[k] for k in rows],
        examples,
        frame,
        layer=params.layer,
    )
    save(figure, *snakemake.output)
