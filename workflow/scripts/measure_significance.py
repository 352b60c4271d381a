"""Test every unit of every ensemble of one experiment for significance (appendix D)."""

from typing import TYPE_CHECKING

from ffensembles.pipeline.job import job
from ffensembles.analysis.measurements import read_members, with_keys
from ffensembles.analysis.significance import measure_significance
from ffensembles.files import write_parquet

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    params = snakemake.params
    table = measure_significance(
        zip(params.seeds, snakemake.input.representations, strict=True),
        params.layers,
        read_members([snakemake.input.ensembles]),
        held_out=params.held_out,
        method=params.method,
        shuffles=params.shuffles,
        random_seed=params.random_seed,
        experiment="{dataset}/{model}/{study}".format(**snakemake.wildcards),
    )
    write_parquet(with_keys(table, **snakemake.wildcards), snakemake.output[0])
