"""BP/FF: the goodness of all layers together, by Backpropagation (section 3.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from ffensembles.learning.fast.summed_goodness import SummedGoodness
from ffensembles.learning.goodness_kind import GoodnessKind
from ffensembles.learning.kinds import Draw
from ffensembles.learning.losses import find_loss
from ffensembles.learning.objective import Objective
from ffensembles.learning.paired_data import embedded_images
from ffensembles.learning.perceptrons import Network
from ffensembles.learning.split import Split


class BPFF(GoodnessKind):
    """All layers learn at once, on the sum of their goodness."""

    name = "BP/FF"
    order = 2
    colour = "#d55e00"
    marker = "s"
    line = "--"

    def objectives(
        self, network: Network, split: Split, seeds: Sequence[int], draw: Draw, device: torch.device
    ) -> Iterator[Objective]:
        """Yield the one objective that all layers have together."""
        e = self.experiment
        data = embedded_images(e, split, seeds, draw, device)
        loss = find_loss(e.loss, e.theta)
        yield SummedGoodness(network.layers, data, e.goodness, e.normalisation, loss)

    def memory(self, images: int) -> tuple[int, int]:
        """Add to what is shared what a seed needs for a step of all layers.

        Beside its activations a layer keeps them divided by their norm, for the one after it.
        """
        rows, normalised = 2 * self.experiment.batch_size, sum(self.experiment.widths[:-1])
        return self.memory_of_all_layers(images, rows=rows, kept=normalised)
