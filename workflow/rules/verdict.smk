"""The verdict: ours beside the paper's, number by number and claim by claim.

Needs tables, figures and measurements; makes the scorecard, the claims, the page on deviations, and
the front page, which has the gist of all.
"""

from ffensembles.paper_models import FF

# The tables whose numbers are held against the paper's.
JUDGED = [table for table in TABLES.values() if table.judged]

MAIN = selection.main(EXPERIMENTS)
UNSEEN = selection.unseen(EXPERIMENTS)
# FF without a category, whose ensembles of that category the claims are about.
UNSEEN_BY_FF = selection.select(UNSEEN, model=FF)
WITH_GOODNESS = selection.with_goodness(EXPERIMENTS)
L1_GOODNESS = selection.l1_goodness(EXPERIMENTS)
L1_REGULARISED = selection.l1_regularised(EXPERIMENTS)
WITH_ENSEMBLES = [*WITH_GOODNESS, *L1_GOODNESS, *L1_REGULARISED, *UNSEEN_BY_FF]
# What there is for and against the claims, of which experiments.
EVIDENCE = {
    measured.ACCURACY: MAIN + L1_GOODNESS,
    measured.SPARSITY: MAIN + L1_GOODNESS + L1_REGULARISED + UNSEEN_BY_FF,
    measured.SIZES: WITH_ENSEMBLES,
    measured.MEMBERS: WITH_ENSEMBLES,
    measured.SIGNIFICANCE: WITH_GOODNESS,
    measured.BALANCE: MAIN,
    measured.PROBES: selection.baselines(EXPERIMENTS) + UNSEEN,
    measured.SIMILARITY: selection.with_all_models(EXPERIMENTS),
    measured.LAYER_SIMILARITY: selection.with_ff(EXPERIMENTS),
    measured.TRAINING_SPARSITY: WITH_GOODNESS,
}
EVIDENT = [*MAIN, *L1_GOODNESS, *L1_REGULARISED, *UNSEEN]


rule score:
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
    localrule: True
    conda:
        ENVIRONMENT
    params:
        names=names_of(MAIN),
        departures=lambda wildcards: departures_of(shown_by(available(JUDGED))),
        copies=copies_among(shown_by(available(JUDGED))),
        code=code("scripts/score.py"),
    script:
        "../scripts/score.py"


rule evaluate_claims:
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
    localrule: True
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
    localrule: True
    conda:
        ENVIRONMENT
    params:
        code=code("scripts/render_page.py"),
    script:
        "../scripts/render_page.py"


# What the report begins with: tables on the dataset of Figure 1, and this, where it is made.
AT_A_GLANCE = [t for t in available(TABLES.values()) if t.number in (1, 2, 3)]
FIGURE_1 = [figure for figure in available(FIGURES) if figure.number == 1]


rule show_front:
    """Write what the report begins with, before any list."""
    input:
        scorecard="<results>/scorecard.csv",
        claims="<results>/claims.csv",
        tables=[f"<results>/tables/{table.name}.csv" for table in AT_A_GLANCE],
        figure=[f"<results>/figures/{figure.name}.png" for figure in FIGURE_1],
    output:
        "<results>/front.html",
    log:
        "<logs>/show_front.log",
    localrule: True
    conda:
        ENVIRONMENT
    params:
        tables=[table.number for table in AT_A_GLANCE],
        dataset=config["figures"]["activation_patterns"]["dataset"],
        names=names_of(MAIN),
        code=code("scripts/show_front.py"),
    script:
        "../scripts/show_front.py"
