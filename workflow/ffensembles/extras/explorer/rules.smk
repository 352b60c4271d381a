"""The explorer: one page per dataset on which to see an ensemble, a unit, a decision.

Needs the run of each model that figures show, and what is known of its training where snapshots
were kept; makes <results>/explorer/{dataset}.html.
"""


include: "inputs.smk"


rule explore:
    input:
        dataset=ancient(f"<results>/{results.DATASET.path}"),
        models=files_explored(results.MODELS),
        representations=files_explored(results.REPRESENTATIONS),
        ensembles=files_explored(measured.ENSEMBLES),
        dynamics=files_explored(MEASURED["dynamics"], followed),
    output:
        report(
            "<results>/explorer/{dataset}.html",
            caption="captions/explorer.rst",
            category="1 Explorer",
            labels=lambda wildcards: {
                "result": "Explorer",
                "dataset": names_of(explored(wildcards.dataset))[wildcards.dataset][
                    "name"
                ],
            },
        ),
    log:
        "<logs>/explore/{dataset}.log",
    conda:
        ENVIRONMENT
    threads: 4
    resources:
        gpu=1,
    params:
        experiments=lambda wildcards: [
            e.training_settings() for e in explored(wildcards.dataset)
        ],
        seed=lambda wildcards: run_explored(wildcards.dataset),
        followed=lambda wildcards: [e.model for e in followed(wildcards.dataset)],
        device=config["device"],
        names=lambda wildcards: names_of(explored(wildcards.dataset)),
        code=lambda wildcards: code_of(
            "ffensembles/extras/explorer/scripts/build_explorer.py",
            explored(wildcards.dataset),
        ),
    script:
        "scripts/build_explorer.py"


EXPLORED = list(dict.fromkeys(e.dataset for e in EXPERIMENTS))


rule explorer:
    input:
        [f"<results>/explorer/{dataset}.html" for dataset in EXPLORED],
    localrule: True


EXTRAS["targets"] += rules.explorer.input
# With the code a page is published of one dataset: that on which the questions are answered.
EXTRAS["pages"] += [
    f"<results>/explorer/{dataset}.html"
    for dataset in EXPLORED
    if dataset == config["figures"]["beyond"]["dataset"]
]
