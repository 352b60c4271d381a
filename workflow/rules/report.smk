"""The verdict and the report: ours beside the paper's, claim by claim, and all of it to browse.

Needs tables, figures and measurements; makes the scorecard, the claims and report.html.
"""

from ffensembles.analysis.catalogue import (
    ACCURACY,
    BALANCE,
    LAYER_SIMILARITY,
    MEMBERS,
    PROBES,
    SIGNIFICANCE,
    SIMILARITY,
    SIZES,
    SPARSITY,
    TRAINING_SPARSITY,
)

# The tables whose numbers are held against the paper's.
JUDGED = [table for table in TABLES.values() if table.judged]

MAIN = selection.main(EXPERIMENTS)
UNSEEN = selection.unseen(EXPERIMENTS)
# FF without a category, whose ensembles of that category the claims are about.
UNSEEN_BY_FF = selection.select(UNSEEN, model="ff")
WITH_GOODNESS = selection.with_goodness(EXPERIMENTS)
L1_GOODNESS = selection.l1_goodness(EXPERIMENTS)
L1_REGULARISED = selection.l1_regularised(EXPERIMENTS)
WITH_ENSEMBLES = [*WITH_GOODNESS, *L1_GOODNESS, *L1_REGULARISED, *UNSEEN_BY_FF]
# What there is for and against the claims, of which experiments.
EVIDENCE = {
    ACCURACY: MAIN + L1_GOODNESS,
    SPARSITY: MAIN + L1_GOODNESS + L1_REGULARISED + UNSEEN_BY_FF,
    SIZES: WITH_ENSEMBLES,
    MEMBERS: WITH_ENSEMBLES,
    SIGNIFICANCE: WITH_GOODNESS,
    BALANCE: MAIN,
    PROBES: selection.baselines(EXPERIMENTS) + UNSEEN,
    SIMILARITY: selection.with_all_models(EXPERIMENTS),
    LAYER_SIMILARITY: selection.with_ff(EXPERIMENTS),
    TRAINING_SPARSITY: WITH_GOODNESS,
}
EVIDENT = [*MAIN, *L1_GOODNESS, *L1_REGULARISED, *UNSEEN]


rule score:
    localrule: True
    input:
        tables=[f"<results>/tables/{table.name}.csv" for table in available(JUDGED)],
        reported=[reported(table) for table in JUDGED],
    output:
        csv="<results>/scorecard.csv",
        html=report(
            "<results>/scorecard.html",
            caption="../report/scorecard.rst",
            category="0 Does the paper hold?",
            labels={"result": "1 Scorecard"},
        ),
    log:
        "<logs>/score.log",
    conda:
        ENVIRONMENT
    params:
        names=names_of(MAIN),
        departures=lambda wildcards: departures_of(shown_by(available(JUDGED))),
        code=code("scripts/score.py"),
    script:
        "../scripts/score.py"


rule evaluate_claims:
    localrule: True
    input:
        **{artefact.name: files(artefact, rows) for artefact, rows in EVIDENCE.items()},
    output:
        csv="<results>/claims.csv",
        html=report(
            "<results>/claims.html",
            caption="../report/claims.rst",
            category="0 Does the paper hold?",
            labels={"result": "2 Claims"},
        ),
    log:
        "<logs>/evaluate_claims.log",
    conda:
        ENVIRONMENT
    params:
        names=names_of(EVIDENT),
        departures=lambda wildcards: departures_of(EVIDENT),
        code=code("scripts/evaluate_claims.py"),
    script:
        "../scripts/evaluate_claims.py"


rule show_deviations:
    """Put the page on where paper and published behaviour differ into the report."""
    localrule: True
    input:
        shipped("docs/deviations.rst"),
    output:
        report(
            "<results>/deviations.html",
            caption="../report/deviations.rst",
            category="0 Does the paper hold?",
            labels={"result": "3 Deviations"},
        ),
    log:
        "<logs>/show_deviations.log",
    conda:
        ENVIRONMENT
    params:
        code=code("scripts/render_page.py"),
    script:
        "../scripts/render_page.py"


rule save_config:
    """Write the whole configuration, as merged from files and command line, beside the results."""
    localrule: True
    output:
        "<results>/config.yaml",
    log:
        "<logs>/save_config.log",
    conda:
        ENVIRONMENT
    params:
        config=config,
        code=code("scripts/save_config.py"),
    script:
        "../scripts/save_config.py"


rule show_provenance:
    """Write down what all of the above was made from, with what, and how long training took."""
    localrule: True
    input:
        # Made last, so that commit and versions are those of the last result.
        rules.tables.input,
        rules.figures.input,
        rules.score.output,
        rules.evaluate_claims.output,
        rules.show_deviations.output,
        EXTRAS["targets"],
        config="<results>/config.yaml",
        logs=files(LOGS, selection.of_paper(EXPERIMENTS) + EXTRAS["experiments"]),
    output:
        report(
            "<results>/provenance.html",
            caption="../report/provenance.rst",
            category="Provenance",
            labels={"result": "Provenance"},
        ),
    log:
        "<logs>/show_provenance.log",
    conda:
        ENVIRONMENT
    params:
        names=names_of(EXPERIMENTS),
        home=str(HOME or ""),
        code=code("scripts/show_provenance.py"),
    script:
        "../scripts/show_provenance.py"


rule everything:
    localrule: True
    input:
        rules.show_provenance.input,
        rules.show_provenance.output,


rule report:
    """Build Snakemake's HTML report of everything above: it opens offline, from the file."""
    localrule: True
    input:
        everything=rules.everything.input,
        config="<results>/config.yaml",
        style=shipped("workflow/report/report.css"),
        search=shipped("workflow/report/search.html"),
    output:
        "<results>/report.html",
    log:
        "<logs>/report.log",
    conda:
        ENVIRONMENT
    params:
        snakefile=workflow.main_snakefile,
        code=code("scripts/build_report.py"),
    script:
        "../scripts/build_report.py"
