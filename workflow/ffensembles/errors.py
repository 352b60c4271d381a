"""The one exception for mistakes that a user can mend."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class UserError(Exception):
    """A mistake in the configuration, a file or the machine, told in one line with its cure."""


@contextmanager
def trying(file: str | Path) -> Iterator[None]:
    """Turn what code of the user's own raises, on a trial, into one line that names its file."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise UserError(
            f"{file}: fails on a trial ({reason}); docs/extending.md says what it takes and returns"
        ) from error
