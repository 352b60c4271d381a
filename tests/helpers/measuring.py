"""Measurements of a catalogue, made in this process as their rule has them made."""

from helpers.scripts import run_script

CONFIG = {
    "significance": {"method": "exact", "shuffles": 1},
    "random_seed": 0,
    "probe_layers": [1, 2, 3],
    "similarity_seeds": 1,
    "seeds_per_job": 10,
    "device": "cpu",
    "figures": {"seed": 1},
    "beyond": {"images": 2000},
}


def measure(measurement, folder, wildcards, experiments, *, to=None, gpu=0, **config):
    """Make the files of one job of a measurement, below the folder that its inputs are in.

    Args:
        measurement: the row of the catalogue.
        folder: of the results.
        wildcards: what the path names.
        experiments: all that there are.
        to: the folder of what is made, if it is another.
        gpu: how many GPUs the job is given.
        config: keys that differ from `CONFIG`.
    """
    config = CONFIG | config
    chosen = measurement.experiments(wildcards, experiments)
    inputs = measurement.inputs(chosen, config, wildcards.get("seed"))
    (folder / "logs").mkdir(exist_ok=True)
    run_script(
        "measure.py",
        folder / f"logs/{measurement.name}.log",
        input={name: [str(folder / path) for path in paths] for name, paths in inputs.items()},
        output={
            artefact.name: str((to or folder) / artefact.path.format(**wildcards))
            for artefact in measurement.makes
        },
        params={
            "measure": measurement.measure,
            "compares": measurement.compares,
            "experiments": [{**e.training_settings(), "seeds": e.seeds} for e in chosen],
            "settings": measurement.arguments(config),
        },
        wildcards=wildcards,
        resources={"gpu": gpu},
    )
