"""Publishing: finished results with a page to read first, in docs/reproduction.

Needs the scorecard, claims, tables, figures and training logs; makes README.md and copies them
beside it. `all` does not ask for it.
"""


rule publish:
    input:
        scorecard="<results>/scorecard.csv",
        claims="<results>/claims.csv",
        tables=[
            f"<results>/tables/{table.name}.md" for table in wanted(TABLES.values())
        ],
        figures=[
            *(f"<results>/figures/{figure.name}.png" for figure in wanted(FIGURES)),
            *(f"<results>/beyond/{name}.png" for q in ASKED for name in q.figures),
        ],
        logs=training_logs(e for e in EXPERIMENTS if e not in ABLATION),
        experiments=own("config/experiments.tsv"),
    output:
        own("docs/reproduction/README.md"),
    log:
        "<logs>/publish.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        names=printed(EXPERIMENTS),
        code=code("publish.py"),
    script:
        "../scripts/publish.py"
