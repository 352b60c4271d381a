"""Studies of the user's own: tables and figures of each, below <results>/studies/{study}.

A study is its user's own where its name is not one of the paper's. Needs measurements.
"""

from ffensembles.extras.studies import catalogue as own
from ffensembles.printing.names import MODELS as MODEL_NAMES

STUDIES = own.own_studies(EXPERIMENTS)


def rows_of_study(wildcards):
    """Return the rows of a study that a path names: all, or those of a dataset and a model."""
    required(STUDIES.get(wildcards.study), f"the study {wildcards.study}")
    return experiments_of(wildcards)


def run_of_study(wildcards):
    """Return the run that a study's figures show."""
    return selection.seed_shown(rows_of_study(wildcards), config["figures"]["seed"])


def files_of_study(artefacts):
    """Return the input function for some files of the study that the path names."""

    def found(wildcards):
        shown = {**config, "figures": {"seed": run_of_study(wildcards)}}
        return {
            artefact.name: below_results(artefact.paths(rows_of_study(wildcards), shown))
            for artefact in artefacts
        }

    return found


def settings_in_study(figure):
    """Return the function that gives the settings of a figure."""

    def found(wildcards):
        names = names_of(rows_of_study(wildcards))[wildcards.dataset]
        return figure.settings(run_of_study(wildcards), names["categories"])

    return found


def labels_in_study(figure):
    """Return the function that says what the report calls a figure."""

    def found(wildcards):
        shown = names_of(rows_of_study(wildcards))[wildcards.dataset]["name"]
        if figure.of_model:
            shown += f", {MODEL_NAMES[wildcards.model]}"
        return {"result": figure.name.replace("-", " ").capitalize(), "of": shown}

    return found


for table in own.TABLES.values():

    rule:
        name:
            f"tabulate_study_{table.name.replace('-', '_')}"
        localrule: True
        input:
            unpack(files_of_study(table.measured)),
        output:
            csv=f"<results>/studies/{{study}}/{table.name}.csv",
            md=f"<results>/studies/{{study}}/{table.name}.md",
            tex=f"<results>/studies/{{study}}/{table.name}.tex",
            html=report(
                f"<results>/studies/{{study}}/{table.name}.html",
                caption="captions/study.rst",
                category="Studies of one's own",
                subcategory="{study}",
                labels={"result": table.title},
            ),
        log:
            f"<logs>/tabulate/studies/{{study}}/{table.name}.log",
        conda:
            ENVIRONMENT
        params:
            catalogue="extras.studies.catalogue.TABLES",
            table=table.name,
            names=lambda wildcards: names_of(rows_of_study(wildcards)),
            left_out=lambda wildcards, table=table: selection.left_out(
                dict.fromkeys(table.measured, rows_of_study(wildcards))
            ),
            code=code("scripts/tabulate.py", "extras/studies/catalogue.py"),
        script:
            "../../../scripts/tabulate.py"


for figure in own.FIGURES:

    rule:
        name:
            f"plot_study_{figure.name.replace('-', '_')}"
        localrule: True
        input:
            unpack(files_of_study(figure.files)),
        output:
            pdf=f"<results>/studies/{{study}}/{figure.place}.pdf",
            png=report(
                f"<results>/studies/{{study}}/{figure.place}.png",
                caption="captions/study.rst",
                category="Studies of one's own",
                subcategory="{study}",
                labels=labels_in_study(figure),
            ),
        log:
            f"<logs>/plot/studies/{{study}}/{figure.place}.log",
        conda:
            ENVIRONMENT
        params:
            **drawing_of(figure),
            settings=settings_in_study(figure),
            names=lambda wildcards: names_of(rows_of_study(wildcards)),
        script:
            "../../../scripts/plot.py"


def exist_of(rows, artefacts):
    """Say whether there are all of some files, of one of the rows of a study at least."""
    return all(any(artefact.exists_of(e) for e in rows) for artefact in artefacts)


rule studies:
    localrule: True
    input:
        [
            f"<results>/studies/{study}/{table.name}.{form}"
            for study, rows in STUDIES.items()
            for table in own.TABLES.values()
            if exist_of(rows, table.measured)
            for form in FORMS
        ],
        [
            f"<results>/studies/{study}/{place}.{form}"
            for study, rows in STUDIES.items()
            for place in dict.fromkeys(
                figure.place.format(dataset=e.dataset, model=e.model)
                for e in rows
                for figure in own.FIGURES
                if exist_of([o for o in rows if o.dataset == e.dataset], figure.files)
            )
            for form in ("pdf", "png")
        ],


EXTRAS["targets"] += rules.studies.input
EXTRAS["experiments"] += [e for rows in STUDIES.values() for e in rows]
