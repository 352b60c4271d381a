"""FF: the Forward-Forward algorithm, layer after layer (section 3.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch

from ffensembles.learning.fast.summed_goodness import SummedGoodness
from ffensembles.learning.goodness_kind import GoodnessKind
from ffensembles.learning.kinds import FLOAT, Draw
from ffensembles.learning.losses import find_loss
from ffensembles.learning.objective import Objective
from ffensembles.learning.paired_data import (
    ROWS,
    PairedData,
    ThroughLayers,
    embedded_images,
    layer_outputs,
)
from ffensembles.learning.perceptron_kind import places
from ffensembles.learning.perceptrons import Network
from ffensembles.learning.split import Split


class FF(GoodnessKind):
    """Each layer learns on its own, for all epochs, on the frozen outputs of the one before."""

    name = "FF"
    order = 1
    colour = "#0072b2"
    marker = "o"
    line = "-"
    layerwise = True

    def objectives(
        self, network: Network, split: Split, seeds: Sequence[int], draw: Draw, device: torch.device
    ) -> Iterator[Objective]:
        """Yield the goodness of each layer alone."""
        e = self.experiment
        loss = find_loss(e.loss, e.theta)
        further = ThroughLayers.after if e.negatives == "fresh" else layer_outputs
        data: PairedData = embedded_images(e, split, seeds, draw, device)
        for number, layer in enumerate(network.layers):
            if number:
                data = further(data, network.layers[number - 1], e.normalisation)
            yield SummedGoodness([layer], data, e.goodness, e.normalisation, loss)

    def memory(self, images: int) -> tuple[int, int]:
        """Count the stage that needs most: a deeper layer's, with the outputs of the one before."""
        shared, _ = super().memory(images)
        weights = sum(before * after for before, after in pairwise(self.sizes))
        return shared, FLOAT * (weights + places(images) + max(self._stages(images)))

    def _stages(self, images: int) -> Iterator[int]:
        """Yield how many numbers each stage needs for a seed, beside the weights."""
        e = self.experiment
        rows, slope = 2 * e.batch_size, 1 if e.goodness == "l2" else 2
        data = 0
        for before, after in pairwise(self.sizes):
            # Training a layer: gradient and moments, what goes into it and what comes out.
            yield data + 3 * before * after + rows * (before + slope * after)
            outputs = 2 * images * after
            in_place = data == outputs
            yield outputs + (0 if in_place else data) + 2 * ROWS * (before + 2 * after)
            data = outputs
