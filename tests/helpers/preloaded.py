"""Imported last by the process that runs are forks of: it has found Snakemake's plugins."""

from snakemake.cli import get_argument_parser

import helpers.frozen  # noqa: F401

get_argument_parser()
