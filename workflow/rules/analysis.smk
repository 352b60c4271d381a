"""Analysis: what the paper measures on representations and weights, one tidy table each.

Needs representations (or weights); makes <results>/analysis/{dataset}/….
"""


rule measure_accuracy:
    input:
        representations=representations,
    output:
        "<results>/analysis/{dataset}/{model}/{study}/accuracy.parquet",
    log:
        "<logs>/measure_accuracy/{dataset}/{model}/{study}.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        seeds=seeds,
        code=code("measure_accuracy.py"),
    script:
        "../scripts/measure_accuracy.py"


rule measure_sparsity:
    input:
        representations=representations,
    output:
        "<results>/analysis/{dataset}/{model}/{study}/sparsity.parquet",
    log:
        "<logs>/measure_sparsity/{dataset}/{model}/{study}.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        seeds=seeds,
        layers=layers,
        held_out=held_out,
        code=code("measure_sparsity.py"),
    script:
        "../scripts/measure_sparsity.py"


rule find_ensembles:
    input:
        representations=representations,
    output:
        "<results>/analysis/{dataset}/{model}/{study}/ensembles.parquet",
    log:
        "<logs>/find_ensembles/{dataset}/{model}/{study}.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        seeds=seeds,
        layers=layers,
        held_out=held_out,
        code=code("find_ensembles.py"),
    script:
        "../scripts/find_ensembles.py"


rule measure_significance:
    input:
        ensembles="<results>/analysis/{dataset}/{model}/{study}/ensembles.parquet",
        representations=representations,
    output:
        "<results>/analysis/{dataset}/{model}/{study}/significance.parquet",
    log:
        "<logs>/measure_significance/{dataset}/{model}/{study}.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        seeds=seeds,
        layers=layers,
        held_out=held_out,
        method=config["significance"]["method"],
        shuffles=config["significance"]["shuffles"],
        random_seed=config["random_seed"],
        code=code("measure_significance.py"),
    script:
        "../scripts/measure_significance.py"


rule measure_balance:
    input:
        models=lambda wildcards: models(experiment(wildcards)),
    output:
        "<results>/analysis/{dataset}/{model}/{study}/balance.parquet",
    log:
        "<logs>/measure_balance/{dataset}/{model}/{study}.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        seeds=seeds,
        layers=layers,
        code=code("measure_balance.py"),
    script:
        "../scripts/measure_balance.py"


# One job for all models of a study: it spends as long on loading what it needs as on a small fit.
rule fit_probes:
    input:
        unpack(probed_models),
        dataset="<results>/datasets/{dataset}.npz",
    output:
        "<results>/analysis/{dataset}/{study}/probes.parquet",
    log:
        "<logs>/fit_probes/{dataset}/{study}.log",
    conda:
        "../../envs/ffensembles.yaml"
    threads: 4
    resources:
        gpu=1,
    params:
        experiments=lambda wildcards: [e.training_settings() for e in probed(wildcards)],
        layers=config["probe_layers"],
        device=config["device"],
        code=code_of("fit_probes.py", probed),
    script:
        "../scripts/fit_probes.py"


rule measure_training_sparsity:
    input:
        models=lambda wildcards: models(experiment(wildcards)),
        dataset="<results>/datasets/{dataset}.npz",
    output:
        "<results>/analysis/{dataset}/{model}/{study}/training-sparsity.parquet",
    log:
        "<logs>/measure_training_sparsity/{dataset}/{model}/{study}.log",
    conda:
        "../../envs/ffensembles.yaml"
    threads: 4
    resources:
        gpu=1,
    params:
        experiment=training_settings,
        device=config["device"],
        code=code_of("measure_training_sparsity.py"),
    script:
        "../scripts/measure_training_sparsity.py"


rule measure_similarity:
    input:
        ff="<results>/representations/{dataset}/ff/main/seed-{seed}.parquet",
        bpff="<results>/representations/{dataset}/bpff/main/seed-{seed}.parquet",
        bp="<results>/representations/{dataset}/bp/main/seed-{seed}.parquet",
    output:
        "<results>/analysis/{dataset}/similarity/seed-{seed}.parquet",
    log:
        "<logs>/measure_similarity/{dataset}/seed-{seed}.log",
    conda:
        "../../envs/ffensembles.yaml"
    threads: 4
    params:
        layers=layers_of_ff,
        code=code("measure_similarity.py"),
    script:
        "../scripts/measure_similarity.py"


rule measure_layer_similarity:
    input:
        representation="<results>/representations/{dataset}/ff/main/seed-{seed}.parquet",
    output:
        "<results>/analysis/{dataset}/layer-similarity/seed-{seed}.parquet",
    log:
        "<logs>/measure_layer_similarity/{dataset}/seed-{seed}.log",
    conda:
        "../../envs/ffensembles.yaml"
    threads: 4
    params:
        layers=layers_of_ff,
        code=code("measure_layer_similarity.py"),
    script:
        "../scripts/measure_layer_similarity.py"
