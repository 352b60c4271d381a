"""The questions that are put to representations: every layer is read once for all of them."""

import numpy as np
import pandas as pd

from ffensembles.analysis.measurements import read_layers, runs_of, with_keys
from ffensembles.experiments import Experiment
from ffensembles.extras.beyond.assemblies import compare
from ffensembles.extras.beyond.definition import measure_definition
from ffensembles.extras.beyond.microstructure import by_category
from ffensembles.files import Paths


def measure_representations(
    experiment: Experiment, representations: Paths, *, random_seed: int
) -> dict[str, pd.DataFrame]:
    """Put the questions to every representation of an experiment.

    Args:
        experiment: what was trained.
        representations: a file of each of its runs.
        random_seed: of the config; every draw derives from it.

    Returns:
        By question: seed, layer (from 1), then the columns of the question's own function.
    """
    tables: dict[str, list[pd.DataFrame]] = {}
    runs = runs_of(experiment, representations)
    for seed, layer, x in read_layers(runs, experiment.layers, held_out=experiment.held_out):

        def draws(question: str, seed: int = seed, layer: int = layer) -> np.random.Generator:
            name = "/".join([question, *experiment.key]).encode()
            return np.random.default_rng([random_seed, seed, layer, *name])

        found = {
            "definition": measure_definition(x.activations, x.labels, draws("definition")),
            "microstructure": by_category(
                x.activations, x.labels, x.index, draws("microstructure")
            ),
            "assemblies": compare(x.activations, x.labels, draws("assemblies")),
        }
        for question, table in found.items():
            tables.setdefault(question, []).append(with_keys(table, seed=seed, layer=layer))
    return {name: pd.concat(parts, ignore_index=True) for name, parts in tables.items()}
