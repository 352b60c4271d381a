"""Datasets: downloaded, pre-staged, bundled or the user's own, checked, written as arrays (App. B).

Makes <results>/datasets/{dataset}.npz.
"""

from ffensembles.data.definitions import (
    Definition,
    deciding,
    folder_state,
    local_files,
)
from ffensembles.data.prestaged import check_prestaged
from ffensembles.pipeline.results import DATASET


def definition_of(wildcards):
    """Return what the configuration says about a dataset."""
    if wildcards.dataset not in config["datasets"]:
        stop(f"config: datasets has no {wildcards.dataset}; add it")
    return config["datasets"][wildcards.dataset]


def own_files(wildcards):
    """Return the user's own files behind a dataset; missing ones end the run before it starts.

    So do missing pre-staged files, which are no inputs: it does not matter where they lie.
    """
    entry = definition_of(wildcards)
    or_stop(check_prestaged, config["prestaged"], [entry.get("published")])
    return or_stop(local_files, or_stop(Definition.read, wildcards.dataset, entry))


def own_folder(wildcards):
    """Return the state of the user's own folder of images, where a dataset has one."""
    entry = or_stop(Definition.read, wildcards.dataset, definition_of(wildcards))
    return or_stop(folder_state, entry)


rule fetch_dataset:
    localrule: True
    input:
        own_files,
    output:
        f"<results>/{DATASET.path}",
    log:
        "<logs>/fetch_dataset/{dataset}.log",
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
