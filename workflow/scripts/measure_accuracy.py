"""Measure the test-set accuracy of every run of one experiment (Tables 1 and 11)."""

from typing import TYPE_CHECKING

import pandas as pd
import pyarrow.parquet as pq

from ffensembles.analysis.measurements import with_keys
from ffensembles.files import write_parquet
from ffensembles.pipeline.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    rows = []
    for seed, path in zip(snakemake.params.seeds, snakemake.input.representations, strict=True):
        images = pq.read_table(path, columns=["label", "prediction"]).to_pandas()
        correct = images["label"] == images["prediction"]
        rows.append(
            {
                "seed": seed,
                "images": len(images),
                "correct": correct.sum(),
                "accuracy": correct.mean(),
            }
        )
    write_parquet(with_keys(pd.DataFrame(rows), **snakemake.wildcards), snakemake.output[0])
