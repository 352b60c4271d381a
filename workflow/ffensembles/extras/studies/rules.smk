"""Studies of the user's own: tables and figures of each, below <results>/studies/{study}.

A study is its user's own where its name is not one of the paper's. Needs measurements.
"""


include: "inputs.smk"


for table in study_catalogue.TABLES.values():

    rule:
        name:
            f"tabulate_study_{table.name.replace('-', '_')}"
        input:
            unpack(files_of_study(table.measured)),
        output:
            **written(
                f"<results>/studies/{{study}}/{table.name}",
                FORMS,
                caption="captions/study.rst",
                category="Studies of one's own",
                subcategory="{study}",
                labels={"result": table.title},
            ),
        log:
            f"<logs>/tabulate/studies/{{study}}/{table.name}.log",
        localrule: True
        conda:
            ENVIRONMENT
        params:
            catalogue="extras.studies.catalogue.TABLES",
            table=table.name,
            names=lambda wildcards: names_of(rows_of_study(wildcards)),
            left_out=lambda wildcards, table=table: selection.left_out(
                dict.fromkeys(table.measured, rows_of_study(wildcards))
            ),
            units=lambda wildcards: selection.units_meant(rows_of_study(wildcards)),
            code=code("scripts/tabulate.py", "extras/studies/catalogue.py"),
        script:
            "../../../scripts/tabulate.py"


for figure in study_catalogue.FIGURES:

    rule:
        name:
            f"plot_study_{figure.name.replace('-', '_')}"
        input:
            unpack(files_of_study(figure.files)),
        output:
            **written(
                f"<results>/studies/{{study}}/{figure.place}",
                forms_of(figure.draw),
                caption="captions/study.rst",
                category="Studies of one's own",
                subcategory="{study}",
                labels=labels_in_study(figure),
            ),
        log:
            f"<logs>/plot/studies/{{study}}/{figure.place}.log",
        localrule: True
        conda:
            ENVIRONMENT
        params:
            **drawing_of(figure),
            settings=settings_in_study(figure),
            names=lambda wildcards: names_of(rows_of_study(wildcards)),
        script:
            "../../../scripts/plot.py"


rule studies:
    input:
        [
            f"<results>/studies/{study}/{table.name}.{form}"
            for study, rows in STUDIES.items()
            for table in study_catalogue.TABLES.values()
            if exist_of(rows, table.measured)
            for form in FORMS
        ],
        [
            f"<results>/studies/{study}/{place}.{form}"
            for study, rows in STUDIES.items()
            for place, draw in {
                figure.place.format(dataset=e.dataset, model=e.model): figure.draw
                for e in rows
                for figure in study_catalogue.FIGURES
                if exist_of([o for o in rows if o.dataset == e.dataset], figure.files)
            }.items()
            for form in forms_of(draw)
        ],
    localrule: True


EXTRAS["measurements"] += [MEASUREMENT]
EXTRAS["targets"] += rules.studies.input
EXTRAS["answers"] += [
    f"<results>/studies/{study}/{table}.csv"
    for study, rows in STUDIES.items()
    if exist_of(rows, [GROUPS])
    for table in study_catalogue.PUBLISHED
]
EXTRAS["experiments"] += [e for rows in STUDIES.values() for e in rows]
