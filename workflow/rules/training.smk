"""Training: a block of seeds of one experiment per job, on a GPU where there is one (section 3).

Needs a dataset; makes weights, a training log and, of the run that figures show, snapshots.
"""

# A training on a CPU takes all cores; trainings on several GPUs, as many as `--resources gpu=8`
# says, share them. Within a job this is read again, and there are but its own cores.
GPUS = getattr(workflow.global_resources.get("gpu"), "value", None)
CORES = workflow.resource_settings.cores if workflow.is_main_process else None

SNAPSHOTS = "<results>/models/{dataset}/{model}/{study}/seeds-{first}-{last}.snapshots.safetensors"


rule train:
    input:
        dataset="<results>/datasets/{dataset}.npz",
    output:
        model="<results>/models/{dataset}/{model}/{study}/seeds-{first}-{last}.safetensors",
        log="<results>/models/{dataset}/{model}/{study}/seeds-{first}-{last}.log.parquet",
        snapshots=(SNAPSHOTS if config["beyond"]["keep_snapshots"] else temp(SNAPSHOTS)),
    log:
        "<logs>/train/{dataset}/{model}/{study}/seeds-{first}-{last}.log",
    conda:
        "../../envs/ffensembles.yaml"
    threads: max(1, CORES // GPUS) if GPUS and CORES else 64
    resources:
        gpu=1,
    params:
        experiment=training_settings,
        random_seed=config["random_seed"],
        device=config["device"],
        precision=config["precision"],
        code=code_of("train.py"),
    script:
        "../scripts/train.py"


rule pack:
    """Write all finished networks into one file, for a colleague or another machine.

    It has no input and no output, so that it trains nothing and packs what is there now.
    """
    log:
        "<logs>/pack.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        folder=config["pathvars"]["results"],
        logs=results.training_logs(EXPERIMENTS, config["seeds_per_job"]),
    script:
        "../scripts/pack.py"
