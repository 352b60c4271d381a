"""Render a page of the documentation for the report."""

from pathlib import Path
from typing import TYPE_CHECKING

from docutils.core import publish_parts

from ffensembles.pipeline.job import job
from ffensembles.files import write_text
from ffensembles.printing.pages import page

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    text = Path(snakemake.input[0]).read_text(encoding="utf-8")
    parts = publish_parts(text, writer="html5", settings_overrides={"initial_header_level": 2})
    write_text(page(parts["title"], parts["body"]), snakemake.output[0])
