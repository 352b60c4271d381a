"""Studies of the user's own: tables and figures of each, below <results>/studies/{study}.

A study is its user's own where its name is not one of the paper's. Needs measurements.
"""

from ffensembles.paper.figures.catalogue import STUDY_FIGURES
from ffensembles.paper.tables.catalogue import STUDY_TABLES

STUDIES = of.own_studies(EXPERIMENTS)


# What a figure shows of a run.
RUN_SHOWN = {"seed": seed_of_study, "layer": 1}
STUDY_SETTINGS = {
    "activation-patterns": {**RUN_SHOWN, "examples": some(3)},
    "shared-units": {**RUN_SHOWN, "examples": some(2)},
    "category-sparsity": {},
    "balance": RUN_SHOWN,
}


for name, table in STUDY_TABLES.items():

    rule:
        name:
            f"tabulate_{name.replace('-', '_')}"
        input:
            unpack(of_study(table.measured)),
        output:
            csv=f"<results>/studies/{{study}}/{table.key}.csv",
            md=f"<results>/studies/{{study}}/{table.key}.md",
            tex=f"<results>/studies/{{study}}/{table.key}.tex",
            html=report(
                f"<results>/studies/{{study}}/{table.key}.html",
                caption="captions/study.rst",
                category="Studies of one's own",
                subcategory="{study}",
                labels={"result": table.title},
            ),
        log:
            f"<logs>/tabulate/studies/{{study}}/{table.key}.log",
        conda:
            "../../../../envs/ffensembles.yaml"
        params:
            table=name,
            names=lambda wildcards: printed(STUDIES[wildcards.study]),
            code=code("tabulate.py"),
        script:
            "../../../scripts/tabulate.py"


for kind, (function, sources) in STUDY_FIGURES.items():
    single = "dataset" in sources
    place = f"{{dataset}}/{{model}}/{kind}" if single else f"{{dataset}}/{kind}"

    rule:
        name:
            f"plot_study_{kind.replace('-', '_')}"
        input:
            unpack(of_study(sources)),
        output:
            pdf=f"<results>/studies/{{study}}/{place}.pdf",
            png=report(
                f"<results>/studies/{{study}}/{place}.png",
                caption="captions/study.rst",
                category="Studies of one's own",
                subcategory="{study}",
                labels=lambda wildcards, kind=kind: {
                    "result": kind.replace("-", " ").capitalize(),
                    "of": called(wildcards),
                },
            ),
        log:
            f"<logs>/plot/studies/{{study}}/{place}.log",
        conda:
            "../../../../envs/ffensembles.yaml"
        params:
            **STUDY_SETTINGS[kind],
            draw=function,
            names=lambda wildcards: printed(STUDIES[wildcards.study]),
            code=code("plot.py", f"paper/figures/{function.partition('.')[0]}.py"),
        script:
            "../../../scripts/plot.py"


rule studies:
    input:
        [
            f"<results>/studies/{study}/{table.key}.html"
            for study in STUDIES
            for table in STUDY_TABLES.values()
        ],
        [
            f"<results>/studies/{study}/{e.dataset}/{place}.png"
            for study, rows in STUDIES.items()
            for e in rows
            for place in (
                f"{e.model}/activation-patterns",
                f"{e.model}/shared-units",
                "category-sparsity",
                "balance",
            )
        ],
