"""Small made-up artefacts in the pipeline's own formats, for the tests of the figures."""

from pathlib import Path

import numpy as np
import pandas as pd

from ffensembles.analysis.ensembles import find_ensembles
from ffensembles.analysis.measurements import with_keys
from ffensembles.analysis.sparsity import sparsity_by_category
from ffensembles.data import datasets
from ffensembles.files import write_parquet
from ffensembles.representations.stored import representation_table
from helpers.small_training import experiment

LAYERS = (1, 2, 3)


class Study:
    """The artefacts of a small study of one dataset, written to a folder."""

    def __init__(
        self,
        folder: Path,
        *,
        dataset: str = "fashionmnist",
        units: int = 64,
        images: int = 300,
        seeds: int = 2,
        held_out: tuple[int, ...] = (2, 5),
        shape: tuple[int, int, int] = (1, 12, 12),
        categories: int = 10,
        known: tuple[int, ...] | None = None,
        silent_layers: tuple[int, ...] = (),
    ) -> None:
        self.folder, self.dataset, self.units, self.seeds = folder, dataset, units, seeds
        self.held_out, self.categories, self.silent_layers = held_out, categories, silent_layers
        self.known = range(categories) if known is None else known
        self.rng = np.random.default_rng(0)
        self.labels = self.rng.permutation(np.arange(images) % categories)
        folder.mkdir(parents=True, exist_ok=True)
        self.write_dataset(shape)
        for model in ("ff", "bpff", "bp"):
            self.write_run(model, "main")
            write_parquet(self.balance(model), self.path(model, "main", "balance"))
            write_parquet(self.training_log(model), self.path(model, "main", "log"))
        self.write_run("ff", "l1-goodness")
        self.write_run("bp", "l1-regularised")
        for category in held_out:
            self.write_run("ff", f"without-{category}", held_out=category)
        for name in ("mnist", dataset):
            write_parquet(self.layer_similarity(name), folder / f"layers-{name}.parquet")

    def path(self, model: str, study: str, kind: str | int) -> Path:
        """Return where one artefact of an experiment lies; its representations by the seed."""
        return self.folder / f"{model}-{study}-{kind}.parquet"

    def write_dataset(self, shape: tuple[int, int, int]) -> None:
        """Write test images that show a bar as long as their label."""
        images = np.zeros((len(self.labels), *shape), np.uint8)
        for image, label in zip(images, self.labels, strict=True):
            image[:, shape[1] // 3 : shape[1] // 2, : 1 + label % shape[2]] = 200
        images[0, :, -1, -1] = 255
        arrays = {"images": images, "labels": self.labels}
        arrays = {f"{split}_{k}": v for split in ("train", "test") for k, v in arrays.items()}
        constants = {"mean": [0.1307] * shape[0], "std": [0.3081] * shape[0]}
        dataset = datasets.make_dataset("own", arrays, self.categories, **constants)
        datasets.write(dataset, self.folder / "dataset.npz")
        self.sha256 = dataset.sha256

    def write_run(self, model: str, study: str, held_out: int | None = None) -> None:
        """Write representations, ensembles and sparsity of all runs of an experiment."""
        ensembles, sparsities = [], []
        for seed in range(self.seeds):
            keys = {"dataset": self.dataset, "model": model, "study": study, "seed": seed}
            correct = (self.rng.random(len(self.labels)) < 0.9) & np.isin(
                self.labels, list(self.known)
            )
            prediction = np.where(correct, self.labels, (self.labels + 1) % self.categories)
            layers = [
                self.activations(0.04 * layer, dense=study == "main" and model == "bp")
                for layer in LAYERS
            ]
            if held_out is not None:
                for layer in layers:
                    layer[self.labels == held_out] *= 0.4
            for number in self.silent_layers:
                layers[number - 1][:] = 0
            e = experiment(model, dataset=self.dataset, study=study, held_out=held_out)
            about = {"settings": e.training_settings(), "seed": seed, "unseen_label": "none"}
            about["dataset"] = self.sha256
            table = representation_table(self.labels, prediction, layers, self.categories)
            write_parquet(table, self.path(model, study, seed), about)
            keep = (prediction == self.labels) | (self.labels == held_out)
            for number, layer in enumerate(layers, 1):
                known = keys | {"layer": number}
                x = layer[keep], self.labels[keep]
                ensembles.append(with_keys(find_ensembles(*x), **known))
                sparsities.append(with_keys(sparsity_by_category(*x), **known))
        write_parquet(pd.concat(ensembles), self.path(model, study, "ensembles"))
        write_parquet(pd.concat(sparsities), self.path(model, study, "sparsity"))

    def activations(self, share: float, *, dense: bool) -> np.ndarray:
        """Return activations (M, units): each category drives its own few units, or all."""
        shape = (len(self.labels), self.units)
        if dense:
            return self.rng.gamma(0.8, 1, shape).astype("f4")
        ensembles = self.rng.random((self.categories, self.units)) < share
        strength = ensembles * self.rng.gamma(4, 0.25, ensembles.shape)
        noise = self.rng.exponential(0.03, shape) * (self.rng.random(shape) < 0.2)
        return (strength[self.labels] * self.rng.uniform(0.3, 1.2, shape) + noise).astype("f4")

    def balance(self, model: str) -> pd.DataFrame:
        """Return ρ⁺ and bias per unit, spread about as Figure 5 has it."""
        centre = {"ff": [0.69], "bpff": [0.38, 0.55], "bp": [0.52]}[model]
        keys = {"dataset": self.dataset, "model": model, "study": "main"}
        return pd.concat(
            pd.DataFrame(
                {
                    **keys,
                    "seed": seed,
                    "layer": layer,
                    "unit": np.arange(self.units),
                    "inputs": self.units,
                    "positive_fraction": self.rng.binomial(
                        self.units, self.rng.choice(centre, self.units)
                    )
                    / self.units,
                    "bias": self.rng.normal(-0.5, 0.2, self.units),
                }
            )
            for seed in range(self.seeds)
            for layer in LAYERS
        )

    def training_log(self, model: str) -> pd.DataFrame:
        """Return losses that fall, and goodness of positive and negative data that part."""
        epochs = np.arange(1, 21)
        logs = []
        for seed in range(self.seeds):
            for layer in LAYERS if model == "ff" else (0,):
                fall = np.exp(-epochs / 7) * self.rng.uniform(0.9, 1.1, len(epochs))
                goodness = np.nan if model == "bp" else 3 + layer
                logs.append(
                    pd.DataFrame(
                        {
                            "seed": seed,
                            "layer": layer,
                            "epoch": epochs,
                            "loss": (0.5 + layer) * fall,
                            "positive_goodness": goodness - fall,
                            "negative_goodness": goodness - 2 + fall,
                            "seconds": 0.1 * epochs,
                        }
                    )
                )
        return pd.concat(logs)

    def layer_similarity(self, dataset: str) -> pd.DataFrame:
        """Return CKA between all pairs of FF's layers."""
        between = {1: [1, 0.6, 0.2], 2: [0.6, 1, 0.3], 3: [0.2, 0.3, 1]}
        return pd.DataFrame(
            {
                "dataset": dataset,
                "seed": seed,
                "metric": "CKA",
                "model_a": "ff",
                "model_b": "ff",
                "layer_a": a,
                "layer_b": b,
                "images": 300,
                "value": between[a][b - 1] ** (1 + 0.1 * seed),
            }
            for seed in range(self.seeds)
            for a in LAYERS
            for b in LAYERS
        )
