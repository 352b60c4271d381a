"""Publishing: finished results with a page to read first, in docs/reproduction.

Needs claims, tables, figures and training logs; adds them to what was published before, and makes
README.md. `all` does not ask for it, and it has no output, so that it runs whenever it is asked for.
"""

from ffensembles.paper.tables.departures import refuse_departures

PUBLISHED = [e for e in EXPERIMENTS if e not in ABLATION]


rule publish:
    input:
        claims="<results>/claims.csv",
        tables=[
            f"<results>/tables/{table.name}.csv" for table in wanted(TABLES.values())
        ],
        reported=[f"{config['reported']}/{table.name}.csv" for table in JUDGED],
        figures=[
            *(f"<results>/figures/{figure.name}.png" for figure in wanted(FIGURES)),
            *(f"<results>/beyond/{name}.png" for q in ASKED for name in q.figures),
        ],
        logs=training_logs(PUBLISHED),
        experiments=own("config/experiments.tsv"),
    log:
        "<logs>/publish.log",
    conda:
        "../../../../envs/ffensembles.yaml"
    params:
        folder=own("docs/reproduction"),
        refused=lambda wildcards: or_exit(refuse_departures, departing(PUBLISHED)),
        names=printed(EXPERIMENTS),
        code=code("../ffensembles/extras/publishing/scripts/publish.py"),
    script:
        "scripts/publish.py"
