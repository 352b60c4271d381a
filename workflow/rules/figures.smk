"""Figures 1-14 of the paper, and the training curves; `figures` in the config says what they show.

Needs representations and analyses; makes PDF and PNG.
"""


rule plot_figure1:
    input:
        representations=run(SHOWN["activation_patterns"], "ff"),
        ensembles=measured("ensembles", SHOWN["activation_patterns"], "ff"),
        dataset=f"<results>/datasets/{SHOWN['activation_patterns']['dataset']}.npz",
    output:
        pdf="<results>/figures/figure1.pdf",
        png=report(
            "<results>/figures/figure1.png",
            caption="../report/figure1.rst",
            category="4.2 Sparse ensembles",
            labels={"result": "Figure 1"},
        ),
    log:
        "<logs>/plot/figure1.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        seed=SHOWN["seed"],
        layer=1,
        examples=SHOWN["activation_patterns"]["examples"],
        code=code("plot_activation_patterns.py"),
    script:
        "../scripts/plot_activation_patterns.py"


rule plot_figure2:
    input:
        sparsity=analyses(
            "sparsity",
            selected(study="main", dataset=SHOWN["category_sparsity"]["dataset"]),
        ),
    output:
        pdf="<results>/figures/figure2.pdf",
        png=report(
            "<results>/figures/figure2.png",
            caption="../report/figure2.rst",
            category="4.2 Sparse ensembles",
            labels={"result": "Figure 2"},
        ),
    log:
        "<logs>/plot/figure2.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        code=code("plot_category_sparsity.py"),
    script:
        "../scripts/plot_category_sparsity.py"


rule plot_figure3:
    input:
        representations=run(SHOWN["shared_units"], "ff"),
        ensembles=measured("ensembles", SHOWN["shared_units"], "ff"),
        dataset=f"<results>/datasets/{SHOWN['shared_units']['dataset']}.npz",
    output:
        pdf="<results>/figures/figure3.pdf",
        png=report(
            "<results>/figures/figure3.png",
            caption="../report/figure3.rst",
            category="4.3 Shared units",
            labels={"result": "Figure 3"},
        ),
    log:
        "<logs>/plot/figure3.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        seed=SHOWN["seed"],
        layer=1,
        examples=SHOWN["shared_units"]["examples"],
        code=code("plot_shared_units.py"),
    script:
        "../scripts/plot_shared_units.py"


rule plot_figure4:
    input:
        representations=run(SHOWN["unseen_category"], "ff", "without-{held_out}"),
        ensembles=measured(
            "ensembles", SHOWN["unseen_category"], "ff", "without-{held_out}"
        ),
    output:
        pdf="<results>/figures/figure4.pdf",
        png=report(
            "<results>/figures/figure4.png",
            caption="../report/figure4.rst",
            category="4.4 Unseen categories",
            labels={"result": "Figure 4"},
        ),
    log:
        "<logs>/plot/figure4.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        seed=SHOWN["seed"],
        layer=1,
        held_out=SHOWN["unseen_category"]["held_out"],
        code=code("plot_unseen_category.py"),
    script:
        "../scripts/plot_unseen_category.py"


rule plot_figure5:
    input:
        balance=analyses(
            "balance", selected(study="main", dataset=SHOWN["balance"]["dataset"])
        ),
    output:
        pdf="<results>/figures/figure5.pdf",
        png=report(
            "<results>/figures/figure5.png",
            caption="../report/figure5.rst",
            category="4.5 Excitation and inhibition",
            labels={"result": "Figure 5"},
        ),
    log:
        "<logs>/plot/figure5.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        seed=SHOWN["seed"],
        layer=SHOWN["balance"]["layer"],
        code=code("plot_balance.py"),
    script:
        "../scripts/plot_balance.py"


rule plot_figure6:
    input:
        representations=run(SHOWN["activation_maps"], "ff"),
        sparsity=measured("sparsity", SHOWN["activation_maps"], "ff"),
    output:
        pdf="<results>/figures/figure6.pdf",
        png=report(
            "<results>/figures/figure6.png",
            caption="../report/figure6.rst",
            category="App. E-F Activation patterns",
            labels={"result": "Figure 6"},
        ),
    log:
        "<logs>/plot/figure6.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        seed=SHOWN["seed"],
        layer=2,
        code=code("plot_activation_map.py"),
    script:
        "../scripts/plot_activation_map.py"


rule plot_figure7:
    input:
        representations=run(SHOWN["activation_maps"], "ff"),
        sparsity=measured("sparsity", SHOWN["activation_maps"], "ff"),
    output:
        pdf="<results>/figures/figure7.pdf",
        png=report(
            "<results>/figures/figure7.png",
            caption="../report/figure7.rst",
            category="App. E-F Activation patterns",
            labels={"result": "Figure 7"},
        ),
    log:
        "<logs>/plot/figure7.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        seed=SHOWN["seed"],
        layer=3,
        code=code("plot_activation_map.py"),
    script:
        "../scripts/plot_activation_map.py"


rule plot_figure8:
    input:
        representations=run(SHOWN["activation_maps"], "bpff"),
        sparsity=measured("sparsity", SHOWN["activation_maps"], "bpff"),
    output:
        pdf="<results>/figures/figure8.pdf",
        png=report(
            "<results>/figures/figure8.png",
            caption="../report/figure8.rst",
            category="App. E-F Activation patterns",
            labels={"result": "Figure 8"},
        ),
    log:
        "<logs>/plot/figure8.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        seed=SHOWN["seed"],
        layer=1,
        code=code("plot_activation_map.py"),
    script:
        "../scripts/plot_activation_map.py"


rule plot_figure9:
    input:
        representations=run(SHOWN["activation_maps"], "bp"),
        sparsity=measured("sparsity", SHOWN["activation_maps"], "bp"),
    output:
        pdf="<results>/figures/figure9.pdf",
        png=report(
            "<results>/figures/figure9.png",
            caption="../report/figure9.rst",
            category="App. E-F Activation patterns",
            labels={"result": "Figure 9"},
        ),
    log:
        "<logs>/plot/figure9.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        seed=SHOWN["seed"],
        layer=1,
        code=code("plot_activation_map.py"),
    script:
        "../scripts/plot_activation_map.py"


rule plot_figure10:
    input:
        ensembles=unseen("ensembles", SHOWN["unseen_categories"]),
    output:
        pdf="<results>/figures/figure10.pdf",
        png=report(
            "<results>/figures/figure10.png",
            caption="../report/figure10.rst",
            category="App. G Unseen categories",
            labels={"result": "Figure 10"},
        ),
    log:
        "<logs>/plot/figure10.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        seed=SHOWN["seed"],
        layer=1,
        held_out=SHOWN["unseen_categories"]["held_out"],
        code=code("plot_unseen_means.py"),
    script:
        "../scripts/plot_unseen_means.py"


rule plot_figure11:
    input:
        ensembles=unseen("ensembles", SHOWN["unseen_categories"]),
    output:
        pdf="<results>/figures/figure11.pdf",
        png=report(
            "<results>/figures/figure11.png",
            caption="../report/figure11.rst",
            category="App. G Unseen categories",
            labels={"result": "Figure 11"},
        ),
    log:
        "<logs>/plot/figure11.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        seed=SHOWN["seed"],
        layer=1,
        held_out=SHOWN["unseen_categories"]["held_out"],
        code=code("plot_unseen_overlaps.py"),
    script:
        "../scripts/plot_unseen_overlaps.py"


rule plot_figure12:
    input:
        ensembles=[
            measured("ensembles", SHOWN["regularised"], "bp", "l1-regularised"),
            measured("ensembles", SHOWN["regularised"], "ff"),
        ],
    output:
        pdf="<results>/figures/figure12.pdf",
        png=report(
            "<results>/figures/figure12.png",
            caption="../report/figure12.rst",
            category="App. I Regularised BP",
            labels={"result": "Figure 12"},
        ),
    log:
        "<logs>/plot/figure12.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        seed=SHOWN["seed"],
        layer=1,
        code=code("plot_jaccard.py"),
    script:
        "../scripts/plot_jaccard.py"


rule plot_figure13:
    input:
        similarity=similarities("layer-similarity", LAYERED),
    output:
        pdf="<results>/figures/figure13.pdf",
        png=report(
            "<results>/figures/figure13.png",
            caption="../report/figure13.rst",
            category="App. J Similarity",
            labels={"result": "Figure 13"},
        ),
    log:
        "<logs>/plot/figure13.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        code=code("plot_layer_similarity.py"),
    script:
        "../scripts/plot_layer_similarity.py"


rule plot_figure14:
    input:
        ensembles=[measured("ensembles", SHOWN["l1_goodness"], "ff", "l1-goodness")],
    output:
        pdf="<results>/figures/figure14.pdf",
        png=report(
            "<results>/figures/figure14.png",
            caption="../report/figure14.rst",
            category="App. K ℓ1 goodness",
            labels={"result": "Figure 14"},
        ),
    log:
        "<logs>/plot/figure14.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        seed=SHOWN["seed"],
        layer=1,
        code=code("plot_jaccard.py"),
    script:
        "../scripts/plot_jaccard.py"


rule plot_training_curves:
    input:
        logs=lambda wildcards: training_logs(
            selected(study="main", dataset=wildcards.dataset)
        ),
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
        models=lambda wildcards: [
            e.model
            for e in selected(study="main", dataset=wildcards.dataset)
            for _ in models(e)
        ],
        code=code("plot_training_curves.py"),
    script:
        "../scripts/plot_training_curves.py"


# A figure is wanted where the experiments have what it shows.
FIGURES = [
    number
    for number, wanted in {
        1: has(SHOWN["activation_patterns"], "ff"),
        2: has(SHOWN["category_sparsity"], "ff"),
        3: has(SHOWN["shared_units"], "ff"),
        4: has(
            SHOWN["unseen_category"],
            "ff",
            f"without-{SHOWN['unseen_category']['held_out']}",
        ),
        5: has(SHOWN["balance"], "ff"),
        6: has(SHOWN["activation_maps"], "ff"),
        7: has(SHOWN["activation_maps"], "ff"),
        8: has(SHOWN["activation_maps"], "bpff"),
        9: has(SHOWN["activation_maps"], "bp"),
        **dict.fromkeys(
            [10, 11],
            all(
                has(SHOWN["unseen_categories"], "ff", f"without-{category}")
                for category in SHOWN["unseen_categories"]["held_out"]
            ),
        ),
        12: has(SHOWN["regularised"], "ff")
        and has(SHOWN["regularised"], "bp", "l1-regularised"),
        13: bool(LAYERED),
        14: has(SHOWN["l1_goodness"], "ff", "l1-goodness"),
    }.items()
    if wanted
]


rule figures:
    input:
        [f"<results>/figures/figure{number}.png" for number in FIGURES],
        [f"<results>/figures/training-{dataset}.png" for dataset in DATASETS],
