"""Datasets: downloaded, pre-staged or bundled, verified, and written as arrays (App. B).

Makes <results>/datasets/{dataset}.npz.
"""


rule fetch_dataset:
    input:
        check_files,
    output:
        "<results>/datasets/{dataset}.npz",
    log:
        "<logs>/fetch_dataset/{dataset}.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        code=code("fetch_dataset.py"),
    script:
        "../scripts/fetch_dataset.py"
