"""Datasets: downloaded, pre-staged or bundled, verified, and written as arrays (App. B).

Makes <results>/datasets/{dataset}.npz.
"""


def check_files(wildcards):
    """Let missing pre-staged files end the run before it starts; they are read in place."""
    try:
        check_prestaged(config["prestaged"], [wildcards.dataset])
    except UserError as error:
        sys.exit(f"error: {error}")
    return []


rule fetch_dataset:
    input:
        check_files,
    output:
        "<results>/datasets/{dataset}.npz",
    log:
        "<logs>/fetch_dataset/{dataset}.log",
    params:
        prestaged=config["prestaged"],
        resources="<resources>",
        code=code("fetch_dataset.py"),
    script:
        "../scripts/fetch_dataset.py"
