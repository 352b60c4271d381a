"""Publish the answers: add finished tables and figures to docs/beyond, and make its page anew."""

from typing import TYPE_CHECKING

from ffensembles.pipeline.job import as_list, job
from ffensembles.extras.beyond.page import publish
from ffensembles.printing.names import name_datasets

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    name_datasets(snakemake.params.names)
    files = [
        path for name in ("tables", "figures", "others") for path in as_list(snakemake.input[name])
    ]
    tables = [path for path in files if path.endswith(".csv")]
    figures = [path for path in files if path.endswith(".png")]
    publish(snakemake.params.page, tables, figures)
