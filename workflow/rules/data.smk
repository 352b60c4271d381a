"""Datasets: downloaded, pre-staged, bundled or the user's own, checked, written as arrays (App. B).

Makes <results>/datasets/{dataset}.npz, and its digest in a small file. Snakemake compares what small
files hold, but of large ones only the times, which a copy may lose: so training depends on the
digest, and nothing on the times of the arrays or of the user's own files.
"""


rule fetch_dataset:
    input:
        ancient(own_files),
    output:
        dataset=f"<results>/{results.DATASET.path}",
        digest=f"<results>/{results.DIGEST.path}",
    log:
        "<logs>/fetch_dataset/{dataset}.log",
    localrule: True
    conda:
        ENVIRONMENT
    params:
        definition=lambda wildcards: deciding(
            wildcards.dataset, definition_of(wildcards)
        ),
        state=own_state,
        code=code("scripts/fetch_dataset.py"),
    script:
        "../scripts/fetch_dataset.py"
