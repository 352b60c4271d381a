"""Training: a block of seeds of one experiment per job, on a GPU where there is one (section 3).

Needs a dataset; makes weights, a training log and, of the run that figures show, snapshots.
"""

# A training on a CPU takes all cores; trainings on several GPUs, as many as `--resources gpu=8`
# says, share them. A job knows but its own cores.
GPUS = getattr(workflow.global_resources.get("gpu"), "value", None)
CORES = None if IN_JOB else workflow.resource_settings.cores

SNAPSHOTS_MADE = f"<results>/{results.SNAPSHOTS.path}"


rule train:
    input:
        dataset=ancient(f"<results>/{results.DATASET.path}"),
        digest=f"<results>/{results.DIGEST.path}",
    output:
        model=f"<results>/{results.MODELS.path}",
        log=f"<results>/{results.LOGS.path}",
        snapshots=(
            SNAPSHOTS_MADE
            if config["beyond"]["keep_snapshots"]
            else temp(SNAPSHOTS_MADE)
        ),
    log:
        "<logs>/train/{dataset}/{model}/{study}/seeds-{first}-{last}.log",
    benchmark:
        "<results>/benchmarks/train/{dataset}/{model}/{study}/seeds-{first}-{last}.tsv"
    conda:
        ENVIRONMENT
    threads: max(1, CORES // GPUS) if GPUS and CORES else 64
    resources:
        gpu=1,
    params:
        experiment=training_settings,
        random_seed=config["random_seed"],
        device=config["device"],
        precision=config["precision"],
        code=lambda wildcards: code_of("scripts/train.py", experiments_of(wildcards)),
    script:
        "../scripts/train.py"


rule pack:
    """Write all finished networks into one file, for a colleague or another machine.

    It has no input and no output, so that it trains nothing and packs what is there now.
    """
    log:
        "<results>/networks.log",
    conda:
        ENVIRONMENT
    params:
        logs=results.LOGS.paths(EXPERIMENTS, config),
    script:
        "../scripts/pack.py"
