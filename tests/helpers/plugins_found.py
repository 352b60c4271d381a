"""Imported by the process that runs are forks of: Snakemake looks for its plugins once for all."""

from snakemake.cli import get_argument_parser

get_argument_parser()
