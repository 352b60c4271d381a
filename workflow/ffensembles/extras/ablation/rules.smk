"""Ablation: what each choice that the paper leaves open does to the numbers.

Needs measurements of the studies whose names begin with ablation-; makes one table. The report
shows it, and `all` asks for it, with the key `ablation` of the config alone.
"""

from ffensembles.extras.ablation.table import ablation

ABLATION = ablation(EXPERIMENTS)


rule tabulate_ablation:
    input:
        accuracy=lambda _: files(
            measured.ACCURACY,
            required(ABLATION, "a study whose name begins with ablation-"),
        ),
        sparsity=files(measured.SPARSITY, ABLATION),
        sizes=files(measured.SIZES, ABLATION),
        balance=files(measured.BALANCE, ABLATION),
    output:
        **written(
            "<results>/tables/ablation",
            ("csv", "md", "rst", "html"),
            caption="captions/ablation.rst",
            category="0 Does the paper hold?",
            labels={"result": "4 Ablation"},
        ),
    log:
        "<logs>/tabulate/ablation.log",
    localrule: True
    conda:
        ENVIRONMENT
    params:
        experiments=columns_of(ABLATION),
        names=names_of(ABLATION),
        code=code("ffensembles/extras/ablation/scripts/tabulate_ablation.py"),
    script:
        "scripts/tabulate_ablation.py"


rule ablation:
    input:
        rules.tabulate_ablation.output,
    localrule: True


if config["ablation"]:
    EXTRAS["targets"] += rules.ablation.input
    EXTRAS["experiments"] += ABLATION
