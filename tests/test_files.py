"""Files: written whole or not at all, read whole or told in one line."""

import errno
import os
import re
import stat
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ffensembles.errors import UserError
from ffensembles.files import (
    atomic,
    dangling,
    read_frame,
    read_metadata,
    read_parquet,
    reading,
    write_csv,
    write_parquet,
    write_text,
)
from helpers import ROOT

TABLE = pd.DataFrame({"unit": [1, 2], "size": [0.5, 0.25]})


@pytest.fixture
def measurement(tmp_path):
    path = tmp_path / "a=b" / "sizes.parquet"
    write_parquet(TABLE, path, {"seeds": [0]})
    return path


def one_line(error, path):
    message = str(error.value)
    assert message.startswith(f"{path}: cannot be read (")
    assert message.endswith("; remove it and run again")
    assert "\n" not in message and len(message) < 400
    return message


def test_a_table_comes_back_as_it_was(measurement):
    pd.testing.assert_frame_equal(read_frame(measurement), TABLE)  # without a column a
    assert (
        read_parquet(measurement, ["size"], filters=[("unit", "=", 2)])["size"][0].as_py() == 0.25
    )
    assert read_metadata(measurement) == {"seeds": [0]}


def spoil(path, how):
    content = path.read_bytes()
    path.unlink()
    if how == "truncated":
        path.write_bytes(content[:-20])
    elif how == "empty":
        path.touch()
    elif how == "foreign":
        path.write_text("PAR1, or so it says\n" * 9)
    elif how == "folder":
        path.mkdir()
    elif how == "link":
        path.symlink_to("gone")


@pytest.mark.parametrize("how", ["truncated", "empty", "foreign", "folder", "link", "missing"])
@pytest.mark.parametrize("read", [read_parquet, read_frame, read_metadata])
def test_whatever_is_wrong_with_a_file_is_one_line_that_names_it(read, how, measurement):
    spoil(measurement, how)
    with pytest.raises(UserError) as error:
        read(measurement)
    assert ("not a file" in one_line(error, measurement)) == (how == "folder")


def test_a_table_of_other_columns_is_named(measurement):
    with pytest.raises(UserError) as error:
        read_parquet(measurement, ["unit", "sparsity"])
    assert "no column sparsity" in one_line(error, measurement)


def test_archives_are_read_with_the_same_words(tmp_path):
    path = tmp_path / "d.npz"
    np.savez(path, images=np.zeros(9))
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(UserError) as error, reading(path), np.load(path) as file:
        file["images"]
    one_line(error, path)


def test_every_reader_of_results_is_guarded():
    """Whatever reads a result does so here, or under `reading`, on the line or the one before."""
    for path in (ROOT / "workflow").rglob("*.py"):
        lines = path.read_text("utf-8").splitlines()
        for before, line in pairwise(lines):
            if re.search(r"\b(pd\.read_|pq\.read_|np\.load\(|safe_open\()", line):
                own = path.name in ("files.py", "local_files.py")  # and what a user brings along
                guarded = own or "reading(" in before + line
                assert guarded, f"{path.name}: {line}"


@pytest.mark.parametrize(
    ("number", "cure"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EDQUOT, "free some space"),
        (errno.EACCES, "allow it"),
        (errno.EROFS, "allow it"),
        (errno.ENOTDIR, "move away what is in its place"),
    ],
)
def test_what_cannot_be_written_has_its_own_cure(number, cure, tmp_path):
    with pytest.raises(UserError) as error, atomic(tmp_path / "x"):
        raise OSError(number, os.strerror(number))
    assert os.strerror(number) in str(error.value)
    assert f"; {cure}, or choose another folder" in str(error.value)
    assert not list(tmp_path.iterdir())


def test_an_error_that_follows_from_a_full_disk_is_told_as_one(tmp_path):
    with pytest.raises(UserError, match=r"No space left.*free some space"), atomic(tmp_path / "x"):
        try:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finally:
            raise RuntimeError("unexpected pos 704 vs 598")  # as torch.save has it
    with pytest.raises(RuntimeError), atomic(tmp_path / "x"):
        raise RuntimeError("no fault of a disk's")


def test_a_link_to_nowhere_is_the_cause_that_is_told(tmp_path):
    (tmp_path / "results").symlink_to("/gone/away")
    assert dangling(tmp_path / "results/tables/t.csv") == "/gone/away"
    assert dangling(tmp_path) is None
    with (
        pytest.raises(
            UserError, match=r"a link leads to /gone/away, which is not there\); make that"
        ),
        atomic(tmp_path / "results/t.csv"),
    ):
        pass


@pytest.fixture
def calls(monkeypatch):
    """Record which file is flushed and which is renamed to what, in order."""
    recorded = []
    fsync, replace, rename = os.fsync, os.replace, Path.replace

    def flushed(descriptor):
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISREG(mode):
            recorded.append(("flushed", os.fstat(descriptor).st_ino))
        fsync(descriptor)

    def renamed(how):
        def call(source, target, **options):
            recorded.append(("renamed", Path(source).stat().st_ino))
            return how(source, target, **options)

        return call

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(os, "replace", renamed(replace))
    monkeypatch.setattr(Path, "replace", renamed(rename))
    return recorded


def write_bytes(path):
    with atomic(path) as temporary:
        temporary.write_bytes(b"new")


WRITERS = {
    "bytes": write_bytes,
    "text": lambda path: write_text("new", path),
    "csv": lambda path: write_csv(pd.DataFrame({"a": [1]}), path),
    "parquet": lambda path: write_parquet(pd.DataFrame({"a": [1]}), path),
}


@pytest.mark.parametrize("writer", WRITERS.values(), ids=WRITERS)
def test_a_file_is_flushed_before_it_is_renamed(tmp_path, calls, writer):
    path = tmp_path / "folder" / "file.out"
    writer(path)
    file = path.stat().st_ino
    places = {what: calls.index((what, file)) for what in ("flushed", "renamed")}
    assert places["flushed"] < places["renamed"]
    assert [file.name for file in path.parent.iterdir()] == ["file.out"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(error), atomic(path) as temporary:
        temporary.write_text("half")
        raise error
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
