"""Find the ensembles of every representation of one experiment (section 3.5)."""

from typing import TYPE_CHECKING

from ffensembles.pipeline.job import job
from ffensembles.analysis.ensembles import find_ensembles
from ffensembles.analysis.measurements import measure_runs, with_keys
from ffensembles.files import write_parquet

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    table = measure_runs(
        find_ensembles,
        zip(snakemake.params.seeds, snakemake.input.representations, strict=True),
        snakemake.params.layers,
        held_out=snakemake.params.held_out,
    )
    keys = {**snakemake.wildcards, "held_out": snakemake.params.held_out}
    write_parquet(with_keys(table, **keys), snakemake.output[0])
