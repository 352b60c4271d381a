"""Make a measurement, or several in one: what the rows of a catalogue of measurements say."""

from typing import TYPE_CHECKING

from ffensembles.pipeline.job import as_list, device_given, job
from ffensembles.analysis.measurements import with_keys
from ffensembles.experiments import Experiment
from ffensembles.files import write_parquet
from ffensembles.lookup import named

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    measure = named(snakemake.params.measure)
    given = {name: as_list(paths) for name, paths in snakemake.input.items()}
    given |= {"experiments": [Experiment(**columns) for columns in snakemake.params.experiments]}
    given |= snakemake.params.settings
    if not snakemake.params.compares:
        (given["experiment"],) = given.pop("experiments")
    if "dataset" in given:
        from ffensembles.data.datasets import load  # most measurements do not need it

        given["dataset"] = load(given["dataset"][0])
    if "device" in given:
        given["device"] = device_given(given["device"], snakemake.resources)
    made = measure(**given)
    tables = made if isinstance(made, dict) else dict.fromkeys(snakemake.output.keys(), made)
    keys = {key: int(x) if key == "seed" else x for key, x in snakemake.wildcards.items()}
    for name, path in snakemake.output.items():
        columns = {key: x for key, x in keys.items() if key not in tables[name]}
        write_parquet(with_keys(tables[name], **columns), path)
