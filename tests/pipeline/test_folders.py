"""The paths that a user names; tests/pipeline/test_configuration.py has those of the config."""

import errno
import os

import pytest

from ffensembles.errors import UserError
from ffensembles.pipeline import folders
from ffensembles.pipeline.folders import check_folder, check_installation, check_outputs


def test_folder_is_made_where_it_can_be_written(tmp_path):
    check_folder(tmp_path / "results" / "demo")
    assert not list((tmp_path / "results" / "demo").iterdir())


def test_folder_that_cannot_be_written_is_named_with_its_key(tmp_path):
    (tmp_path / "results").write_text("a file in the way")
    with pytest.raises(UserError, match=r"results/demo.*cannot be written.*pathvars"):
        check_folder(tmp_path / "results" / "demo")


def test_folder_behind_a_link_to_nowhere(tmp_path):
    (tmp_path / "results").symlink_to("/gone/away")
    with pytest.raises(UserError, match=r"a link leads to /gone/away, which is not there"):
        check_folder(tmp_path / "results")


def test_folder_on_a_full_disk(tmp_path, monkeypatch):
    def full(**_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(folders.tempfile, "TemporaryFile", full)
    with pytest.raises(UserError, match=r"No space left.*free some space"):
        check_folder(tmp_path)


@pytest.mark.parametrize("name", ["My Projects", "it's", "a;b", "a&b", "$a", "a(1)", "{a}", "a:b"])
def test_jobs_do_not_start_from_a_path_that_a_shell_takes_apart(name):
    with pytest.raises(UserError, match=r"move the pipeline and its Python"):
        check_installation("/home/me", f"/home/{name}/bin/python")


def test_most_paths_are_fine():
    check_installation("/home/jürgen/ff-ensembles_2.0+x/.venv/bin/python3.11")


def test_a_locked_folder_of_outputs_is_told_before_the_first_job(tmp_path, monkeypatch):
    locked = tmp_path / "results" / "figures"
    locked.mkdir(parents=True)
    files = [tmp_path / "results/tables/table1.csv", locked / "deep/figure1.png"]
    check_outputs(files)
    access = os.access
    # Root may write anywhere, so the operating system's answer is played here.
    monkeypatch.setattr(os, "access", lambda path, mode: path != locked and access(path, mode))
    with pytest.raises(UserError, match=r"results/figures: cannot be written; allow it"):
        check_outputs(files)
