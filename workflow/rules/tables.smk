"""The tables of the catalogue: Tables 1-13 of the paper and the permutation test of App. D.

Needs analyses and what the paper reports; makes tidy CSV (ours beside the reported numbers) and
the paper's own layout as Markdown, LaTeX and HTML.
"""

from ffensembles.paper.tables.catalogue import TABLES

for table in TABLES.values():

    rule:
        name:
            f"tabulate_{table.name}"
        input:
            unpack(files_of(table)),
            reported=f"{config['reported']}/{table.name}.csv" if table.in_paper else [],
        output:
            csv=f"<results>/tables/{table.name}.csv",
            md=f"<results>/tables/{table.name}.md",
            tex=f"<results>/tables/{table.name}.tex",
            html=report(
                f"<results>/tables/{table.name}.html",
                caption=f"../report/{table.name}.rst",
                category=table.section,
                labels={"result": table.label},
            ),
        log:
            f"<logs>/tabulate/{table.name}.log",
        conda:
            "../../envs/ffensembles.yaml"
        params:
            **table.settings(config),
            table=table.key,
            names=names_in(table),
            departures=departures_in([table]),
            code=code("tabulate.py"),
        script:
            "../scripts/tabulate.py"


rule tables:
    input:
        [f"<results>/tables/{table.name}.html" for table in wanted(TABLES.values())],
