"""Build the report: Snakemake's own, of a run inside this one, and what its page lacks."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ffensembles.pipeline.job import as_list, job
from ffensembles.errors import UserError
from ffensembles.files import FULL, Paths, atomic

if TYPE_CHECKING:
    from snakemake.script import snakemake

DOWNLOADS = {".pdf": "application/pdf", ".csv": "text/csv"}


def downloads(paths: Paths) -> str:
    """Return a script that holds the PDFs and CSVs among some files, as `additions` reads them."""
    found: dict[str, dict[str, str]] = {}
    for path in map(Path, paths):
        if kind := DOWNLOADS.get(path.suffix):
            content = base64.b64encode(path.read_bytes()).decode()
            forms = found.setdefault(str(path.with_suffix("")), {})
            forms[path.suffix[1:]] = f"data:{kind};base64,{content}"
    return f"<script>const downloads = {json.dumps(found)};</script>\n"


with job(snakemake.log[0]) as log, atomic(snakemake.output[0]) as path:
    files, params = snakemake.input, snakemake.params
    shown = as_list(files.shown)
    command = [
        *(sys.executable, "-m", "snakemake", "--snakefile", params.snakefile),
        *(["--configfile", files.config] if params.own_config else []),
        *("--cores", "1", "--nolock", "--quiet", "rules", "progress"),
        *("--report", path, "--report-stylesheet", files.style, "--", *shown),
    ]
    # A report needs the records of finished jobs, so it is a run of its own, inside this one.
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if run.returncode or not path.exists():
        last = run.stdout.strip().rsplit("\n", 1)[-1].strip()
        for number in FULL:
            if f"[Errno {number}]" in last:
                raise OSError(number, os.strerror(number))
        log.info("Snakemake says:\n%s", run.stdout)
        raise UserError(f"{snakemake.output[0]}: cannot be made ({last}); see {snakemake.log[0]}")
    with path.open("a", encoding="utf-8") as file:
        file.write(downloads(shown))
        file.write(Path(files.additions).read_text("utf-8"))
