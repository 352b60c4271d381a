"""The verdict and the report: ours beside the paper's, claim by claim, and all of it to browse.

Needs tables, figures and analyses; makes the scorecard, the claims and report.html.
"""

# The tables whose numbers are held against the paper's.
JUDGED = [table for table in TABLES.values() if table.judged]

MAIN, UNSEEN = of.main(EXPERIMENTS), of.unseen(EXPERIMENTS)
WITH_GOODNESS = of.with_goodness(EXPERIMENTS)
# FF without a category, whose ensembles of that category the claims are about.
UNSEEN_BY_FF = of.select(UNSEEN, model="ff")
L1_GOODNESS = of.l1_goodness(EXPERIMENTS)
L1_REGULARISED = of.l1_regularised(EXPERIMENTS)
EVIDENCE = [*MAIN, *L1_GOODNESS, *L1_REGULARISED, *UNSEEN]  # for and against the claims


rule score:
    input:
        tables=[f"<results>/tables/{table.name}.csv" for table in wanted(JUDGED)],
        reported=[f"{config['reported']}/{table.name}.csv" for table in JUDGED],
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
        "../../envs/ffensembles.yaml"
    params:
        names=printed(MAIN),
        departures=departures_in(wanted(JUDGED)),
        code=code("score.py"),
    script:
        "../scripts/score.py"


rule evaluate_claims:
    input:
        accuracy=files("accuracy", MAIN + L1_GOODNESS),
        sparsity=files("sparsity", MAIN + L1_GOODNESS + L1_REGULARISED + UNSEEN_BY_FF),
        ensembles=files(
            "ensembles", WITH_GOODNESS + L1_GOODNESS + L1_REGULARISED + UNSEEN_BY_FF
        ),
        significance=files("significance", WITH_GOODNESS),
        balance=files("balance", MAIN),
        probes=files("probes", of.baselines(EXPERIMENTS) + UNSEEN),
        similarity=files("similarity", of.with_all_models(EXPERIMENTS)),
        layer_similarity=files("layer_similarity", of.with_ff(EXPERIMENTS)),
        training_sparsity=files("training_sparsity", WITH_GOODNESS),
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
        "../../envs/ffensembles.yaml"
    params:
        names=printed(EVIDENCE),
        departures=lambda wildcards: departing(EVIDENCE),
        code=code("evaluate_claims.py"),
    script:
        "../scripts/evaluate_claims.py"


rule show_deviations:
    """Put the page on where paper and published behaviour differ into the report."""
    input:
        own("docs/deviations.rst"),
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
        "../../envs/ffensembles.yaml"
    params:
        code=code("render_page.py"),
    script:
        "../scripts/render_page.py"


rule save_config:
    """Write the whole configuration, as merged from files and command line, beside the results."""
    output:
        "<results>/config.yaml",
    log:
        "<logs>/save_config.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        config=config,
        code=code("save_config.py"),
    script:
        "../scripts/save_config.py"


# Where the ablation was run, it belongs to the report, and is kept up to date.
ABLATED = (
    rules.tabulate_ablation.output.html
    if Path(config["pathvars"]["results"], "tables/ablation.html").exists()
    else []
)


rule show_provenance:
    """Write down what all of the above was made from, with what, and how long training took."""
    input:
        # Made last, so that commit and versions are those of the last result.
        rules.tables.input,
        rules.figures.input,
        rules.studies.input,
        rules.score.output,
        rules.evaluate_claims.output,
        rules.beyond.input,
        rules.show_deviations.output,
        ABLATED,
        config="<results>/config.yaml",
        logs=training_logs(e for e in EXPERIMENTS if ABLATED or e not in ABLATION),
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
        "../../envs/ffensembles.yaml"
    params:
        names=printed(EXPERIMENTS),
        code=code("show_provenance.py"),
    script:
        "../scripts/show_provenance.py"


rule everything:
    input:
        rules.show_provenance.input,
        rules.show_provenance.output,


rule report:
    """Build Snakemake's HTML report of everything above: it opens offline, from the file."""
    input:
        rules.everything.input,
        config="<results>/config.yaml",
        style=own("workflow/report/report.css"),
        search=own("workflow/report/search.html"),
    output:
        "<results>/report.html",
    log:
        "<logs>/report.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        code=code("build_report.py"),
    script:
        "../scripts/build_report.py"
