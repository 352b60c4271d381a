"""Checkpoints: training survives a kill at any moment and ends with the same bits.

A checkpoint holds everything that the next step depends on, and the identity of the training it
belongs to; one of another identity (changed settings, other code) is not taken up.
"""

from __future__ import annotations

import json
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
PATIENCE = 30  # training lasts at least so many times as long as the saving


@dataclass
class Checkpoint:
    """Where, how often and for which training state is saved.

    Attributes:
        path: the file; it is written atomically.
        identity: whatever must be equal for a saved state to be taken up again; fit for JSON.
        interval: seconds between two saves; more where a save takes long.
    """

    path: Path
    identity: dict[str, Any]
    interval: float = 60.0
    _due: float = field(init=False)
    _terminate: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        """Count the interval from now on."""
        self._due = time.monotonic() + self.interval

    def load(self, device: torch.device) -> dict[str, Any] | None:
        """Return the saved state, or None where there is none for this training."""
        if not self.path.exists():
            return None
        try:
            saved = torch.load(self.path, map_location=device, weights_only=True)
            identity, state = saved["identity"], saved["state"]
        except Exception as error:  # torch.load raises many kinds on a damaged file
            log.warning("%s: cannot be read (%s); training starts anew", self.path, error)
            return None
        if identity != self._identity():
            log.warning("%s: is of other settings or code; training starts anew", self.path)
            return None
        return state

    def save(self, state: dict[str, Any]) -> None:
        """Save the state now."""
        started = time.monotonic()
        with atomic(self.path) as temporary:
            torch.save({"identity": self._identity(), "state": state}, temporary)
        saved = time.monotonic()
        self._due = saved + max(self.interval, PATIENCE * (saved - started))

    def _identity(self) -> str:
        """Return the identity as text, which reads back as it was whatever its values' types."""
        return json.dumps(self.identity, sort_keys=True)

    def after_step(self, state: Callable[[], dict[str, Any]]) -> None:
        """Save when the interval is over; on SIGTERM save at once and leave.

        Raises:
            SystemExit: with status 143 after SIGTERM.
        """
        if self._terminate:
            self.save(state())
            self._leave()
        if time.monotonic() >= self._due:
            self.save(state())

    def __enter__(self) -> Checkpoint:
        """Take over SIGTERM: from now on it ends the training between two steps."""
        self._before = signal.signal(signal.SIGTERM, self._on_terminate)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Give SIGTERM back; one that came too late for a step is obeyed now."""
        signal.signal(signal.SIGTERM, self._before)
        if self._terminate and kind is None:
            self._leave()

    def _leave(self) -> None:
        log.warning("terminated; %s holds the state, run again to continue", self.path)
        sys.exit(TERMINATED)

    def _on_terminate(self, signum: int, frame: FrameType | None) -> None:
        self._terminate = True
