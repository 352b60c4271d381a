"""Linear probes: how well categories can be read off a representation (App. H)."""

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from ffensembles.analysis.measurements import LABELS, with_keys
from ffensembles.analysis.sparsity import count_varying
from ffensembles.data.datasets import Dataset
from ffensembles.diverged import diverged_seeds
from ffensembles.errors import UserError
from ffensembles.experiments import Experiment
from ffensembles.files import Paths
from ffensembles.learning.weights import sound_networks
from ffensembles.representations.extraction import activations, prepare

ITERATIONS = 100  # of the solver; what the accuracies in docs/deviations.rst were measured with

log = logging.getLogger(__name__)


def fit_probe(
    activations: np.ndarray, labels: np.ndarray, *, iterations: int = ITERATIONS
) -> Pipeline:
    """Fit a multinomial logistic regression, by L-BFGS with scikit-learn's default penalty.

    Each unit is standardised first, by the rows given here. Otherwise the penalty would weigh on
    a model by the scale of its activations, which without an embedded label are some thirty times
    smaller in BP/FF's first layer than in FF's.

    Args:
        activations: (M, n), float32 is kept.
        labels: (M,), the category of each row.
        iterations: where the solver stops at the latest; whether it had converged is logged.
    """
    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=iterations))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # logged below
        probe.fit(activations, labels)
    taken = int(probe[-1].n_iter_.max())
    log.info(
        "probe of %d units on %d images: %s after %d iterations",
        activations.shape[1],
        activations.shape[0],
        "stopped" if taken >= iterations else "converged",
        taken,
    )
    return probe


def evaluate(probe: Pipeline, activations: np.ndarray, labels: np.ndarray) -> pd.DataFrame:
    """Return the accuracy of a probe, over all and within each category.

    Args:
        probe: as `fit_probe` gives it.
        activations: (M, n), of images that the probe was not fitted to.
        labels: (M,), the category of each row.

    Returns:
        Columns category (NA in the first row: all categories), images, accuracy; one row for
        each category that has images.
    """
    correct = probe.predict(activations) == labels
    categories = np.unique(labels)
    rows = [correct, *(correct[labels == category] for category in categories)]
    return pd.DataFrame(
        {
            "category": pd.Series([pd.NA, *categories], dtype="Int64"),
            "images": [len(row) for row in rows],
            "accuracy": [row.mean() for row in rows],
        }
    )


def measure_probes(
    experiments: Sequence[Experiment],
    dataset: Dataset,
    *,
    layers: Sequence[int],
    device: str,
    **models: Paths,
) -> pd.DataFrame:
    """Fit a probe to each network's representations of training images, judge it on test images.

    No label is embedded in the images, whatever the model.

    Args:
        experiments: what was trained, one for each model.
        dataset: the images.
        layers: whose activations, side by side, a probe sees; counted from 1. Those that a model
            has not are left out.
        device: where the networks run.
        models: the files of the networks, by the name of the model.

    Returns:
        dataset, model, study, held_out, seed, layers (such as 1+2+3), the columns of `evaluate`;
        then dead, the layers that answer all training images alike (such as 2+3; NA without any),
        and diverged, which says where a run did, of which there is but one row, without a value
        (NA where it did not).

    Raises:
        UserError: every run of a model diverged in training, the device is not there, or a model
            has none of the layers.
    """
    tables = []
    for e in experiments:
        there = [layer for layer in layers if layer <= e.layers]
        if not there:
            raise UserError(
                f"config: probe_layers: {' / '.join(e.key)} has layers 1 to {e.layers} and none "
                "of these; name one of them"
            )
        table = _probes(e, models[e.model], dataset, there, device)
        keys = dict(zip(LABELS, e.key, strict=True))
        tables.append(with_keys(table, **keys, held_out=e.held_out))
    return pd.concat(tables, ignore_index=True)


def _probes(
    experiment: Experiment, models: Paths, dataset: Dataset, layers: Sequence[int], device: str
) -> pd.DataFrame:
    """Fit and judge the probes of one experiment."""
    tables = []
    for path, seed in sound_networks(experiment, models):
        (*train, dead), (*test, _) = (
            _represent(experiment, seed, path, dataset, split, layers, device)
            for split in ("train", "test")
        )
        table = evaluate(fit_probe(*train), *test).assign(dead=_listed(dead) or None, diverged=None)
        tables.append(with_keys(table, seed=seed, layers=_listed(layers)))
    empty = tables[0].head(1).assign(images=0, accuracy=np.nan, dead=None)
    for seed, place in diverged_seeds(*models).items():
        tables.append(empty.assign(seed=seed, diverged=place))
    table = pd.concat(tables, ignore_index=True)
    return table.astype({"dead": "string", "diverged": "string"})


def _listed(layers: Sequence[int]) -> str:
    return "+".join(map(str, layers))


def _represent(
    experiment: Experiment,
    seed: int,
    path: Path | str,
    dataset: Dataset,
    split: str,
    layers: Sequence[int],
    device: str,
) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """Return activations (M, n) and labels (M,) of a split's images, and which layers are dead."""
    run = prepare(experiment, seed, path, dataset, split, device)
    x = activations(run.kind, run.network, run.images)
    seen = np.concatenate([x[layer - 1] for layer in layers], axis=1)
    dead = [layer for layer, h in enumerate(x, 1) if not count_varying(h)]
    return seen, run.labels.cpu().numpy(), dead
