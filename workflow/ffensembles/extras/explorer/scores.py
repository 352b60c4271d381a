"""What decides about an image: the scores of each label, by layer or by the head."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ffensembles.learning.devices import precision
from ffensembles.representations.extraction import ROWS, Prepared


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
