"""Representations: activations and predictions of one run for every test image (section 3.5).

Needs weights and a dataset; makes one Parquet file per seed.
"""

REPRESENTATION = (
    "<results>/representations/{dataset}/{model}/{study}/seed-{seed}.parquet"
)


rule extract_representations:
    input:
        model=model_of_seed,
        dataset="<results>/datasets/{dataset}.npz",
    output:
        REPRESENTATION if config["keep_representations"] else temp(REPRESENTATION),
    log:
        "<logs>/extract_representations/{dataset}/{model}/{study}/seed-{seed}.log",
    conda:
        "../../envs/ffensembles.yaml"
    threads: 4
    resources:
        gpu=1,
    params:
        experiment=training_settings,
        device=config["device"],
        unseen_label=config["unseen_label"],
        code=code_of("extract_representations.py"),
    script:
        "../scripts/extract_representations.py"
