"""Build the report: Snakemake's own, of a run inside this one, and a search field on its page."""

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ffensembles.pipeline.job import job
from ffensembles.errors import UserError
from ffensembles.files import FULL, atomic

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]) as log, atomic(snakemake.output[0]) as path:
    files, params = snakemake.input, snakemake.params
    beside = (files.config, files.style, files.search)
    shown = [path for path in files if path not in beside]
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
    with path.open("ab") as file:
        file.write(Path(files.search).read_bytes())
