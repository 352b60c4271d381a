"""Checkpoints: training survives a kill at any moment and ends with the same bits.

A checkpoint holds everything that the next step depends on, and the identity of the training it
belongs to; one of another identity (changed settings, other code) is not taken up.
"""

from __future__ import annotations

import logging
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from ffensembles.files import atomic

log = logging.getLogger(__name__)

TERMINATED = 128 + signal.SIGTERM  # the status by which schedulers know a terminated job


@dataclass
class Checkpoint:
    """Where, how often and for which training state is saved.

    Attributes:
        path: the file; it is written atomically.
        identity: whatever must be equal for a saved state to be taken up again.
        interval: seconds between two saves.
    """

    path: Path
    identity: dict[str, Any]
    interval: float = 60.0
    _saved: float = field(default_factory=time.monotonic)
    _terminate: bool = False

    def load(self, device: torch.device) -> dict[str, Any] | None:
        """Return the saved state, or None where there is none for this training."""
        if not self.path.exists():
            return None
        try:
            saved = torch.load(self.path, map_location=device, weights_only=True)
        except Exception as error:  # torch.load raises many kinds on a damaged file
            log.warning("%s: cannot be read (%s); training starts anew", self.path, error)
            return None
        if saved["identity"] != self.identity:
            log.warning("%s: is of other settings or code; training starts anew", self.path)
            return None
        return saved["state"]

    def save(self, state: dict[str, Any]) -> None:
        """Save the state now."""
        with atomic(self.path) as temporary:
            torch.save({"identity": self.identity, "state": state}, temporary)
        self._saved = time.monotonic()

    def after_step(self, state: Callable[[], dict[str, Any]]) -> None:
        """Save when the interval is over; on SIGTERM save at once and leave.

        Raises:
            SystemExit: with status 143 after SIGTERM.
        """
        if self._terminate:
            self.save(state())
            log.warning("terminated; %s holds the state, run again to continue", self.path)
            sys.exit(TERMINATED)
        if time.monotonic() - self._saved >= self.interval:
            self.save(state())

    def __enter__(self) -> Checkpoint:
        """Take over SIGTERM: from now on it ends the training between two steps."""
        self._before = signal.signal(signal.SIGTERM, self._on_terminate)
        return self

    def __exit__(self, *_: object) -> None:
        """Give SIGTERM back."""
        signal.signal(signal.SIGTERM, self._before)

    def _on_terminate(self, signum: int, frame: FrameType | None) -> None:
        self._terminate = True
