"""What every job of the pipeline does around its work: log, and fail in one line."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ffensembles.errors import UserError
from ffensembles.files import Paths


@contextmanager
def job(log: str) -> Iterator[logging.Logger]:
    """Log the body to the file `log` and, from warnings on, to stderr.

    A `UserError` ends the process with status 1 and its one line. Any other error keeps its
    traceback, which goes to the log as well.
    """
    to_file = logging.FileHandler(log, mode="a", encoding="utf-8")
    to_file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    to_stderr = logging.StreamHandler()
    to_stderr.setFormatter(logging.Formatter("%(message)s"))
    to_stderr.setLevel(logging.WARNING)
    logging.basicConfig(level=logging.INFO, handlers=[to_file, to_stderr])
    logging.captureWarnings(True)
    try:
        yield logging.getLogger("ffensembles")
    except UserError as error:
        logging.error("error: %s", error)
        sys.exit(1)
    except Exception:
        logging.exception("this job failed unexpectedly")
        sys.exit(1)


def as_list(paths: str | Paths | None) -> list[str | Path]:
    """Return paths as a list: Snakemake gives one file as a string, and an absent one as None."""
    if paths is None:
        return []
    return [paths] if isinstance(paths, str) else list(paths)
