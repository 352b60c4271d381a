"""Test what the paper says in prose."""

from typing import TYPE_CHECKING

from ffensembles import claim_evidence, claim_verdicts
from ffensembles.evidence import as_list
from ffensembles.files import write_text
from ffensembles.jobs import job
from ffensembles.writers import write_csv

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]) as log:
    paths = {name: as_list(snakemake.input.get(name)) for name in claim_evidence.FRAMES}
    results = claim_verdicts.evaluate(claim_evidence.load(paths))
    log.info("%s", results.drop_duplicates("claim")["verdict"].value_counts().to_dict())
    write_csv(results, snakemake.output.csv)
    write_text(claim_verdicts.claims_page(results), snakemake.output.html)
