"""Publish the answers: add finished tables and figures to docs/beyond, and make its page anew."""

from pathlib import Path
from typing import TYPE_CHECKING

from ffensembles.pipeline.job import as_list, job
from ffensembles.extras.beyond.page import publish
from ffensembles.printing.names import name_datasets

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    name_datasets(snakemake.params.names)
    names = ("tables", "figures", "others")
    files = [Path(path) for name in names for path in as_list(snakemake.input[name])]
    tables = [path for path in files if path.suffix == ".csv"]
    figures = [path for path in files if path.suffix == ".png"]
    publish(snakemake.params.page, tables, figures)
