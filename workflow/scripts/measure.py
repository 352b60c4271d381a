"""Make a measurement, or several in one: what the rows of a catalogue of measurements say."""

from typing import TYPE_CHECKING, Any

from ffensembles.pipeline.job import as_list, device_given, job
from ffensembles.analysis.measurements import with_keys
from ffensembles.experiments import Experiment
from ffensembles.files import write_parquet
from ffensembles.lookup import named

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    params = snakemake.params
    experiments = [Experiment(**columns) for columns in params.experiments]
    given: dict[str, Any] = {name: as_list(paths) for name, paths in snakemake.input.items()}
    given |= params.settings
    if "dataset" in given:
        from ffensembles.data.datasets import load  # most measurements do without

        given["dataset"] = load(given["dataset"][0])
    if "device" in given:
        given["device"] = device_given(given["device"], snakemake.resources)
    made = named(params.measure)(experiments if params.compares else experiments[0], **given)
    tables = made if isinstance(made, dict) else dict.fromkeys(snakemake.output.keys(), made)
    keys = {key: int(x) if key == "seed" else x for key, x in snakemake.wildcards.items()}
    for name, path in snakemake.output.items():
        columns = {key: x for key, x in keys.items() if key not in tables[name]}
        write_parquet(with_keys(tables[name], **columns), path)
