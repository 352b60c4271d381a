"""Measure the sparsity of every representation of one experiment (section 3.5)."""

from typing import TYPE_CHECKING

from ffensembles.pipeline.job import job
from ffensembles.analysis.measurements import measure_runs, with_keys
from ffensembles.analysis.sparsity import sparsity_by_category
from ffensembles.files import write_parquet

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]) as log:
    table = measure_runs(
        sparsity_by_category,
        zip(snakemake.params.seeds, snakemake.input.representations, strict=True),
        snakemake.params.layers,
        held_out=snakemake.params.held_out,
    )
    silent = int(table.loc[table["category"].isna(), "silent"].sum())
    log.info("left out %d all-zero representations", silent)
    write_parquet(with_keys(table, **snakemake.wildcards), snakemake.output[0])
