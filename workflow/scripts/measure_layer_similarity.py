"""Compare the layers of one network with each other (appendix J, Figure 13)."""

from typing import TYPE_CHECKING

from ffensembles.pipeline.job import job
from ffensembles.analysis.measurements import with_keys
from ffensembles.analysis.similarity import measure_layer_similarity
from ffensembles.files import write_parquet

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    table = measure_layer_similarity("ff", snakemake.input.representation, snakemake.params.layers)
    keys = {"dataset": snakemake.wildcards.dataset, "seed": int(snakemake.wildcards.seed)}
    write_parquet(with_keys(table, **keys), snakemake.output[0])
