"""What decides about an image: the scores of each label, by layer or by the head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ffensembles.experiments import Experiment
from ffensembles.learning.devices import precision
from ffensembles.learning.label_embedding import LabelEmbedding
from ffensembles.learning.networks import Network
from ffensembles.representations.extraction import ROWS, goodness_by_label


@dataclass(frozen=True)
class Scores:
    """The scores of each label for each image.

    A softmax over the labels turns each row of scores into probabilities; the label with the
    largest sum of probabilities over the rows is predicted (section 3.2).

    Attributes:
        name: what a score is called.
        rows: what each row of scores comes from.
        values: (rows, N, K) float32.
    """

    name: str
    rows: list[str]
    values: np.ndarray


@torch.no_grad()
def score_labels(
    experiment: Experiment, network: Network, images: Tensor, embedding: LabelEmbedding | None
) -> Scores:
    """Return what a network's prediction rests on.

    With an `embedding` it is the goodness of each layer under each label, without one (BP) the
    head's outputs.

    Args:
        experiment: what was trained.
        network: of one seed.
        images: (N, C*H*W), standardised.
        embedding: of the labels, as for `extraction.predict`.
    """
    with precision(images.device, "highest"):
        if embedding is None:
            parts = [_outputs(network, part) for part in images.split(ROWS)]
            return Scores("Output", ["Head"], np.concatenate(parts)[None])
        by_label = [
            goodness_by_label(network, part, embedding, experiment.goodness)
            for part in images.split(ROWS)
        ]
    values = torch.cat(by_label, 2).permute(1, 2, 0).cpu().numpy()
    return Scores("Goodness", [f"Layer {i}" for i in range(1, len(values) + 1)], values)


def _outputs(network: Network, images: Tensor) -> np.ndarray:
    *_, last = network.activations(images[None])
    return network.logits(last)[0].cpu().numpy()
