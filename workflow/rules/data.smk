"""Datasets: downloaded, pre-staged, bundled or the user's own, checked, written as arrays (App. B).

Makes <results>/datasets/{dataset}.npz.
"""


def definition(wildcards):
    """Return what the configuration says about a dataset."""
    if wildcards.dataset not in config["datasets"]:
        sys.exit(f"error: config: datasets has no {wildcards.dataset}; add it")
    return config["datasets"][wildcards.dataset]


def own_files(wildcards):
    """Return the user's own files behind a dataset; missing ones end the run before it starts.

    So do missing pre-staged files, which are no inputs: it does not matter where they lie.
    """
    entry = definition(wildcards)
    or_exit(check_prestaged, config["prestaged"], [entry.get("published")])
    return or_exit(local_files, or_exit(Definition.read, wildcards.dataset, entry))


def own_folder(wildcards):
    """Return the state of the user's own folder of images, where a dataset has one."""
    entry = or_exit(Definition.read, wildcards.dataset, definition(wildcards))
    return or_exit(folder_state, entry)


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
