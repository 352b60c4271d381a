"""Runs to explore, of networks that were trained for a moment, and their pages."""

import torch

from ffensembles.analysis.ensembles import find_ensembles
from ffensembles.analysis.measurements import measure_runs, with_keys
from ffensembles.extras.beyond.dynamics import measure_dynamics
from ffensembles.extras.explorer.contents import Run, gather
from ffensembles.extras.explorer.pages import explorer_page
from ffensembles.files import write_parquet, write_text
from ffensembles.learning.block import train_block
from ffensembles.representations.extraction import extract_run
from helpers.small_training import ON_CPU, experiment


def explored_run(folder, model, images, *, followed=True, **changes):
    """Train one run, measure it as the pipeline does, and return it."""
    e = experiment(model, seeds=1, **changes)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # such small products are slower on several
    place = folder / model
    files = {name: place / f"{name}.parquet" for name in ("representations", "ensembles")}
    snapshots, dynamics = place / "snapshots.safetensors", place / "dynamics.parquet"
    train_block(
        e,
        [0],
        images,
        model_path=place / "model.safetensors",
        log_path=place / "log.parquet",
        snapshots_path=snapshots if followed else None,
        snapshots_of=0 if followed else None,
        **ON_CPU,
    )
    weights = place / "model.safetensors"
    extract_run(e, 0, weights, images, files["representations"], device="cpu", unseen_label="none")
    found = measure_runs(find_ensembles, [(0, files["representations"])], e.layers)
    write_parquet(with_keys(found, held_out=None), files["ensembles"])
    if followed:
        table = measure_dynamics(e, [snapshots], images, seed=0, device="cpu", images=100)
        write_parquet(table, dynamics)
    torch.set_num_threads(threads)
    return Run(e, 0, weights, **files, dynamics=dynamics if followed else None)


def write_page(path, dataset, name, runs):
    """Write the page of some runs on a dataset, called `name` in the configuration."""
    write_text(explorer_page(gather(dataset, name, runs, device="cpu")), path)
    return path
