"""Datasets: downloaded, pre-staged, bundled or the user's own, checked, written as arrays (App. B).

Makes <results>/datasets/{dataset}.npz.
"""


rule fetch_dataset:
    input:
        own_files,
    output:
        f"<results>/{results.DATASET.path}",
    log:
        "<logs>/fetch_dataset/{dataset}.log",
    localrule: True
    conda:
        ENVIRONMENT
    params:
        definition=lambda wildcards: deciding(
            wildcards.dataset, definition_of(wildcards)
        ),
        folder=own_folder,
        code=code("scripts/fetch_dataset.py"),
    script:
        "../scripts/fetch_dataset.py"
