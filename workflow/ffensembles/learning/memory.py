"""How many seeds fit into a device's memory together."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from itertools import pairwise

import psutil
import torch

from ffensembles.errors import UserError
from ffensembles.experiments import Experiment
from ffensembles.learning.paired_data import ROWS

log = logging.getLogger(__name__)

FLOAT = 4  # bytes


def memory_needed(experiment: Experiment, images: int, inputs: int) -> tuple[int, int]:
    """Estimate the device memory of a training at its peak: (shared, for each seed), in bytes.

    Shared are the images and their labels. Of a seed counts the stage that needs most; for FF it
    is a deeper layer's, which has the outputs of the one before for all images.
    """
    sizes = [inputs, *experiment.widths]
    weights = sum(before * after for before, after in pairwise(sizes))
    places = 8 * images  # of the negatives and an epoch's order, in whole numbers of 8 bytes
    if experiment.model == "ff":
        stage = max(_ff_stages(experiment, images, sizes))
    else:  # gradient and Adam's two moments of every layer
        stage = 3 * weights + _step_of_all_layers(experiment, sizes)
    return FLOAT * images * (inputs + 2), FLOAT * (weights + places + stage)


def _ff_stages(experiment: Experiment, images: int, sizes: list[int]) -> Iterator[int]:
    """Yield how many numbers each stage of FF needs for a seed, beside the weights."""
    rows, slope = 2 * experiment.batch_size, 2 if experiment.goodness == "l1" else 1
    data = 0
    for before, after in pairwise(sizes):
        # Training a layer: gradient and moments, what goes into it and what comes out.
        yield data + 3 * before * after + rows * (before + slope * after)
        outputs = 2 * images * after
        in_place = data == outputs
        yield outputs + (0 if in_place else data) + 2 * ROWS * (before + 2 * after)
        data = outputs


def _step_of_all_layers(experiment: Experiment, sizes: list[int]) -> int:
    """Return how many numbers a step of BP/FF or BP keeps of a seed's batch at its peak."""
    inputs, *units = sizes
    normalised = 0 if experiment.model == "bp" else sum(units[:-1])
    kept = inputs + sum(units) + normalised
    rows = experiment.batch_size * (1 if experiment.model == "bp" else 2)
    # On the way down: slopes of two layers and a product; one more for all that is small.
    return rows * (kept + 4 * max(units))


def free_memory(device: torch.device) -> int:
    """Return the bytes that may still be used on the device (its job's share, under SLURM)."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    free = psutil.virtual_memory().available
    share = os.environ.get("SLURM_MEM_PER_NODE")  # MiB
    if share and share != "0":
        free = min(free, int(share) * 2**20 - psutil.Process().memory_info().rss)
    return free


def seeds_that_fit(wanted: int, shared: int, per_seed: int, device: torch.device) -> int:
    """Return how many of the `wanted` seeds fit into the device's free memory together.

    Args:
        wanted: the number of seeds in the block.
        shared: bytes needed once, whatever the number of seeds.
        per_seed: bytes needed for each seed.
        device: where they will be trained.

    Raises:
        UserError: not even one seed fits.
    """
    free = int(free_memory(device) * 0.9)
    fitting = min(wanted, (free - shared) // per_seed)
    if fitting < 1:
        raise UserError(
            f"one seed needs about {(shared + per_seed) / 2**30:.1f} GiB and {device.type} has "
            f"{free / 2**30:.1f} GiB free; use a larger device or fewer units"
        )
    if fitting < wanted:
        log.warning(
            "seeds_per_job cut from %d to %d: each seed needs about %.1f GiB and %s has %.1f GiB",
            wanted,
            fitting,
            per_seed / 2**30,
            device.type,
            free / 2**30,
        )
    return fitting
