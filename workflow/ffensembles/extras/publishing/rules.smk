"""Publishing: finished results with a page to read first, in docs/reproduction.

Needs claims, tables, figures and training logs; adds them to what was published before, and makes
README.md. `all` does not ask for it, and it has no output, so that it runs whenever it is asked for.
"""

from ffensembles.paper.tables.departures import refuse_departures

PUBLISHED = [e for e in EXPERIMENTS if not e.study.startswith("ablation-")]

COPIES = copies_among(PUBLISHED)

# Of these pages are published: a page of a part of the models would replace one of all.
WHOLE = {e.dataset for e in selection.with_all_models(PUBLISHED)}


rule publish:
    input:
        claims="<results>/claims.csv",
        tables=[
            f"<results>/tables/{table.name}.csv"
            for table in available(TABLES.values())
        ],
        reported=[reported(table) for table in JUDGED],
        figures=[
            f"<results>/figures/{figure.name}.png" for figure in available(FIGURES)
        ],
        pages=[page for page in EXTRAS["pages"] if Path(page).stem in WHOLE],
        logs=files(results.LOGS, PUBLISHED),
        experiments=shipped("config/experiments.tsv"),
    log:
        "<logs>/publish.log",
    localrule: True
    conda:
        ENVIRONMENT
    params:
        folder=os.path.relpath(HOME / "docs/reproduction") if HOME else "",
        refused=lambda wildcards: or_stop(refuse_departures, departures_of(PUBLISHED)),
        names=names_of(EXPERIMENTS),
        copies=COPIES,
        # The paper's are those of the table that comes with the pipeline, run or not.
        others=columns_of([e for e in PUBLISHED if e.dataset in COPIES]),
        code=code("ffensembles/extras/publishing/scripts/publish.py"),
    script:
        "scripts/publish.py"
