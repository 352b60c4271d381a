"""Beyond the paper: the questions that it leaves open, answered with tables and figures.

Needs representations, weights and snapshots of them; makes <results>/beyond/….
"""

from ffensembles.extras.beyond.questions import QUESTIONS


rule measure_beyond:
    input:
        representations=representations,
    output:
        definition="<results>/beyond/{dataset}/{model}/{study}/definition.parquet",
        microstructure="<results>/beyond/{dataset}/{model}/{study}/microstructure.parquet",
        assemblies="<results>/beyond/{dataset}/{model}/{study}/assemblies.parquet",
    log:
        "<logs>/measure_beyond/{dataset}/{model}/{study}.log",
    conda:
        "../../../../envs/ffensembles.yaml"
    params:
        seeds=seeds,
        layers=layers,
        held_out=held_out,
        random_seed=config["random_seed"],
        code=code("../ffensembles/extras/beyond/scripts/measure_beyond.py"),
    script:
        "scripts/measure_beyond.py"


rule measure_pruning:
    input:
        models=lambda wildcards: models(experiment(wildcards)),
        dataset="<results>/datasets/{dataset}.npz",
    output:
        "<results>/beyond/{dataset}/{model}/{study}/pruning.parquet",
    log:
        "<logs>/measure_pruning/{dataset}/{model}/{study}.log",
    conda:
        "../../../../envs/ffensembles.yaml"
    threads: 4
    params:
        experiment=training_settings,
        device=config["device"],
        images=config["beyond"]["images"],
        random_seed=config["random_seed"],
        code=code_of("../ffensembles/extras/beyond/scripts/measure_pruning.py"),
    script:
        "scripts/measure_pruning.py"


rule measure_dynamics:
    input:
        snapshots=snapshots,
        dataset="<results>/datasets/{dataset}.npz",
    output:
        "<results>/beyond/{dataset}/{model}/{study}/dynamics.parquet",
    log:
        "<logs>/measure_dynamics/{dataset}/{model}/{study}.log",
    conda:
        "../../../../envs/ffensembles.yaml"
    threads: 4
    params:
        experiment=training_settings,
        seed=config["figures"]["seed"],
        device=config["device"],
        images=config["beyond"]["images"],
        code=code_of("../ffensembles/extras/beyond/scripts/measure_dynamics.py"),
    script:
        "scripts/measure_dynamics.py"


for question in QUESTIONS.values():

    rule:
        name:
            f"tabulate_{question.name}"
        input:
            measured=lambda wildcards, question=question: beyond_files(question),
            dataset=f"<results>/datasets/{config['figures']['beyond']['dataset']}.npz",
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
            csv=f"<results>/beyond/{question.name}.csv",
            md=f"<results>/beyond/{question.name}.md",
            tex=f"<results>/beyond/{question.name}.tex",
            html=report(
                f"<results>/beyond/{question.name}.html",
                caption=f"captions/{question.name}.rst",
                category="Beyond the paper",
                labels={"result": f"{question.label}, table"},
            ),
        log:
            f"<logs>/tabulate/{question.name}.log",
        conda:
            "../../../../envs/ffensembles.yaml"
        params:
            names=names_in(question),
            question=question.name,
            asked=lambda wildcards, question=question: [e.key for e in asked(question)],
            seed=config["figures"]["seed"],
            shown=config["figures"]["beyond"],
            code=code("../ffensembles/extras/beyond/scripts/tabulate_question.py"),
        script:
            "scripts/tabulate_question.py"


rule tabulate_claims_by_factor:
    input:
        ensembles=files("ensembles", of.with_goodness(EXPERIMENTS)),
        sparsity=files("sparsity", of.main(EXPERIMENTS)),
        accuracy=files("accuracy", of.main(EXPERIMENTS)),
    output:
        csv="<results>/beyond/claims-by-factor.csv",
        md="<results>/beyond/claims-by-factor.md",
        html=report(
            "<results>/beyond/claims-by-factor.html",
            caption="captions/claims-by-factor.rst",
            category="Beyond the paper",
            labels={"result": "5 Definition, claims"},
        ),
    log:
        "<logs>/tabulate/claims-by-factor.log",
    conda:
        "../../../../envs/ffensembles.yaml"
    params:
        names=printed(of.main(EXPERIMENTS)),
        departures=lambda wildcards: departing(of.main(EXPERIMENTS)),
        code=code("../ffensembles/extras/beyond/scripts/tabulate_claims_by_factor.py"),
    script:
        "scripts/tabulate_claims_by_factor.py"


ASKED = wanted(QUESTIONS.values())


rule answer_questions:
    input:
        **{question.name: f"<results>/beyond/{question.name}.csv" for question in ASKED},
        accuracy=lambda wildcards: files(
            "accuracy",
            list(dict.fromkeys(e for question in ASKED for e in asked(question))),
        ),
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
    conda:
        "../../../../envs/ffensembles.yaml"
    params:
        names=lambda wildcards: printed(
            [e for question in ASKED for e in asked(question)]
        ),
        asked=lambda wildcards: {
            question.name: [e.key for e in asked(question)] for question in ASKED
        },
        code=code("../ffensembles/extras/beyond/scripts/answer_questions.py"),
    script:
        "scripts/answer_questions.py"


rule beyond:
    input:
        rules.answer_questions.output if ASKED else [],
        (
            rules.tabulate_claims_by_factor.output.html
            if of.with_goodness(EXPERIMENTS)
            else []
        ),
