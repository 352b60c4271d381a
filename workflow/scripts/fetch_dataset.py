"""Fetch a dataset, check it and write it as arrays (section 3.1, appendix B)."""

from typing import TYPE_CHECKING

from ffensembles.pipeline.job import job
from ffensembles.data.datasets import fetch, write
from ffensembles.data.definitions import Definition
from ffensembles.files import write_text

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]) as log:
    name = snakemake.wildcards.dataset
    # Not parameters: where verified files come from does not change what they hold.
    config = snakemake.config
    names = config["datasets"][name].get("categories")
    dataset = fetch(
        name,
        Definition.read(name, snakemake.params.definition),
        prestaged=config["prestaged"],
        resources=config["pathvars"]["resources"],
        names=names if isinstance(names, list) else None,
    )
    write(dataset, snakemake.output.dataset)
    write_text(f"{dataset.sha256}\n", snakemake.output.digest)
    log.info(
        "%s: %d training and %d test images of %d categories, mean %s, std %s, SHA-256 %s",
        name,
        len(dataset.train.labels),
        len(dataset.test.labels),
        dataset.categories,
        dataset.mean.tolist(),
        dataset.std.tolist(),
        dataset.sha256,
    )
