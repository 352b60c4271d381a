"""What a page holds of a dataset and of one run of each model on it.

Means and ensembles are those of the tables, bit by bit. What a picture shows is kept in few steps,
and of as many images as `PIXELS` and `ACTIVATIONS` allow.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import torch
from torch import Tensor

from ffensembles import variants
from ffensembles.data.datasets import Dataset
from ffensembles.errors import UserError
from ffensembles.experiments import Experiment
from ffensembles.extras.explorer.choice import choose_images, strongest_images
from ffensembles.extras.explorer.packing import Block, bits, exact, in_steps, sheet, smallest_index
from ffensembles.files import read_frame, read_metadata, read_parquet
from ffensembles.learning.devices import precision
from ffensembles.paper.figures.activation_maps import end_of_scale
from ffensembles.printing.names import CATEGORIES, DATASETS, MODELS
from ffensembles.representations.extraction import ROWS, Prepared, prepare
from ffensembles.representations.stored import of_layer

PIXELS = 8_000_000  # of all images on a page: the test images of MNIST and FashionMNIST fit
ACTIVATIONS = 9_000_000  # of all models and layers: 1000 images of three models on FashionMNIST
WEIGHTS = 4_000_000  # of all models: above, the pictures of units become coarser
LONGEST = 64  # pixels, the longer side of an image on the page
STRONGEST = 12  # images of each unit
SHADES = 15  # steps of an activation
SIGNED_SHADES = 14  # steps of a weight: 0 is in the middle
FINE = 2**16 - 1  # steps of a score


@dataclass(frozen=True)
class Run:
    """The files of one run.

    Attributes:
        experiment: what was trained.
        seed: which run.
        model: its weights.
        representations: of all test images.
        ensembles: of all runs of the experiment.
        dynamics: its ensembles during training; None where there are no snapshots.
    """

    experiment: Experiment
    seed: int
    model: str
    representations: str
    ensembles: str
    dynamics: str | None


@dataclass(frozen=True)
class Contents:
    """A page's contents.

    Attributes:
        about: what is there, in words and small numbers; the page's scripts say what they read.
        blocks: the large arrays, by name.
        sheet: the images, as one picture.
    """

    about: dict[str, Any]
    blocks: dict[str, Block]
    sheet: str


def gather(dataset: Dataset, name: str, runs: Sequence[Run], *, device: str) -> Contents:
    """Gather a page's contents.

    Args:
        dataset: whose test images are shown.
        name: its name in the configuration.
        runs: one of each model; those that diverged in training are left out.
        device: where the networks run.

    Raises:
        UserError: a file is damaged, every run diverged, or the device is not there.
    """
    runs = _sound(runs)
    labels = dataset.test.labels
    tables = [read_parquet(run.representations) for run in runs]
    predictions = np.array([table["prediction"].to_numpy() for table in tables])
    shown, kept = _choose(dataset, (predictions != labels).any(axis=0), runs)
    picture, layout = sheet(dataset.test.images[shown], LONGEST)
    blocks = {
        "label": exact(labels[shown].astype(np.uint16)),
        "index": exact(shown.astype(np.uint32)),
    }
    models = []
    for run, table in zip(runs, tables, strict=True):
        model, own = _model(run, table, dataset, shown, kept, pictures=len(runs), device=device)
        models.append(model)
        blocks |= {f"{model['key']}/{part}": block for part, block in own.items()}
    about = {
        "dataset": DATASETS[name],
        "study": runs[0].experiment.study,
        "seed": runs[0].seed,
        "categories": CATEGORIES[name],
        "testImages": np.bincount(labels, minlength=dataset.categories).tolist(),
        "images": {"all": len(labels), "here": len(shown), "kept": kept, **layout},
        "models": models,
        "blocks": {name: block.about for name, block in blocks.items()},
    }
    return Contents(about, blocks, picture)


def _sound(runs: Sequence[Run]) -> list[Run]:
    """Leave out the runs that diverged in training."""
    places = [read_metadata(run.representations).get("diverged") for run in runs]
    sound = [run for run, place in zip(runs, places, strict=True) if not place]
    if not sound:
        raise UserError(
            f"config: figures.seed: the runs of seed {runs[0].seed} diverged in training "
            f"({places[0]}); name another seed"
        )
    return sound


def _choose(dataset: Dataset, wrong: np.ndarray, runs: Sequence[Run]) -> tuple[np.ndarray, int]:
    """Choose the test images on the page, and of how many, which come first, it has activations."""
    labels = dataset.test.labels
    scale = min(1.0, LONGEST / max(dataset.shape[1:]))
    pixels = int(np.prod(dataset.shape[1:]) * scale**2)
    shown = choose_images(labels, wrong, PIXELS // pixels)
    units = sum(sum(run.experiment.widths) for run in runs)
    kept = choose_images(labels[shown], wrong[shown], ACTIVATIONS // units)
    # Neighbours of one category compress better.
    kept = kept[np.argsort(labels[shown][kept], kind="stable")]
    return np.concatenate([shown[kept], np.delete(shown, kept)]), len(kept)


def _model(
    run: Run,
    table: pa.Table,
    dataset: Dataset,
    shown: np.ndarray,
    kept: int,
    *,
    pictures: int,
    device: str,
) -> tuple[dict[str, Any], dict[str, Block]]:
    """Return what the page holds of one run, in words and in blocks.

    Args:
        run: its files.
        table: its representations.
        dataset: its images.
        shown: the test images on the page.
        kept: of how many of them, the first, it has activations.
        pictures: how many models share the room for pictures of units.
        device: where the network runs.
    """
    trained = prepare(run.experiment, run.seed, run.model, dataset, "test", device)
    rows_of_scores, scores = score_labels(trained, trained.images[shown])
    predictions = table["prediction"].to_numpy()
    blocks = {
        "prediction": exact(predictions[shown].astype(np.uint16)),
        "scores": in_steps(scores, float(scores.min()), float(scores.max()), FINE),
    }
    ensembles = read_frame(run.ensembles)
    ensembles = ensembles[ensembles["seed"] == run.seed]
    layers: list[dict[str, Any]] = []
    for layer in range(1, run.experiment.layers + 1):
        x = of_layer(table, layer, correct_only=False).activations
        rows = ensembles[ensembles["layer"] == layer]
        parts = _means(rows, (dataset.categories, x.shape[1])) | _images(x, shown, kept)
        if layer == 1:
            parts |= _incoming(trained, dataset.shape, pictures)
        blocks |= {f"{layer}/{part}": block for part, block in parts.items()}
        layers.append({"units": x.shape[1]})
    if run.dynamics:
        blocks |= _dynamics(read_frame(run.dynamics), layers, dataset.categories)
    truth = trained.labels.cpu().numpy()
    correct = np.bincount(truth[predictions == truth], minlength=dataset.categories)
    model = {
        "key": run.experiment.model,
        "name": MODELS[run.experiment.model],
        "summary": _summary(run.experiment.model),
        "layers": layers,
        "correct": correct.tolist(),
        "score": {"name": trained.kind.score, "rows": rows_of_scores},
        "followed": run.dynamics is not None,
    }
    return model, blocks


@torch.no_grad()
def score_labels(run: Prepared, images: Tensor) -> tuple[list[str], np.ndarray]:
    """Return what a network's prediction rests on, such as the goodness of each layer.

    A softmax over the labels turns each row of scores into probabilities; the label with the
    largest sum of probabilities over the rows is predicted (section 3.2).

    Args:
        run: the network.
        images: (N, C, H, W), standardised; some of the run's.

    Returns:
        What each row of scores comes from, and the scores, (rows, N, K) float32.
    """
    with precision(images.device, "highest"):
        parts = [run.kind.scores(run.network, part, run.embedding) for part in images.split(ROWS)]
    rows = list(parts[0])
    values = torch.stack([torch.cat([part[row] for part in parts]) for row in rows])
    return rows, values.cpu().numpy()


def _summary(model: str) -> str:
    """Return what a model is, in words: the first line of its file's docstring."""
    said = ast.get_docstring(ast.parse(variants.file_of("model", model).read_bytes())) or ""
    return said.partition("\n")[0]


def _means(ensembles: pd.DataFrame, shape: tuple[int, int]) -> dict[str, Block]:
    """Pack x̄ (K, n), NaN for a category without correct images, and its sums over the units (K,).

    With the sums the page finds LOO by the division by which the tables have it.
    """
    means = np.full(shape, np.nan)
    means[ensembles["category"], ensembles["unit"]] = ensembles["mean"]
    return {"means": exact(means), "sums": exact(means.sum(axis=1))}


def _images(x: np.ndarray, shown: np.ndarray, kept: int) -> dict[str, Block]:
    """Pack activations (n, kept) and the images that drive each unit most (n, STRONGEST)."""
    by_index = np.argsort(shown)  # of equals the first in the test set counts
    places = np.append(by_index, len(shown))[strongest_images(x[shown[by_index]], STRONGEST)]
    steps = in_steps(x[shown[:kept]].T, 0.0, end_of_scale(x), SHADES)
    return {"top": exact(places.astype(smallest_index(len(shown)))), "activations": steps}


def _incoming(run: Prepared, shape: tuple[int, int, int], models: int) -> dict[str, Block]:
    """Pack the incoming weights (n, C, H, W) of the first layer, and where each unit's are clipped.

    They are clipped at the 90 % quantile of their magnitude: else the weights of a label's pixels
    would leave no colour for those of the image. Where there are many weights, neighbouring pixels
    are averaged. Nothing is packed where a unit does not have one weight for each pixel.
    """
    weights = run.kind.weights(run.network) if run.kind.incoming else []
    if not weights or weights[0].shape[1] != prod(shape):
        return {}
    weight = weights[0].cpu().numpy().reshape(-1, *shape)
    while models * weight.size > WEIGHTS and min(weight.shape[2:]) >= 2:
        height, width = (side // 2 * 2 for side in weight.shape[2:])
        even = weight[:, :, :height, :width]
        weight = even.reshape(*even.shape[:2], height // 2, 2, width // 2, 2).mean(axis=(3, 5))
    reach = np.quantile(np.abs(weight), 0.9, axis=(1, 2, 3))
    relative = weight / np.where(reach, reach, 1)[:, None, None, None]
    return {
        "incoming": in_steps(relative, -1.0, 1.0, SIGNED_SHADES),
        "reach": exact(reach.astype(np.float32)),
    }


def _dynamics(
    dynamics: pd.DataFrame, layers: Sequence[dict[str, Any]], categories: int
) -> dict[str, Block]:
    """Pack what became of the ensembles of each layer: (epochs, K, n) members, and beside them.

    The epochs of each layer go to `layers`.
    """
    blocks = {}
    for number, layer in enumerate(layers, 1):
        rows = dynamics[dynamics["layer"] == number]
        epochs, epoch = np.unique(rows["epoch"], return_inverse=True)
        members = np.zeros((len(epochs), categories, layer["units"]), bool)
        similarity = np.full((len(epochs), categories), np.nan)
        similarity[epoch, rows["category"]] = rows["to_end"]
        for e, category, units in zip(epoch, rows["category"], rows["members"], strict=True):
            members[e, category, units] = True
        layer["epochs"] = epochs.tolist()
        blocks[f"{number}/members"] = bits(members)
        blocks[f"{number}/similarity"] = exact(similarity)
    return blocks
