"""Files that are either whole or not there, and whole when they are read."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from ffensembles.errors import UserError

if TYPE_CHECKING:
    import pandas as pd  # the Snakefile imports this module, so it stays light
    from safetensors import safe_open

Paths = Sequence[str | Path]

FULL = (errno.ENOSPC, errno.EDQUOT)
IN_THE_WAY = (errno.EEXIST, errno.ENOTDIR, errno.EISDIR)


@contextmanager
def atomic(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success flush it to disk and rename it to `path`.

    On any error the temporary file is removed and `path` stays as it was. Writers in C++ tell of
    a full disk only where they are given an open file.

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
    except (OSError, RuntimeError) as error:
        # torch.save tells of a full disk as a RuntimeError that follows from an OSError.
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, OSError):
            cause = cause.__context__
        if cause is None:
            raise
        raise unwritable(path, cause) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def unwritable(path: str | os.PathLike[str], error: OSError) -> UserError:
    """Return what to tell a user of a file or folder that could not be written."""
    reason = " ".join((error.strerror or str(error)).split())
    cure = "free some space" if error.errno in FULL else "allow it"
    if error.errno in IN_THE_WAY:
        cure = "move away what is in its place"
    if target := dangling(path):
        reason, cure = f"a link leads to {target}, which is not there", "make that"
    return UserError(
        f"{path}: cannot be written ({reason}); {cure}, or choose another folder (in the pipeline "
        "with the key pathvars)"
    )


def dangling(path: str | os.PathLike[str]) -> str | None:
    """Return where the symbolic link leads on which a path ends, if nothing is there."""
    for there in (Path(path), *Path(path).absolute().parents):
        if there.is_symlink() and not os.path.exists(there):  # noqa: PTH110 - a Path may raise
            return os.readlink(there)  # noqa: PTH115
    return None


def no_folder(path: str | os.PathLike[str]) -> str | None:
    """Say why a path is no folder that can be read; None where it is one."""
    for above in reversed(Path(path).absolute().parents):
        if above.is_dir() and not os.access(above, os.X_OK):
            return f"is out of reach; allow to enter {above} with chmod u+x"
    if target := dangling(path):
        return f"a link leads to {target}, which is not there"
    if not Path(path).is_dir():
        return "is not a folder"
    if not os.access(path, os.R_OK | os.X_OK):
        return "may not be read; allow it with chmod u+rx"
    return None


@contextmanager
def reading(path: str | os.PathLike[str], cure: str = "remove it and run again") -> Iterator[None]:
    """Turn whatever a reader raises on a missing, damaged or foreign file into one line.

    Raises:
        UserError: naming the file, what is wrong, and the cure.
    """
    try:
        if not Path(path).is_file():
            target = dangling(path)
            there = "it is not a file" if Path(path).exists() else "it is not there"
            raise OSError(f"it leads to {target}, which is not there" if target else there)
        yield
    except (UserError, MemoryError):
        raise
    except Exception as error:  # each library has its own, and other ones in its next version
        reason = " ".join((getattr(error, "strerror", None) or str(error)).split())
        reason = shortened(reason or type(error).__name__)
        if isinstance(error, PermissionError):
            cure = "allow it with chmod u+r"
        raise UserError(f"{path}: cannot be read ({reason}); {cure}") from error


def shortened(text: str, length: int = 200) -> str:
    """Return a text that fits into a message."""
    return text if len(text) <= length else f"{text[:length]} …"


def read_parquet(
    path: str | os.PathLike[str],
    columns: list[str] | None = None,
    *,
    filters: list[tuple[str, str, object]] | None = None,
    read_dictionary: list[str] | None = None,
) -> pa.Table:
    """Read a Parquet file; the arguments are those of `pyarrow.parquet.read_table`.

    Raises:
        UserError: the file is missing, damaged or without those columns.
    """
    # An open file is no folder of files, and words in its path such as a=b are no columns.
    with reading(path), Path(path).open("rb") as file:
        # Without threads: one that still reads when the process ends takes it down with it.
        parquet = pq.ParquetFile(file, read_dictionary=read_dictionary, pre_buffer=False)
        if lacking := set(columns or ()) - set(parquet.schema_arrow.names):
            raise ValueError(f"it has no column {', '.join(sorted(lacking))}")
        if filters is None:
            return parquet.read(columns, use_threads=False)
        wanted = columns or parquet.schema_arrow.names
        read = dict.fromkeys([*wanted, *(column for column, _, _ in filters)])
        table = parquet.read([*read], use_threads=False)
        return table.filter(pq.filters_to_expression(filters)).select(wanted)


def read_frame(path: str | os.PathLike[str], columns: list[str] | None = None) -> pd.DataFrame:
    """Read a Parquet file as a data frame.

    Raises:
        UserError: as `read_parquet`.
    """
    return read_parquet(path, columns).to_pandas()


def read_csv(path: str | os.PathLike[str], types: Mapping[str, type] | None = None) -> pd.DataFrame:
    """Read a CSV file; `types` are those of columns that look like another.

    Raises:
        UserError: the file is missing or damaged.
    """
    import pandas as pd

    with reading(path):
        return pd.read_csv(path, dtype=dict(types) if types else None)


def write_parquet(
    table: pd.DataFrame | pa.Table,
    path: str | os.PathLike[str],
    metadata: Mapping[str, object] | None = None,
) -> None:
    """Write a table as zstd-compressed Parquet, atomically.

    `metadata` is stored as JSON under the schema's key `ffensembles`.
    """
    if not isinstance(table, pa.Table):
        table = pa.Table.from_pandas(table, preserve_index=False)
    if metadata is not None:
        extra = {b"ffensembles": json.dumps(dict(metadata), sort_keys=True).encode()}
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), **extra})
    with atomic(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def read_metadata(path: str | os.PathLike[str]) -> dict[str, object]:
    """Return what `write_parquet` stored as `metadata`; empty where there is none.

    Raises:
        UserError: the file is missing or damaged.
    """
    with reading(path):
        metadata = pq.read_schema(path).metadata or {}
        return json.loads(metadata.get(b"ffensembles", b"{}"))


def what_is_known(file: safe_open) -> dict[str, Any]:
    """Return what the metadata of an open file of weights say of them."""
    metadata = file.metadata() or {}
    if "ffensembles" not in metadata:
        raise ValueError("it has no word of its seeds")
    return json.loads(metadata["ffensembles"])


def write_text(text: str, path: str | os.PathLike[str]) -> None:
    """Write a text file atomically."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_csv(table: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write a tidy table as CSV, atomically."""
    with atomic(path) as temporary:
        table.to_csv(temporary, index=False)
