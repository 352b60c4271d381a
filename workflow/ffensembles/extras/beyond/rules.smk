"""Beyond the paper: the questions that it leaves open, answered with tables and figures.

Needs representations, weights and snapshots of them; makes <results>/beyond/….
"""

from ffensembles.extras.beyond.measurements import MEASUREMENTS
from ffensembles.extras.beyond.questions import QUESTIONS
from ffensembles.paper.claims.evidence import PAPER

for question in QUESTIONS.values():

    rule:
        name:
            f"tabulate_{question.name}"
        input:
            measured=lambda wildcards, question=question: files(
                question.measured, shown_by([question])
            ),
            dataset=ancient(
                f"<results>/datasets/{config['figures']['beyond']['dataset']}.npz"
            ),
        output:
            **{
                f"{name}_pdf": f"<results>/beyond/{name}.pdf"
                for name in question.figures
            },
            **{
                f"{name}_png": report(
                    f"<results>/beyond/{name}.png",
                    caption=f"captions/{question.name}.rst",
                    category="Beyond the paper",
                    labels={"result": f"{question.label}, figure {name}"},
                )
                for name in question.figures
            },
            **written(
                f"<results>/beyond/{question.name}",
                FORMS,
                caption=f"captions/{question.name}.rst",
                category="Beyond the paper",
                labels={"result": f"{question.label}, table"},
            ),
        log:
            f"<logs>/tabulate/{question.name}.log",
        localrule: True
        conda:
            ENVIRONMENT
        params:
            names=lambda wildcards, question=question: names_of(shown_by([question])),
            question=question.name,
            asked=lambda wildcards, question=question: [
                e.key for e in shown_by([question])
            ],
            left_out=lambda wildcards, question=question: selection.left_out(
                {question.measured: question.about(EXPERIMENTS, config)}
            ),
            seed=config["figures"]["seed"],
            shown=config["figures"]["beyond"],
            code=code("ffensembles/extras/beyond/scripts/tabulate_question.py"),
        script:
            "scripts/tabulate_question.py"


rule tabulate_claims_by_factor:
    input:
        ensembles=files(measured.ENSEMBLES, WITH_GOODNESS),
        sparsity=files(measured.SPARSITY, MAIN),
        accuracy=files(measured.ACCURACY, MAIN),
    output:
        **written(
            "<results>/beyond/claims-by-factor",
            ("csv", "md", "html"),
            caption="captions/claims-by-factor.rst",
            category="Beyond the paper",
            labels={"result": "5 Definition, claims"},
        ),
    log:
        "<logs>/tabulate/claims-by-factor.log",
    localrule: True
    conda:
        ENVIRONMENT
    params:
        names=names_of(MAIN),
        departures=lambda wildcards: departures_of(MAIN),
        code=code("ffensembles/extras/beyond/scripts/tabulate_claims_by_factor.py"),
    script:
        "scripts/tabulate_claims_by_factor.py"


ASKED = available(QUESTIONS.values())


rule answer_questions:
    input:
        **{question.name: f"<results>/beyond/{question.name}.csv" for question in ASKED},
        accuracy=lambda wildcards: files(measured.ACCURACY, shown_by(ASKED)),
    output:
        csv="<results>/beyond/answers.csv",
        html=report(
            "<results>/beyond/answers.html",
            caption="captions/answers.rst",
            category="Beyond the paper",
            labels={"result": "0 Questions and answers"},
        ),
    log:
        "<logs>/answer_questions.log",
    localrule: True
    conda:
        ENVIRONMENT
    params:
        names=lambda wildcards: names_of(shown_by(ASKED)),
        asked=lambda wildcards: {q.name: [e.key for e in shown_by([q])] for q in ASKED},
        code=code("ffensembles/extras/beyond/scripts/answer_questions.py"),
    script:
        "scripts/answer_questions.py"


# Every file is named: one that was deleted is made again.
TABLED = [f"<results>/beyond/{q.name}.{form}" for q in ASKED for form in FORMS]
PICTURES = [f"<results>/beyond/{name}.png" for q in ASKED for name in q.figures]


rule beyond:
    input:
        rules.answer_questions.output if ASKED else [],
        rules.tabulate_claims_by_factor.output if WITH_GOODNESS else [],
        TABLED,
        PICTURES,
        [picture.replace(".png", ".pdf") for picture in PICTURES],
    localrule: True


# No output, so that it runs whenever it is asked for; the page shows the paper's data, not the
# demo's, in its figures.
rule publish_answers:
    input:
        [f"<results>/beyond/{question.name}.csv" for question in ASKED],
        [rules.answer_questions.output.csv] if ASKED else [],
        ["<results>/beyond/claims-by-factor.csv"] if WITH_GOODNESS else [],
        EXTRAS["answers"],
        PICTURES if config["figures"]["beyond"]["dataset"] in PAPER else [],
    log:
        "<logs>/publish_answers.log",
    localrule: True
    conda:
        ENVIRONMENT
    params:
        page=os.path.relpath(HOME / "docs/beyond.md") if HOME else "",
        names=lambda wildcards: names_of(shown_by(ASKED)),
        code=code("ffensembles/extras/beyond/scripts/publish_answers.py"),
    script:
        "scripts/publish_answers.py"


EXTRAS["measurements"] += MEASUREMENTS
EXTRAS["targets"] += rules.beyond.input
EXTRAS["questions"] += ASKED
