"""Compare the layers of one network with each other (appendix J, Figure 13)."""

from typing import TYPE_CHECKING

from ffensembles.analysis.measurements import with_keys
from ffensembles.analysis.similarity import COLUMNS, compare_layers
from ffensembles.files import write_parquet
from ffensembles.pipeline.job import job
from ffensembles.representations.stored import read

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    layers = range(1, snakemake.params.layers + 1)
    table = compare_layers(
        [
            read(snakemake.input.representation, layer, correct_only=False).activations
            for layer in layers
        ]
    )
    table = table.assign(model_a="ff", model_b="ff")[COLUMNS]
    seed = int(snakemake.wildcards.seed)
    write_parquet(
        with_keys(table, dataset=snakemake.wildcards.dataset, seed=seed), snakemake.output[0]
    )
