"""What is measured on the representations of an experiment, in one job (section 3.5, App. D)."""

import logging

import numpy as np
import pandas as pd

from ffensembles.analysis.accuracy import measure_accuracy
from ffensembles.analysis.ensembles import find_ensembles
from ffensembles.analysis.measurements import (
    diverged_runs,
    measure_runs,
    runs_of,
    with_keys,
)
from ffensembles.analysis.significance import measure_significance
from ffensembles.analysis.sparsity import (
    count_varying,
    dead_layers,
    sparsity_by_category,
    with_diverged,
)
from ffensembles.experiments import Experiment
from ffensembles.files import Paths

log = logging.getLogger(__name__)


def measure_representations(
    experiment: Experiment,
    representations: Paths,
    *,
    method: str,
    shuffles: int,
    random_seed: int,
) -> dict[str, pd.DataFrame]:
    """Measure accuracy, sparsity and ensembles of every run, and the significance of these.

    Args:
        experiment: what was trained.
        representations: a file of each of its runs.
        method: of the permutation test, see `significance.p_values`; so is `shuffles`.
        random_seed: of the config; the shuffles derive from it.

    Returns:
        By measurement: seed, layer (from 1; accuracy is that of the network), then the columns of
        the measurement's own function; in that of ensembles, held_out first. Of a run that
        diverged in training there are only rows of its sparsity, which say where in `diverged`.
    """
    runs = runs_of(experiment, representations)
    layers, held_out = experiment.layers, experiment.held_out
    sparsity = measure_runs(_sparsity, runs, layers, held_out=held_out)
    silent = int(sparsity.loc[sparsity["category"].isna(), "silent"].sum())
    log.info("left out %d all-zero representations", silent)
    for seed, rows in dead_layers(sparsity).groupby("seed"):
        log.warning(
            "%s, seed %s: layer %s answers no image, or all alike, so nothing is learnt from this "
            "run; was its learning_rate too high?",
            *(" / ".join(experiment.key), seed, ", ".join(map(str, rows["layer"]))),
        )
    ensembles = measure_runs(find_ensembles, runs, layers, held_out=held_out)
    return {
        "accuracy": measure_accuracy(runs),
        "sparsity": with_diverged(sparsity, diverged_runs(experiment, representations)),
        "ensembles": with_keys(ensembles, held_out=held_out),
        "significance": measure_significance(
            runs,
            layers,
            ensembles[ensembles["active"]],
            held_out=held_out,
            method=method,
            shuffles=shuffles,
            random_seed=random_seed,
            experiment="/".join(experiment.key),
        ),
    }


def _sparsity(activations: np.ndarray, labels: np.ndarray) -> pd.DataFrame:
    table = sparsity_by_category(activations, labels)
    return table.assign(varying=count_varying(activations))
