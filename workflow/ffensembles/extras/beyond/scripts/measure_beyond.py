"""Put three questions to every representation of one experiment; they share the reading."""

from typing import TYPE_CHECKING

from ffensembles.pipeline.job import job
from ffensembles.analysis.measurements import measure_runs, with_keys
from ffensembles.extras.beyond.assemblies import measure_assemblies
from ffensembles.extras.beyond.definition import measure_definition
from ffensembles.extras.beyond.microstructure import measure_microstructure
from ffensembles.files import write_parquet

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    params, keys = snakemake.params, dict(snakemake.wildcards)
    runs = list(zip(params.seeds, snakemake.input.representations, strict=True))
    draws = {
        "held_out": params.held_out,
        "random_seed": params.random_seed,
        "experiment": "/".join(keys.values()),
    }
    tables = {
        "definition": measure_runs(
            measure_definition, runs, params.layers, held_out=params.held_out
        ),
        "microstructure": measure_microstructure(runs, params.layers, **draws),
        "assemblies": measure_assemblies(runs, params.layers, **draws),
    }
    for name, table in tables.items():
        write_parquet(with_keys(table, **keys), snakemake.output[name])
