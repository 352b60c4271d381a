"""The questions that are put to representations: every layer is read once for all of them."""

import numpy as np
import pandas as pd

from ffensembles.analysis.measurements import Runs, read_layers, with_keys
from ffensembles.extras.beyond.assemblies import compare
from ffensembles.extras.beyond.definition import measure_definition
from ffensembles.extras.beyond.microstructure import by_category


def measure_representations(
    runs: Runs, layers: int, *, held_out: int | None = None, random_seed: int, experiment: str
) -> dict[str, pd.DataFrame]:
    """Put the questions to every representation of an experiment.

    Args:
        runs: which they are.
        layers: how many layers there are.
        held_out: see `measurements.read_layers`.
        random_seed: of the config; every draw derives from it.
        experiment: its name, `dataset/model/study`.

    Returns:
        By question: seed, layer (from 1), then the columns of the question's own function.
    """
    tables: dict[str, list[pd.DataFrame]] = {}
    for seed, layer, x in read_layers(runs, layers, held_out=held_out):

        def draws(question: str, seed: int = seed, layer: int = layer) -> np.random.Generator:
            name = f"{question}/{experiment}".encode()
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
