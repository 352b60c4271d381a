"""The verdict and the report: ours beside the paper's, claim by claim, and all of it to browse.

Needs tables, figures and analyses; makes the scorecard, the claims and report.html.
"""


rule score:
    input:
        tables=[
            f"<results>/tables/table{number}.csv" for number in TABLES if number != 6
        ],
        reported=[
            f"{config['reported']}/table{number}.csv"
            for number in range(1, 14)
            if number != 6
        ],
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
        code=code("score.py"),
    script:
        "../scripts/score.py"


# FF without a category, whose ensembles of that category the claims are about.
UNSEEN = [e for e in WITHOUT if e.model == "ff"]


rule evaluate_claims:
    input:
        accuracy=analyses("accuracy", MAIN + L1),
        sparsity=analyses("sparsity", MAIN + L1 + REGULARISED + UNSEEN),
        ensembles=analyses("ensembles", GOODNESS + L1 + REGULARISED + UNSEEN),
        significance=analyses("significance", GOODNESS),
        balance=analyses("balance", MAIN),
        probes=analyses("probes", WITHOUT and PROBED + WITHOUT),
        similarity=similarities("similarity", COMPARED, config["similarity_seeds"]),
        layer_similarity=similarities("layer-similarity", LAYERED),
        training_sparsity=analyses("training-sparsity", GOODNESS),
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
        rules.score.output,
        rules.evaluate_claims.output,
        rules.show_deviations.output,
        ABLATED,
        config="<results>/config.yaml",
        logs=training_logs(
            e for e in EXPERIMENTS.values() if ABLATED or e not in ABLATION
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
    conda:
        "../../envs/ffensembles.yaml"
    params:
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
