"""Write all finished networks into one file."""

from pathlib import Path
from typing import TYPE_CHECKING

from ffensembles.pipeline.job import job
from ffensembles.errors import UserError
from ffensembles.learning.handed_on import LOG, WEIGHTS, pack

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    folder = Path(snakemake.log[0]).parent
    logs = [folder / log for log in snakemake.params.logs]
    # A training writes its weights last.
    finished = [log for log in logs if log.with_name(log.name.replace(LOG, WEIGHTS)).exists()]
    if not finished:
        raise UserError("pack: no training has finished; train something first")
    pack(finished, folder / "networks.zip")
