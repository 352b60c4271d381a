"""Representations: activations and predictions of one run for every test image (section 3.5).

Needs weights and a dataset; makes one Parquet file per seed.
"""

from ffensembles.pipeline.results import REPRESENTATIONS, block_of

REPRESENTATION = f"<results>/{REPRESENTATIONS.path}"


def weights_of_run(wildcards):
    """Return the weight file that holds a run."""
    e, seed = experiment_of(wildcards), int(wildcards.seed)
    if seed not in e.runs:
        known = ", ".join(map(str, e.runs))
        stop(f"{'/'.join(e.key)} has the seeds {known}, not {seed}")
    first, last = block_of(e, seed, config["seeds_per_job"])
    return f"<results>/{MODELS.at(e, first=first, last=last)}"


rule extract_representations:
    input:
        model=weights_of_run,
        dataset=f"<results>/{DATASET.path}",
    output:
        REPRESENTATION if config["keep_representations"] else temp(REPRESENTATION),
    log:
        "<logs>/extract_representations/{dataset}/{model}/{study}/seed-{seed}.log",
    benchmark:
        "<results>/benchmarks/extract_representations/{dataset}/{model}/{study}/seed-{seed}.tsv"
    conda:
        ENVIRONMENT
    threads: 4
    resources:
        gpu=1,
    params:
        experiment=training_settings,
        device=config["device"],
        unseen_label=config["unseen_label"],
        code=lambda wildcards: code_of(
            "scripts/extract_representations.py", experiments_of(wildcards)
        ),
    script:
        "../scripts/extract_representations.py"
