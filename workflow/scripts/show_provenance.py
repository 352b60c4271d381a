"""Write down what the results were made from, with what, and how long training took."""

from pathlib import Path
from typing import TYPE_CHECKING

from ffensembles.pipeline.job import as_list, job
from ffensembles.files import write_text
from ffensembles.pipeline import checkout, provenance
from ffensembles.printing.names import name_datasets

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    name_datasets(snakemake.params.names)
    page = provenance.provenance_page(
        provenance.trainings(as_list(snakemake.input.logs)),
        provenance.costs(Path(snakemake.output[0]).parent / "benchmarks"),
        commit=checkout.commit(Path(__file__).resolve().parents[2]),
        versions=provenance.versions(),
        config=Path(snakemake.input.config).read_text(encoding="utf-8"),
    )
    write_text(page, snakemake.output[0])
