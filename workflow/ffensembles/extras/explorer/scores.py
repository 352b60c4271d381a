"""What decides about an image: the scores of each label, by layer or by the head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ffensembles.learning.devices import precision
from ffensembles.representations.extraction import ROWS, Prepared


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
def score_labels(run: Prepared, images: Tensor) -> Scores:
    """Return what a network's prediction rests on, such as the goodness of each layer.

    Args:
        run: the network.
        images: (N, C, H, W), standardised; some of the run's.
    """
    with precision(images.device, "highest"):
        parts = [run.kind.scores(run.network, part, run.embedding) for part in images.split(ROWS)]
    rows = list(parts[0])
    values = torch.stack([torch.cat([part[row] for part in parts]) for row in rows])
    return Scores(run.kind.score, rows, values.cpu().numpy())
