"""The report: all of it to browse, and what it was made from.

Needs all that the report shows; makes provenance.html and report.html.
"""


rule save_config:
    """Write the whole configuration, as merged from files and command line, beside the results."""
    output:
        "<results>/config.yaml",
    log:
        "<logs>/save_config.log",
    localrule: True
    conda:
        ENVIRONMENT
    params:
        config=config,
        code=code("scripts/save_config.py"),
    script:
        "../scripts/save_config.py"


rule show_provenance:
    """Write down what all of the above was made from, with what, and how long training took."""
    input:
        # Made last, so that commit and versions are those of the last result.
        rules.tables.input,
        rules.figures.input,
        rules.score.output,
        rules.evaluate_claims.output,
        rules.show_front.output,
        rules.show_deviations.output,
        EXTRAS["targets"],
        config="<results>/config.yaml",
        logs=files(
            results.LOGS, selection.of_paper(EXPERIMENTS) + EXTRAS["experiments"]
        ),
    output:
        report(
            "<results>/provenance.html",
            caption="../report/provenance.rst",
            category="Provenance",
            labels={"result": "Provenance"},
        ),
    log:
        "<logs>/show_provenance.log",
    localrule: True
    conda:
        ENVIRONMENT
    params:
        names=names_of(EXPERIMENTS),
        code=code("scripts/show_provenance.py"),
    script:
        "../scripts/show_provenance.py"


rule everything:
    input:
        rules.show_provenance.input,
        rules.show_provenance.output,
    localrule: True


rule report:
    """Build Snakemake's HTML report of everything above: it opens offline, from the file."""
    input:
        rules.everything.input,
        config="<results>/config.yaml",
        style=shipped("workflow/report/report.css"),
        additions=shipped("workflow/report/additions.html"),
    output:
        "<results>/report.html",
    log:
        "<logs>/report.log",
    localrule: True
    conda:
        ENVIRONMENT
    params:
        # As part of another workflow it is that one's jobs which are reported, by its own config.
        snakefile=os.path.relpath(STARTED),
        own_config=STARTED_ITSELF,
        code=code("scripts/build_report.py"),
    script:
        "../scripts/build_report.py"
