"""Files that are either whole or not there."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ffensembles.errors import UserError

Paths = Sequence[str | Path]


@contextmanager
def atomic(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success flush it to disk and rename it to `path`.

    On any error the temporary file is removed and `path` stays as it was.

    Raises:
        UserError: the folder cannot be written, or the disk is full.
    """
    path = Path(path)
    # The suffix stays last: writers such as matplotlib choose their format by it.
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise UserError(
            f"{path}: cannot be written ({error.strerror or error}); "
            "free some space, or choose another folder with the key pathvars in the config"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_parquet(
    table: pd.DataFrame | pa.Table,
    path: str | os.PathLike[str],
    metadata: Mapping[str, object] | None = None,
) -> None:
    """Write a table as zstd-compressed Parquet, atomically.

    `metadata` is stored as JSON under the schema's key `ffensembles`.
    """
    if isinstance(table, pd.DataFrame):
        table = pa.Table.from_pandas(table, preserve_index=False)
    if metadata is not None:
        extra = {b"ffensembles": json.dumps(dict(metadata), sort_keys=True).encode()}
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), **extra})
    with atomic(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def read_metadata(path: str | os.PathLike[str]) -> dict[str, object]:
    """Return what `write_parquet` stored as `metadata`; empty where there is none."""
    metadata = pq.read_schema(path).metadata or {}
    return json.loads(metadata.get(b"ffensembles", b"{}"))


def write_text(text: str, path: str | os.PathLike[str]) -> None:
    """Write a text file atomically."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_csv(table: pd.DataFrame, path: str) -> None:
    """Write a tidy table as CSV, atomically."""
    with atomic(path) as temporary:
        table.to_csv(temporary, index=False)
