"""The figures of the catalogue, 1-14 of the paper, and the training curves of each dataset.

Needs representations and measurements; makes PDF, PNG and the numbers drawn as CSV. `figures` in
the config says what they show.
"""

from ffensembles.paper.figures.catalogue import FIGURES

for figure in FIGURES:

    rule:
        name:
            f"plot_{figure.name}"
        input:
            unpack(files_of(figure)),
        output:
            **written(
                f"<results>/figures/{figure.name}",
                forms_of(figure.draw),
                caption=f"../report/{figure.name}.rst",
                category=figure.section,
                labels={"result": figure.label},
            ),
        log:
            f"<logs>/plot/{figure.name}.log",
        localrule: True
        conda:
            ENVIRONMENT
        params:
            **drawing_of(figure),
            settings=figure.settings(config),
            names=lambda wildcards, figure=figure: names_of(shown_by([figure])),
        script:
            "../scripts/plot.py"


use rule plot_figure1 as plot_training_curves with:
    input:
        logs=lambda wildcards: files(results.LOGS, main_study_of(wildcards)),
    output:
        **written(
            "<results>/figures/training-{dataset}",
            forms_of("training_curves.of_logs"),
            caption="../report/training.rst",
            category="App. C Training",
            labels={"result": "Training curves", "dataset": "{dataset}"},
        ),
    log:
        "<logs>/plot/training-{dataset}.log",
    localrule: True
    params:
        draw="training_curves.of_logs",
        readers={},
        settings=lambda wildcards: {
            "dataset": wildcards.dataset,
            "models": [
                e.model
                for e in main_study_of(wildcards)
                for _ in files(results.LOGS, [e])
            ],
        },
        names=lambda wildcards: names_of(main_study_of(wildcards)),
        code=code("scripts/plot.py", "paper/figures/training_curves.py"),


SHOWN = {
    figure.name: forms_of(figure.draw)
    for figure in selection.figures_asked_for(FIGURES, EXPERIMENTS, config)
} | {
    f"training-{e.dataset}": forms_of("training_curves.of_logs")
    for e in selection.main(EXPERIMENTS)
}


rule figures:
    input:
        [
            f"<results>/figures/{name}.{form}"
            for name, forms in SHOWN.items()
            for form in forms
        ],
    localrule: True
