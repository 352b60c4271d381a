"""A card for each process: the one that SLURM gave it, or one that no other process has taken."""

from __future__ import annotations

import fcntl
import logging
import os
import tempfile
import time
from pathlib import Path
from typing import IO

import torch

log = logging.getLogger(__name__)

FOLDER = Path(tempfile.gettempdir())  # of this machine, as the cards are
PAUSE = 1.0  # seconds between two looks for a free card
_held: list[
    IO[bytes]
] = []  # a lock lasts as long as its file is open, at most until a process ends


def take_card() -> None:
    """Make one GPU this process's own, and torch's current device; wait while all are taken.

    Under SLURM a job that sees one card was given it. Otherwise each card is guarded by a lock on
    a file, which all runs on the machine heed; it is let go when the process ends, however it ends.
    """
    cards = visible_cards()
    if _held or ("SLURM_JOB_ID" in os.environ and len(cards) == 1):
        return
    place = _lock_one(cards)
    if place is None:
        log.warning("all GPUs are taken (%s); waiting for one", ", ".join(cards))
    while place is None:
        time.sleep(PAUSE)
        place = _lock_one(cards)
    torch.cuda.set_device(place)


def visible_cards() -> list[str]:
    """Return the names of the GPUs that torch may use, in its order."""
    count = torch.cuda.device_count()
    names = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    return names.split(",")[:count] if names else [str(place) for place in range(count)]


def _lock_one(cards: list[str]) -> int | None:
    """Lock the first card that nobody has; return its place, or None."""
    for place, card in enumerate(cards):
        # Cards that SLURM gave to different jobs may go by the same name.
        job = os.environ.get("SLURM_JOB_ID", "")
        path = FOLDER / f"ffensembles-gpu{job and f'-{job}'}-{card}.lock"
        if not path.exists():
            path.touch()
        file = path.open("rb")  # reading is enough, and allowed where another user made it
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
        else:
            _held.append(file)
            return place
    return None
