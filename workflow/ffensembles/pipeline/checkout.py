"""The Git checkout that the pipeline runs from."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ffensembles.files import shortened


def commit(folder: Path) -> str:
    """Return the commit of a Git checkout, and whether its files differ from that."""
    folder = folder.resolve()

    def git(*arguments: str) -> str:
        # A clone that someone else owns is as good: it is read, and nothing of it is run.
        command = ["git", "-c", f"safe.directory={folder}", "-c", "core.fsmonitor=false"]
        command += ["-C", str(folder), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        if Path(git("rev-parse", "--show-toplevel")) != folder:
            return "unknown: the pipeline is not a Git checkout of its own"
        # No result depends on the documentation, where `publish` writes.
        places = ("--", ".", ":(exclude)docs")
        changes = git("status", "--porcelain", "--untracked-files=no", *places)
        return git("rev-parse", "HEAD") + (", with uncommitted changes" if changes else "")
    except OSError as error:
        return f"unknown: git cannot be run ({error.strerror})"
    except subprocess.CalledProcessError as error:
        said = " ".join(error.stderr.split()) or f"status {error.returncode}"
        return f"unknown: git says '{shortened(said)}'"
