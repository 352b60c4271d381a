"""Ablation: what each choice that the paper leaves open does to the numbers.

Needs analyses of the studies whose names begin with ablation-; makes one table, which the report
shows from then on. `all` does not ask for it.
"""

from dataclasses import asdict

ABLATION = of.ablation(EXPERIMENTS)


rule tabulate_ablation:
    input:
        accuracy=lambda _: files(
            "accuracy", there(ABLATION, "a study whose name begins with ablation-")
        ),
        sparsity=files("sparsity", ABLATION),
        ensembles=files("ensembles", ABLATION),
        balance=files("balance", ABLATION),
    output:
        csv="<results>/tables/ablation.csv",
        md="<results>/tables/ablation.md",
        rst="<results>/tables/ablation.rst",
        html=report(
            "<results>/tables/ablation.html",
            caption="captions/ablation.rst",
            category="0 Does the paper hold?",
            labels={"result": "4 Ablation"},
        ),
    log:
        "<logs>/tabulate/ablation.log",
    conda:
        "../../../../envs/ffensembles.yaml"
    params:
        experiments=[asdict(e) for e in ABLATION],
        names=printed(ABLATION),
        code=code("../ffensembles/extras/ablation/scripts/tabulate_ablation.py"),
    script:
        "scripts/tabulate_ablation.py"


rule ablation:
    input:
        rules.tabulate_ablation.output,
