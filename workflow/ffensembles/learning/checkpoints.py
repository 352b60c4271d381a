"""Checkpoints: training survives a kill at any moment and ends with the same bits.

A checkpoint holds everything that the next step depends on, and the identity of the training it
belongs to. A checkpoint of another identity (changed settings, other code) is ignored. One that was
saved in other circumstances (another number of threads) is resumed; the result may then differ in
the last bits.
"""

from __future__ import annotations

import json
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from ffensembles.files import atomic

log = logging.getLogger(__name__)

# Of schedulers, of Ctrl-C, and of a terminal that is closed.
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
PATIENCE = 30  # training lasts at least so many times as long as the saving


@dataclass
class Checkpoint:
    """Where, how often and for which training state is saved.

    Attributes:
        path: the file; it is written atomically.
        identity: whatever must be equal for a saved state to be taken up again; fit for JSON.
        interval: seconds between two saves; more where a save takes long.
        circumstances: what only rounding depends on; fit for JSON.
    """

    path: Path
    identity: dict[str, Any]
    interval: float = 60.0
    circumstances: dict[str, Any] = field(default_factory=dict)
    _due: float = field(init=False)
    _ended_by: int | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Count the interval from now on."""
        self._due = time.monotonic() + self.interval

    def load(self, device: torch.device) -> dict[str, Any] | None:
        """Return the saved state, or None where there is none for this training."""
        if not self.path.exists():
            return None
        try:
            saved = torch.load(self.path, map_location=device, weights_only=True)
            about, state = json.loads(saved["about"]), saved["state"]
        except Exception as error:  # torch.load raises many kinds on a damaged file
            log.warning("%s: cannot be read (%s); training starts anew", self.path, error)
            return None
        identity, circumstances = self._about()
        if other := _different(about[0], identity):
            log.warning("%s: is of other %s; training starts anew", self.path, ", ".join(other))
            return None
        for name in _different(about[1], circumstances):
            log.warning(
                "%s: was saved with %s %s and goes on with %s; the last bits may differ from those "
                "of an unbroken training",
                *(self.path, name, about[1].get(name), circumstances.get(name)),
            )
        return state

    def save(self, state: dict[str, Any]) -> None:
        """Save the state now."""
        started = time.monotonic()
        # As JSON text, identity and circumstances read back unchanged, whatever their types.
        saved = {"about": json.dumps(self._about()), "state": state}
        with atomic(self.path) as temporary, temporary.open("wb") as file:
            torch.save(saved, file)
        now = time.monotonic()
        self._due = now + max(self.interval, PATIENCE * (now - started))

    def _about(self) -> list[dict[str, Any]]:
        """Return identity and circumstances as JSON gives them back."""
        return json.loads(json.dumps([self.identity, self.circumstances]))

    def after_step(self, state: Callable[[], dict[str, Any]]) -> None:
        """Save when the interval is over; on SIGTERM and Ctrl-C save at once and leave.

        Raises:
            SystemExit: with status 143 after SIGTERM, 130 after Ctrl-C, as schedulers know them.
        """
        if self._ended_by is not None:
            self.save(state())
            self._leave()
        if time.monotonic() >= self._due:
            self.save(state())

    def __enter__(self) -> Checkpoint:
        """Take over the signals: from now on they end the training between two steps."""
        # What is ignored, as under nohup, stays so; and only the main thread can take them over.
        main = threading.current_thread() is threading.main_thread()
        heeded = [n for n in SIGNALS if main and signal.getsignal(n) != signal.SIG_IGN]
        self._before = {number: signal.signal(number, self._on_signal) for number in heeded}
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Give the signals back; one that came too late for a step is obeyed now."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if self._ended_by is not None and kind is None:
            self._leave()

    def _leave(self) -> None:
        log.warning("terminated; %s holds the state, run again to continue", self.path)
        sys.exit(128 + (self._ended_by or 0))

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._ended_by = number


def _different(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Return the keys whose values differ, in order."""
    return sorted(key for key in {*one, *other} if one.get(key) != other.get(key))
