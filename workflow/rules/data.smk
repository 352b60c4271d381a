"""Datasets: downloaded, pre-staged, bundled or the user's own, checked, written as arrays (App. B).

Makes <results>/datasets/{dataset}.npz.
"""


rule fetch_dataset:
    input:
        own_files,
    output:
        "<results>/datasets/{dataset}.npz",
    log:
        "<logs>/fetch_dataset/{dataset}.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        definition=lambda wildcards: deciding(wildcards.dataset, definition(wildcards)),
        folder=own_folder,
        code=code("fetch_dataset.py"),
    script:
        "../scripts/fetch_dataset.py"
