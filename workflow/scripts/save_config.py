"""Write the merged configuration of this run."""

from typing import TYPE_CHECKING

import yaml

from ffensembles.pipeline.job import job
from ffensembles.files import write_text

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    write_text(yaml.safe_dump(dict(snakemake.params.config), sort_keys=False), snakemake.output[0])
