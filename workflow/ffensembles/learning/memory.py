"""How many seeds fit into a device's memory together."""

from __future__ import annotations

import logging
import os

import psutil
import torch

from ffensembles.errors import UserError

log = logging.getLogger(__name__)


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
    fitting = min(wanted, (free - shared) // max(per_seed, 1))
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
