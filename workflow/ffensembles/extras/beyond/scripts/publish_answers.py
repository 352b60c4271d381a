"""Publish the answers: add finished tables and figures to docs/beyond, and make its page anew."""

from typing import TYPE_CHECKING

from ffensembles.pipeline.job import job
from ffensembles.extras.beyond.page import publish
from ffensembles.printing.names import name_datasets

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    name_datasets(snakemake.params.names)
    publish(snakemake.params.page, snakemake.input)
