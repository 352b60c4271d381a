"""Draw two ensembles with their shared units, and the overlap of all pairs (Figure 3)."""

from typing import TYPE_CHECKING

import pandas as pd

from ffensembles.data.datasets import load
from ffensembles.figures.run_shown import by_category, choose_examples, select
from ffensembles.figures.shared_units import examples_sharing, shared_units
from ffensembles.figures.style import save
from ffensembles.pipeline.job import job
from ffensembles.representations import stored
from ffensembles.representations.extraction import images_seen

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    path, params = snakemake.input.representations, snakemake.params
    frame = select(pd.read_parquet(snakemake.input.ensembles), seed=params.seed, layer=params.layer)
    read = stored.read(path, params.layer)

    examples = choose_examples(read, params.examples)
    rows = examples_sharing(read, by_category(frame, "active"), examples)
    figure = shared_units(
        list(images_seen(path, load(snakemake.input.dataset), read.index[rows])),
        [read.activations[k] for k in rows],
        examples,
        frame,
        layer=params.layer,
    )
    save(figure, *snakemake.output)
