"""The tables of the catalogue: Tables 1-13 of the paper and the permutation test of App. D.

Needs measurements and what the paper reports; makes tidy CSV (ours beside the reported numbers) and
the paper's own layout as Markdown, LaTeX and HTML.
"""

from ffensembles.paper.tables.catalogue import TABLES

FORMS = ("csv", "md", "tex", "html")


for table in TABLES.values():

    rule:
        name:
            f"tabulate_{table.name}"
        input:
            unpack(files_of(table)),
            reported=reported(table),
        output:
            **written(
                f"<results>/tables/{table.name}",
                FORMS,
                caption=f"../report/{table.name}.rst",
                category=table.section,
                labels={"result": table.label},
            ),
        log:
            f"<logs>/tabulate/{table.name}.log",
        localrule: True
        conda:
            ENVIRONMENT
        params:
            catalogue="paper.tables.catalogue.TABLES",
            table=table.name,
            experiments=lambda wildcards, table=table: (
                columns_of(shown_by([table]))
                if results.EXPERIMENTS in table.measured
                else []
            ),
            names=lambda wildcards, table=table: names_of(shown_by([table])),
            departures=lambda wildcards, table=table: departures_of(shown_by([table])),
            left_out=lambda wildcards, table=table: selection.left_out(
                {a: select(EXPERIMENTS) for a, select in table.measured.items()}
            ),
            units=lambda wildcards, table=table: selection.units_meant(
                shown_by([table])
            ),
            copies=lambda wildcards, table=table: (
                copies_among(shown_by([table])) if table.number else {}
            ),
            code=code("scripts/tabulate.py", "paper/tables/catalogue.py"),
        script:
            "../scripts/tabulate.py"


rule tables:
    input:
        [
            f"<results>/tables/{table.name}.{form}"
            for table in available(TABLES.values())
            for form in FORMS
        ],
    localrule: True
