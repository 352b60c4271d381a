"""Runs in the hand: trained on arrays, or opened where the pipeline has left them.

`ffensembles` itself offers these names.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import torch

from ffensembles.analysis.ensembles import find_ensembles
from ffensembles.data.checks import check_whole_numbers
from ffensembles.data.datasets import Dataset, Moments, make_dataset
from ffensembles.data.splits import hold_out
from ffensembles.diverged import diverged_seeds, leave_out
from ffensembles.errors import UserError
from ffensembles.experiments import Experiment, check_held_out, check_identity, read_row
from ffensembles.files import read_frame, read_metadata, read_parquet
from ffensembles.learning import weights
from ffensembles.learning.block import train_block
from ffensembles.learning.kinds import Kind
from ffensembles.pipeline.fingerprint import fingerprint
from ffensembles.pipeline.results import LOGS, MODELS, REPRESENTATIONS, blocks
from ffensembles.pipeline.schema import check_values
from ffensembles.representations.extraction import extract_run
from ffensembles.representations.stored import Representation, of_layer
from ffensembles.variants import LIBRARY, use

SEEDS_TOGETHER = 10  # as many as the pipeline trains in a job
CHECKPOINT_INTERVAL = 60.0  # seconds


@dataclass(frozen=True, eq=False)  # a run is itself; arrays have no single answer to "equal?"
class Run:
    """One seed of an experiment, trained.

    Attributes:
        experiment: its settings.
        seed: which of its seeds.
        kind: of its model: what it predicts, which activations it has.
        network: its weights.
        log: of its training, a row per layer and epoch; results/README.md explains the columns.
        images: a row per test image: index, label, prediction, layer1, layer2, …
    """

    experiment: Experiment
    seed: int
    kind: Kind
    network: Any
    log: pd.DataFrame
    images: pa.Table

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """Weights (units, inputs) and biases (units,): layer1.weight, layer1.bias, …"""
        return {name: x[0].numpy() for name, x in self.kind.state(self.network).items()}

    @property
    def accuracy(self) -> float:
        """The share of the test images whose category it predicts."""
        return float((self.images["label"].to_numpy() == self.images["prediction"]).mean())

    def representation(self, layer: int, *, correct_only: bool = True) -> Representation:
        """Return activations, labels and places of the test images at a layer, counted from 1.

        Those that the run does not classify correctly are left out, unless `correct_only` is
        false; all images of a category that it never saw are there.

        Raises:
            UserError: there is no such layer.
        """
        layers = self.experiment.layers
        if not 1 <= layer <= layers:
            raise UserError(f"there is no layer {layer}; the layers are 1 to {layers}")
        held_out = self.experiment.held_out
        return of_layer(self.images, layer, held_out=held_out, correct_only=correct_only)

    def ensembles(self, layer: int) -> pd.DataFrame:
        """Return the units of each category's ensemble at a layer (section 3.5).

        Returns:
            category, unit (from 0), mean (x̄), loo; a category none of whose images is classified
            correctly has no ensemble.

        Raises:
            UserError: there is no such layer.
        """
        x = self.representation(layer)
        if not len(x.labels):
            raise UserError("no image is classified correctly, so there are no ensembles")
        found = find_ensembles(x.activations, x.labels)
        return found[found["active"]].drop(columns="active").reset_index(drop=True)


def experiment(**columns: object) -> Experiment:
    """Return an experiment with these columns of the table of experiments.

    config/README.md explains them. `model`, `epochs`, `learning_rate`, `batch_size` and `units`
    must be there; others that are left out are the paper's, but for `seeds`, which is 1. `study`
    and `dataset`, which name it, may be left out, too.

    Raises:
        UserError: naming the column, its value and what is allowed.
    """
    given = {"study": "own", "dataset": "own", "seeds": 1} | columns
    return read_row({name: _cell(value) for name, value in given.items()}, "experiment")


def use_variants(**files: str | Path) -> None:
    """Make kinds, goodness and losses of one's own known by their names: `mine="my/rule.py"`.

    They may then be named by an experiment's `model`, `goodness` and `loss`.

    Raises:
        UserError: a name is taken, a file is not there or is none of these.
    """
    use(files)


def _cell(value: object) -> str:
    """Write a value as the table has it."""
    if value is None:
        return "-"
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def dataset(
    images: np.ndarray,
    labels: np.ndarray,
    *,
    test: tuple[np.ndarray, np.ndarray] | None = None,
    test_share: float = 0.2,
    test_seed: int = 0,
    categories: int | None = None,
    mean: Moments | None = None,
    std: Moments | None = None,
    range: tuple[float, float] | None = None,
) -> Dataset:
    """Check arrays and make a dataset of them.

    Args:
        images: (N, H, W) or (N, C, H, W), uint8 or floats.
        labels: (N,) whole numbers from 0.
        test: images and labels of the test; without them a share of the others is held out.
        test_share: of the images of each category.
        test_seed: of the draw that holds them out.
        categories: how many there are, K; None: as many as the labels name.
        mean: of each channel, with pixels in [0, 1]; None computes it from the training images.
        std: likewise.
        range: the darkest and the lightest value of images that are floats.

    Raises:
        UserError: the arrays are not fit for a dataset.
    """
    settings = {"categories": categories, "mean": mean, "std": std, "range": range}
    check_values({**settings, "test_share": test_share, "test_seed": test_seed}, of="entry")
    given = {"images": images, "labels": labels}
    if test is not None:
        if not isinstance(test, tuple | list) or len(test) != 2:
            raise UserError("test: give a pair, the images and the labels of the test")
        given = {f"train_{name}": part for name, part in given.items()}
        given |= {"test_images": test[0], "test_labels": test[1]}
    arrays = {name: _array(name, part) for name, part in given.items()}
    for name in (name for name in arrays if "labels" in name):
        check_whole_numbers(name, arrays[name])
    if test is None:
        arrays = hold_out("dataset", **arrays, share=test_share, seed=test_seed)
    if categories is None:
        both = (arrays["train_labels"], arrays["test_labels"])
        categories = max(2, 1 + max(int(part.max(initial=0)) for part in both))
    return make_dataset("dataset", arrays, categories, mean=mean, std=std, limits=range)


def _array(name: str, values: Any) -> np.ndarray:
    try:
        return np.asarray(values)
    except ValueError as error:
        raise UserError(f"{name}: is no array ({error}); all rows must be alike") from error


def train(
    experiment: Experiment,
    dataset: Dataset,
    folder: str | Path | None = None,
    *,
    random_seed: int = 0,
    device: str = "auto",
    precision: str = "auto",
    unseen_label: str = "none",
) -> dict[int, Run]:
    """Train the seeds of an experiment on a dataset.

    Args:
        experiment: the settings.
        dataset: what to train on; the column `dataset` of the experiment only names it.
        folder: for the results, laid out as the pipeline's, and for checkpoints meanwhile: a
            training that was ended goes on from there, and one that is finished is not done again.
            None keeps nothing on disk.
        random_seed: the config's seed, from which every draw derives.
        device: `auto`, `cpu` or `cuda`.
        precision: as in the config.
        unseen_label: as in the config.

    Returns:
        The runs by their seeds, but for those that diverged.

    Raises:
        UserError: an argument is not one of these, the device is not there, memory does not
            suffice, every seed diverged, or the folder has other runs of the same name.
    """
    if not isinstance(experiment, Experiment) or not isinstance(dataset, Dataset):
        raise UserError("train takes an experiment, then a dataset, as ffensembles makes them")
    settings = {"random_seed": random_seed, "device": device, "precision": precision}
    check_values({**settings, "unseen_label": unseen_label})
    check_held_out("held_out", experiment, dataset.categories)
    _survive_forks()
    with ExitStack() as stack:
        place = Path(folder or stack.enter_context(TemporaryDirectory())).expanduser()
        found: dict[int, Run] = {}
        diverged: dict[int, str] = {}
        code = _code(experiment)
        asked = {"random_seed": random_seed, "precision": precision, "code": code}
        asked |= {"data": dataset.sha256, **experiment.training_settings()}
        for first, last in blocks(experiment, SEEDS_TOGETHER):
            file = place / MODELS.at(experiment, first=first, last=last)
            sound = _trained_before(file, asked) or train_block(
                experiment,
                list(range(first, last + 1)),
                dataset,
                model_path=file,
                log_path=place / LOGS.at(experiment, first=first, last=last),
                random_seed=random_seed,
                device=device,
                precision=precision,
                checkpoint_interval=CHECKPOINT_INTERVAL,
                code=code,
            )
            for seed in sound:
                extract_run(
                    experiment,
                    seed,
                    file,
                    dataset,
                    place / REPRESENTATIONS.at(experiment, seed=seed),
                    device=device,
                    unseen_label=unseen_label,
                )
                found[seed] = open_run(place, experiment, seed)
            diverged |= diverged_seeds(file)
    leave_out(experiment, diverged, found)
    return found


@cache
def _survive_forks() -> None:
    """Let a fork of this process, such as a pool makes, train with the one thread that it has.

    Torch would wait there for the others, which stay behind, for ever.
    """
    os.register_at_fork(after_in_child=partial(torch.set_num_threads, 1))


def _trained_before(model: Path, asked: Mapping[str, object]) -> list[int]:
    """Return the sound seeds of a block that is there already, trained as it is asked for.

    Raises:
        UserError: it was trained otherwise; it is not for us to overwrite it.
    """
    log = model.with_suffix(".log.parquet")
    if not (model.exists() and log.exists()):
        return []
    about: dict[str, Any] = read_metadata(log)
    # The column `dataset` of the settings is a name; what the images are, their SHA-256 tells.
    known = {name: about.get(name) for name in ("random_seed", "precision", "code")}
    known |= {"data": about.get("dataset"), **about["settings"]}
    wanted = json.loads(json.dumps(asked))
    if other := [name for name in {**wanted, **known} if wanted.get(name) != known.get(name)]:
        raise UserError(
            f"{model}: is there, trained with another {', '.join(other)}; give another folder, or "
            "the experiment another study"
        )
    return weights.sound_seeds(model)


def _code(experiment: Experiment) -> str:
    """Fingerprint the code that trains: a checkpoint of other code is not taken up."""
    modules = ["learning/block.py", *experiment.variants()]
    return "-".join(fingerprint(LIBRARY / module, LIBRARY) for module in modules)


def open_run(folder: str | Path, of: Experiment | tuple[str, str, str], seed: int = 0) -> Run:
    """Open a finished run.

    Args:
        folder: of the results, such as results/demo.
        of: which experiment, or its dataset, model and study, such as ("mnist", "ff", "main").
        seed: which of its runs.

    Raises:
        UserError: it is not there, or a file of it is damaged.
    """
    key = of.key if isinstance(of, Experiment) else of
    folder = Path(folder).expanduser()
    file = folder / "representations" / Path(*key) / f"seed-{seed}.parquet"
    about: dict[str, Any] = read_metadata(file)
    # Where the results lie may have changed since; what the file is called has not.
    model = folder / "models" / Path(*key) / Path(about["model"]).name
    log = read_frame(model.with_suffix(".log.parquet"))
    trained = Experiment(**about["settings"])
    check_identity(file, about, of if isinstance(of, Experiment) else trained, seed)
    kind = weights.kind_of(trained, model)
    return Run(
        trained,
        seed,
        kind,
        weights.load(kind, model, seed),
        log[log["seed"] == seed].reset_index(drop=True),
        read_parquet(file),
    )
