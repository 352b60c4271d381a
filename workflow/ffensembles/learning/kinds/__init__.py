"""Kinds of models: architecture and learning rule, a file each, found by its name.

A file here, or one of your own that the config's key `variants` names, holds one class derived
from `Kind` that has a `name`. The name of the file is that in the column `model` of the table of
experiments. All that is special about a model is said there, and only experiments that name it
depend on it. `learning.module_kind.ModuleKind` is the base to start from: it takes any module of
torch.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import prod
from typing import Any, ClassVar

import torch
from torch import Tensor

from ffensembles import variants
from ffensembles.experiments import Experiment
from ffensembles.learning.label_embedding import Embedding, Plain
from ffensembles.learning.objective import Objective
from ffensembles.learning.split import Split

Kept = Sequence[Tensor | None]  # of each layer the units to keep, None for all of them
# Makes the generator of a seed for a use, such as draw(seed, "negatives").
Draw = Callable[..., torch.Generator]

FLOAT = 4  # bytes


class Kind(ABC):
    """One kind of model, for an experiment on images of a shape (C, H, W) and K categories.

    The attributes are read from the text of the file without running it, so they must be literal
    values.

    Attributes:
        name: what it is called in print.
        order: its place among the models in tables and figures, the smallest first.
        colour: in figures, as the next two.
        marker: one of Matplotlib's.
        line: a line style of Matplotlib's.
        columns: the columns of the table of experiments that apply to it, besides those that all
            models have. A number is the default of a column of numbers of that type. A list or
            tuple of strings holds the allowed values, the default first. A string is the default
            of a column that takes any string; in `goodness` and `loss`, the name of any such file.
        layerwise: are the layers trained one after the other, each for all epochs? The tensors of
            the first are then called `layer1.…` in the state, and so on.
        incoming: what the weights (units, …inputs) and biases (units,) of a layer are called in
            the state, with `{}` for its number from 1; None where units have no such weights.
            What the paper measures of weights leaves such a kind out.
        score: what `scores` are called.
    """

    name: ClassVar[str]
    order: ClassVar[int] = 100
    colour: ClassVar[str] = "#cc79a7"
    marker: ClassVar[str] = "D"
    line: ClassVar[str] = "-."
    columns: ClassVar[dict[str, Any]] = {}
    layerwise: ClassVar[bool] = False
    incoming: ClassVar[tuple[str, str] | None] = None
    score: ClassVar[str] = "Answer"

    def __init__(
        self, experiment: Experiment, shape: tuple[int, int, int], categories: int
    ) -> None:
        """Say what is to be trained on what."""
        self.experiment, self.shape, self.categories = experiment, shape, categories

    # Networks: whatever has a method `to(device)`. They hold S seeds, one where `together` is
    # false; those that are measured hold one.

    @abstractmethod
    def initialise(self, generators: Sequence[torch.Generator]) -> Any:
        """Return new networks, one generator per seed."""

    @abstractmethod
    def state(self, network: Any) -> dict[str, Tensor]:
        """Name every tensor of the networks, (S, …) each, sharing its memory."""

    @abstractmethod
    def from_state(self, state: dict[str, Tensor]) -> Any:
        """Return networks with these tensors.

        Where layers are trained one after the other, the state of a snapshot lacks those that were
        not trained yet. The network then consists of the others, and predicts by them alone.
        """

    # Learning

    def together(self, device: torch.device) -> bool:
        """Say whether several seeds are trained at once, as one network."""
        return False

    @property
    def phases(self) -> int:
        """How many stretches of training there are, of all epochs each."""
        return self.experiment.layers if self.layerwise else 1

    @abstractmethod
    def objectives(
        self, network: Any, split: Split, seeds: Sequence[int], draw: Draw, device: torch.device
    ) -> Iterator[Objective]:
        """Yield the objective of each phase in order, once those before it are trained.

        Args:
            network: to be trained, on the device.
            split: the training images, on any device.
            seeds: those of the networks.
            draw: makes the generators of whatever is drawn.
            device: where to train.
        """

    def memory(self, images: int) -> tuple[int, int]:
        """Estimate the memory of a training at its peak: (shared, for each seed), in bytes.

        Shared are the images and their labels.
        """
        return FLOAT * images * (prod(self.shape) + 2), 0

    # What is measured, of networks of one seed. Images are standardised, (M, C, H, W).

    def embedding(self, images: Tensor) -> Embedding:
        """Return how labels are drawn into images, given all images of the split.

        By default no labels are drawn.
        """
        return Plain()

    @abstractmethod
    def predict(self, network: Any, images: Tensor, embedding: Any) -> Tensor:
        """Return the category (M,) of each image, into which no label is drawn yet.

        `embedding` is what the method of that name returned for the whole split.
        """

    def scores(self, network: Any, images: Tensor, embedding: Any) -> dict[str, Tensor]:
        """Return the scores (M, K) of the categories that decide, by their source, such as a layer.

        A softmax over the categories turns scores into probabilities; the category with the
        largest sum of probabilities is predicted. By default the predicted category scores 1, the
        others 0.
        """
        predicted = self.predict(network, images, embedding)
        return {"Prediction": torch.nn.functional.one_hot(predicted, self.categories).float()}

    @abstractmethod
    def activations(self, network: Any, images: Tensor) -> Iterable[Tensor]:
        """Return the activations (M, units) of every layer, from the first, for images as they are.

        What is a unit is for the kind to say.
        """

    def weights(self, network: Any) -> list[Tensor]:
        """Return the incoming weights (units, inputs) of every layer, where there are such."""
        assert self.incoming is not None, f"{self.name} has no incoming weights"
        state, layers = self.state(network), range(1, self.experiment.layers + 1)
        return [state[self.incoming[0].format(layer)][0].flatten(1) for layer in layers]

    def assigned(self) -> list[Tensor]:
        """Return the category to which each unit of each layer is assigned, (units,) each.

        Whether ensembles follow such a design is left out where this is not overridden.
        """
        raise NotImplementedError

    # Pruning: left out where `prune` is not overridden.

    def prune(self, network: Any, kept: Kept) -> Any:
        """Return the network with these units of each layer, and no others."""
        raise NotImplementedError

    def predict_pruned(
        self, network: Any, images: Tensor, embedding: Any, prunings: Sequence[Kept]
    ) -> Tensor:
        """Return what `predict` says after each of some prunings, (prunings, M)."""
        return torch.stack(
            [self.predict(self.prune(network, kept), images, embedding) for kept in prunings]
        )

    def operations(self, network: Any) -> int:
        """Count the multiplications that an image takes; by default, one for each weight."""
        return sum(x[0].numel() for x in self.state(network).values() if x[0].ndim > 1)


def find_kind(experiment: Experiment, shape: tuple[int, int, int], categories: int) -> Kind:
    """Return the kind that an experiment names, for images of a shape (C, H, W) and K categories.

    Raises:
        UserError: there is no such kind.
    """
    module = variants.load("model", experiment.model)
    (kind,) = (
        value
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__ and "name" in vars(value)
    )
    return kind(experiment, shape, categories)
