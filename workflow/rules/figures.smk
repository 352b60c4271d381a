"""The figures of the catalogue, 1-14 of the paper, and the training curves of each dataset.

Needs representations and analyses; makes PDF and PNG. `figures` in the config says what they show.
"""

from ffensembles.paper.figures.catalogue import FIGURES

for figure in FIGURES:

    rule:
        name:
            f"plot_{figure.name}"
        input:
            unpack(files_of(figure)),
        output:
            pdf=f"<results>/figures/{figure.name}.pdf",
            png=report(
                f"<results>/figures/{figure.name}.png",
                caption=f"../report/{figure.name}.rst",
                category=figure.section,
                labels={"result": figure.label},
            ),
        log:
            f"<logs>/plot/{figure.name}.log",
        conda:
            "../../envs/ffensembles.yaml"
        params:
            **figure.settings(config),
            draw=figure.draw,
            names=names_in(figure),
            code=code("plot.py", f"paper/figures/{figure.module}.py"),
        script:
            "../scripts/plot.py"


rule plot_training_curves:
    input:
        logs=lambda wildcards: training_logs(mains(wildcards)),
    output:
        pdf="<results>/figures/training-{dataset}.pdf",
        png=report(
            "<results>/figures/training-{dataset}.png",
            caption="../report/training.rst",
            category="App. C Training",
            labels={"result": "Training curves", "dataset": "{dataset}"},
        ),
    log:
        "<logs>/plot/training-{dataset}.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        dataset="{dataset}",
        models=lambda wildcards: [e.model for e in mains(wildcards) for _ in models(e)],
        draw="training_curves.of_logs",
        names=lambda wildcards: printed(mains(wildcards)),
        code=code("plot.py", "paper/figures/training_curves.py"),
    script:
        "../scripts/plot.py"


rule figures:
    input:
        [f"<results>/figures/{figure.name}.png" for figure in wanted(FIGURES)],
        [
            f"<results>/figures/training-{dataset}.png"
            for dataset in dict.fromkeys(e.dataset for e in of.main(EXPERIMENTS))
        ],
