"""Draw two ensembles with their shared units, and the overlap of all pairs (Figure 3)."""

import numpy as np
import pandas as pd
from ffensembles import representations
from ffensembles.figures.frames import select
from ffensembles.figures.shared_units import shared_units
from ffensembles.figures.style import save
from ffensembles.figures.unit_grids import as_seen
from ffensembles.jobs import job
from snakemake.script import snakemake

with job(snakemake.log[0]):
    params = snakemake.params
    frame = select(pd.read_parquet(snakemake.input.ensembles), seed=params.seed, layer=params.layer)
    images = np.load(snakemake.input.dataset)["test_images"]
    read = representations.read(snakemake.input.representations, params.layer)

    first = [np.flatnonzero(read.labels == category)[0] for category in params.examples]
    model = frame["model"].iat[0]
    figure = shared_units(
        [as_seen(images[read.index[k]], read.labels[k], model) for k in first],
        [read.activations[k] for k in first],
        params.examples,
        frame,
        layer=params.layer,
    )
    save(figure, *snakemake.output)
