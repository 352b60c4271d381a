"""Test what the paper says in prose."""

from typing import TYPE_CHECKING

from ffensembles.pipeline.job import as_list, job
from ffensembles.files import write_csv, write_text
from ffensembles.paper.claims import evidence
from ffensembles.paper.claims import page as claims_page
from ffensembles.paper.tables.notes import departed, diverged_runs
from ffensembles.printing.names import name_datasets

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]) as log:
    name_datasets(snakemake.params.names)
    paths = {name: as_list(files) for name, files in snakemake.input.items()}
    departures = snakemake.params.get("departures", [])
    found = evidence.load(paths)
    results = claims_page.evaluate(found, departures=departures)
    log.info("%s", results.drop_duplicates("claim")["verdict"].value_counts().to_dict())
    write_csv(results, snakemake.output.csv)
    notes = departed(departures)
    if "sparsity" in found.frames:  # not where none of the paper's experiments is
        notes += diverged_runs(found.frames["sparsity"])
    write_text(claims_page.claims_page(results, notes), snakemake.output.html)
