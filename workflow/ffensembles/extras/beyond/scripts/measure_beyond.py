"""Put three questions to every representation of one experiment."""

from typing import TYPE_CHECKING

from ffensembles.pipeline.job import job
from ffensembles.analysis.measurements import with_keys
from ffensembles.extras.beyond.representations import measure_representations
from ffensembles.files import write_parquet

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    params, keys = snakemake.params, dict(snakemake.wildcards)
    tables = measure_representations(
        list(zip(params.seeds, snakemake.input.representations, strict=True)),
        params.layers,
        held_out=params.held_out,
        random_seed=params.random_seed,
        experiment="/".join(keys.values()),
    )
    for name, table in tables.items():
        write_parquet(with_keys(table, **keys), snakemake.output[name])
