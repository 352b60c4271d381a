"""Evidence on networks that were never trained, measured on digits by the library's own analysis.

All images count, not those classified correctly alone: a network that guesses would leave most
categories without any. The paper's datasets all hold the same digits here, and a study is the
same networks as `main`, for without training nothing tells them apart.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import torch

from ffensembles.analysis.balance import positive_fraction
from ffensembles.analysis.ensembles import ensemble_sizes, find_ensembles
from ffensembles.analysis.measurements import with_keys
from ffensembles.analysis.probes import evaluate, fit_probe
from ffensembles.analysis.significance import ensemble_p_values
from ffensembles.analysis.similarity import compare_layers, compare_models
from ffensembles.analysis.sparsity import sparsity_by_category
from ffensembles.data.datasets import Dataset, LabelledImages
from ffensembles.learning.perceptrons import Network
from ffensembles.paper.claims.evidence import Evidence
from ffensembles.randomness import generator
from ffensembles.representations.extraction import activations, predict, represented_images
from helpers.paper_world import with_held_out
from helpers.small_training import digits_dataset, kind

PAPER = ("mnist", "fashionmnist", "svhn", "cifar10")
MODELS = ("ff", "bpff", "bp")
SEEDS = (0, 1)
UNITS = 100
STUDIES = {
    "ff": ("main", "l1-goodness"),
    "bpff": ("main", "l1-goodness"),
    "bp": ("main", "l1-regularised"),
}


def untrained(model: str, study: str, seed: int) -> Network:
    """Return a network with the random weights that training starts from."""
    draws = generator(0, "digits", model, study, seed, "weights")
    return kind(model, units=UNITS).initialise([draws])


class Images:
    """One split of digits, or its first images, with and without labels embedded."""

    def __init__(self, dataset: Dataset, split: LabelledImages, few: int | None = None) -> None:
        self.images = torch.from_numpy(dataset.standardised(split.images[:few]))
        self.labels = torch.from_numpy(split.labels[:few])

    def predicted(self, network: Network, model: str) -> np.ndarray:
        of = kind(model)
        return predict(of, network, self.images, of.embedding(self.images))

    def layers(self, network: Network, model: str, held_out: int | None = None) -> list[np.ndarray]:
        of = kind(model, held_out=held_out)
        drawn = of.embedding(self.images)
        shown = represented_images(of.experiment, self.images, self.labels, drawn, "none")
        return activations(of, network, shown)


def world(network: Callable[[str, str, int], Network] = untrained) -> Evidence:
    """Measure networks, (model, study, seed) to a network, as the pipeline does."""
    dataset = digits_dataset()
    test, train = Images(dataset, dataset.test, 250), Images(dataset, dataset.train, 400)
    frames: dict[str, list[pd.DataFrame]] = {}

    def add(kind: str, table: pd.DataFrame, **keys: object) -> None:
        frames.setdefault(kind, []).append(with_keys(table, **keys))

    for model in MODELS:
        for study in STUDIES[model]:
            for seed in SEEDS:
                run = {"model": model, "study": study, "seed": seed}
                net = network(model, study, seed)
                _measure(net, run, test, train, add)
        for k in range(10):
            run = {"model": model, "study": f"without-{k}", "seed": 0}
            if model == "ff":
                _measure_layers(network(model, "main", 0), run, test, add, held_out=k)
        _measure_probes(network(model, "main", 0), model, test, train, add)
    for seed in SEEDS:
        layers = {m: test.layers(network(m, "main", seed), m) for m in MODELS}
        for layer in range(3):
            table = compare_models({m: x[layer] for m, x in layers.items()})
            add("similarity", table.assign(layer_a=layer + 1, layer_b=layer + 1), seed=seed)
        table = compare_layers(layers["ff"])
        add("layer_similarity", table.assign(model_a="ff", model_b="ff"), seed=seed)
    joined = {kind: pd.concat(tables, ignore_index=True) for kind, tables in frames.items()}
    joined |= {kind: with_held_out(joined[kind]) for kind in ("sizes", "probes")}
    return Evidence({kind: _on_all(table) for kind, table in joined.items()})


def _on_all(table: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([table.assign(dataset=name) for name in PAPER], ignore_index=True)


def _measure(net, run, test, train, add) -> None:
    model = run["model"]
    correct = test.predicted(net, model) == test.labels.numpy()
    add("accuracy", pd.DataFrame({"category": [pd.NA], "accuracy": [correct.mean()]}), **run)
    _measure_layers(net, run, test, add)
    if run["study"] != "main":
        return
    for layer, x in enumerate(train.layers(net, model), 1):
        labels = train.labels.numpy()
        table = sparsity_by_category(x, labels).merge(ensemble_sizes(x, labels), how="left")
        add("training_sparsity", table, **run, layer=layer)
    for layer, linear in enumerate(net.layers, 1):
        table = pd.DataFrame(
            {
                "unit": range(UNITS),
                "positive_fraction": positive_fraction(linear.weight[0].numpy()),
                "bias": linear.bias[0].numpy(),
            }
        )
        add("balance", table, **run, layer=layer)


def _measure_layers(net, run, test, add, held_out=None) -> None:
    labels = test.labels.numpy()
    for layer, x in enumerate(test.layers(net, run["model"], held_out), 1):
        keys = {**run, "layer": layer}
        add("sparsity", sparsity_by_category(x, labels), **keys)
        add("sizes", ensemble_sizes(x, labels).astype(int), **keys)
        found = find_ensembles(x, labels)
        active = found[found["active"]]
        if layer == 1:
            add("members", active[["category", "unit", "mean"]], **keys)
        if run["study"] == "main":
            add(
                "significance",
                ensemble_p_values(
                    x,
                    labels,
                    active[["category", "unit"]],
                    method="exact",
                    shuffles=200,
                    rng=np.random.default_rng(0),
                ),
                **keys,
            )


def _measure_probes(net, model, test, train, add) -> None:
    x, y = (np.hstack(activations(kind(model), net, part.images)) for part in (train, test))
    table = evaluate(fit_probe(x, train.labels.numpy()), y, test.labels.numpy())
    for study in ("main", *(f"without-{k}" for k in range(10))):
        add("probes", table, model=model, study=study, seed=0, layers="1+2+3")
