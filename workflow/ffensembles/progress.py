"""Progress: a bar on a terminal, a line now and then in the log where there is none."""

import io
import logging
import sys

from tqdm import tqdm

log = logging.getLogger(__name__)


class _LogLines(io.StringIO):
    """A stream that passes each refresh of a bar on to the log."""

    def write(self, text: str) -> int:
        if line := text.strip("\r\n \x1b[A"):
            log.info(line)
        return len(text)


def progress(total: int, description: str, unit: str, done: int = 0) -> tqdm:
    """Return a tqdm bar; call its `update` after each of `total` units."""
    terminal = sys.stderr.isatty()
    return tqdm(
        total=total,
        initial=done,
        desc=description,
        unit=unit,
        file=sys.stderr if terminal else _LogLines(),
        mininterval=0.5 if terminal else 30,
        maxinterval=1 if terminal else 60,
        ascii=not terminal,
        dynamic_ncols=terminal,
        ncols=None if terminal else 120,
    )
