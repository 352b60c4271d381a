"""Trainings so small that tests can afford them, and their plain readings in torch.nn."""

from dataclasses import dataclass
from itertools import pairwise

import torch

from ffensembles.data.datasets import fetch
from ffensembles.data.definitions import Definition
from ffensembles.experiments import Experiment
from ffensembles.learning.checkpoints import Checkpoint
from ffensembles.learning.kinds import find_kind
from ffensembles.learning.loop import train
from ffensembles.learning.split import Split
from ffensembles.randomness import generator
from helpers import DATASETS

GOODNESS = {
    "loss": "threshold",
    "goodness": "l2",
    "normalisation": "l2",
    "negatives": "pooled",
    "black": "zero",
    "maximum": "split",
}
NO_GOODNESS = dict.fromkeys(GOODNESS, "none") | {"loss": "cross-entropy"}


def experiment(model, **changes):
    """Return an experiment on digits with small networks."""
    settings = {
        "study": "main",
        "dataset": "digits",
        "model": model,
        "seeds": 2,
        "epochs": 2,
        "learning_rate": 0.01 if model == "ff" else 0.001,
        "batch_size": 128,
        "units": 40,
        "layers": 3,
        "activation_l1": 0.0,
        "held_out": None,
    }
    return Experiment(**settings | (NO_GOODNESS if model == "bp" else GOODNESS) | changes)


def kind(model, shape=(1, 12, 12), **changes):
    """Return a kind of model, for an experiment as above."""
    return find_kind(experiment(model, **changes), shape, 10)


def digits_dataset():
    """Return digits, as the configuration has them."""
    return fetch("digits", Definition.read("digits", DATASETS["digits"]))


def digits(images=None):
    """Return the first training images of digits, all by default."""
    dataset = digits_dataset()
    values = dataset.standardised(dataset.train.images[:images])
    labels = torch.from_numpy(dataset.train.labels[:images])
    return Split(torch.from_numpy(values), labels, dataset.shape, dataset.categories)


# How a block is trained, as the config would have it, where a test asks for nothing else.
ON_CPU = {
    "random_seed": 0,
    "device": "cpu",
    "precision": "auto",
    "checkpoint_interval": 60,
    "code": "of this test",
}


def trained(e, seeds, split, folder, precision="highest", interval=1e9, observe=None, kill_after=0):
    """Train on the CPU with a checkpoint in `folder`; after `kill_after` steps it is killed."""
    checkpoint = Fatal(folder / f"{seeds[0]}-{seeds[-1]}.pt", {}, interval, kill_after=kill_after)
    return train(
        e,
        seeds,
        split,
        checkpoint,
        random_seed=0,
        device=torch.device("cpu"),
        precision_name=precision,
        observe=observe,
    )


def initial_layers(e, seed, sizes):
    """Return torch.nn layers with the weights that training this seed starts from."""
    draws = generator(0, *e.key, seed, "weights")
    layers = []
    for inputs, outputs in pairwise(sizes):
        layer = torch.nn.Linear(inputs, outputs)
        with torch.no_grad():
            for parameter in (layer.weight, layer.bias):
                parameter.uniform_(-(inputs**-0.5), inputs**-0.5, generator=draws)
        layers.append(layer)
    return layers


def batches(e, seed, images):
    """Yield the batches of one epoch after the other, as training this seed draws them."""
    draws = generator(0, *e.key, seed, "shuffle")
    while True:
        yield torch.randperm(images, generator=draws).split(e.batch_size)


def weights(state, place=0):
    """Return the tensors of one seed, by place in the block."""
    return {name: tensor[place] for name, tensor in state.items()}


TRAININGS = [
    ("ff", {}),
    ("ff", {"goodness": "l1", "normalisation": "l1"}),
    ("bpff", {}),
    ("bp", {}),
    ("bp", {"activation_l1": 1e-4}),
]


class Killed(Exception):
    """A training was ended."""


@dataclass
class Fatal(Checkpoint):
    """A checkpoint that also saves after some steps and ends the training there; 0: it does not."""

    kill_after: int = 0

    def after_step(self, state):
        self.kill_after -= 1
        if self.kill_after == 0:
            self.save(state())
            raise Killed
        super().after_step(state)
