"""Excitation and inhibition: the sign of each unit's weights, and its bias (section 4.5)."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors import safe_open

from ffensembles.analysis.measurements import with_keys
from ffensembles.diverged import diverged_seeds, leave_out
from ffensembles.experiments import Experiment, check_identity
from ffensembles.files import Paths, reading, what_is_known
from ffensembles.variants import describe


def positive_fraction(weights: np.ndarray) -> np.ndarray:
    """Return ρᵢ⁺, the fraction of positive weights among each unit's inputs.

    `weights` (units, inputs) to (units,) float64. A weight of exactly 0 is not positive.
    """
    return np.count_nonzero(weights > 0, axis=-1) / weights.shape[-1]


def measure_balance(experiment: Experiment, models: Paths) -> pd.DataFrame:
    """Measure every unit of every network of an experiment.

    Args:
        experiment: what was trained.
        models: safetensors files, a block of seeds each; of the weights (S, units, …inputs) and
            biases (S, units) one layer of one network is read at a time.

    Returns:
        seed, layer (from 1), unit (from 0), inputs (how many weights the unit has),
        positive_fraction (ρᵢ⁺), bias (βᵢ).

    Raises:
        UserError: every network diverged in training, or they are not of this experiment.
    """
    runs = dict(chain.from_iterable(_networks(path, experiment) for path in models))
    leave_out(experiment, diverged_seeds(*models), runs)
    tables = [with_keys(table, seed=seed) for seed, table in runs.items()]
    return pd.concat(tables, ignore_index=True)


def _networks(models: Path | str, experiment: Experiment) -> Iterator[tuple[int, pd.DataFrame]]:
    """Yield the seed and a table of each network of a block that did not diverge."""
    incoming = describe(experiment.model).incoming
    assert incoming is not None, f"{experiment.model} has no incoming weights"
    with reading(models), safe_open(models, framework="numpy") as file:
        about = what_is_known(file)
        check_identity(models, about, experiment)
        weights, biases = (
            [file.get_slice(name.format(layer)) for layer in range(1, experiment.layers + 1)]
            for name in incoming
        )
        for place, seed in enumerate(about["seeds"]):
            if str(seed) in about["diverged"]:
                continue
            tables = [
                with_keys(_layer_balance(w[place], b[place]), layer=layer)
                for layer, (w, b) in enumerate(zip(weights, biases, strict=True), 1)
            ]
            yield seed, pd.concat(tables, ignore_index=True)


def _layer_balance(weight: np.ndarray, bias: np.ndarray) -> pd.DataFrame:
    weight = weight.reshape(len(bias), -1)
    return pd.DataFrame(
        {
            "unit": np.arange(len(bias), dtype=np.int32),
            "inputs": np.int32(weight.shape[-1]),
            "positive_fraction": positive_fraction(weight),
            "bias": bias.astype(np.float64),
        }
    )
