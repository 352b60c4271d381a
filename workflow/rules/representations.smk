"""Representations: activations and predictions of one run for every test image (section 3.5).

Needs weights and a dataset; makes one Parquet file per seed.
"""

REPRESENTATION = f"<results>/{results.REPRESENTATIONS.path}"


rule extract_representations:
    input:
        model=weights_of_run,
        dataset=ancient(f"<results>/{results.DATASET.path}"),
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
