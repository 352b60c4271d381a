"""Tables 1-13 of the paper and the permutation test of App. D.

Needs analyses and what the paper reports; makes tidy CSV (ours beside the reported numbers) and
the paper's own layout as Markdown, LaTeX and HTML.
"""


rule tabulate_table1:
    input:
        analyses=analyses("accuracy", MAIN),
        reported=f"{config['reported']}/table1.csv",
    output:
        csv="<results>/tables/table1.csv",
        md="<results>/tables/table1.md",
        tex="<results>/tables/table1.tex",
        html=report(
            "<results>/tables/table1.html",
            caption="../report/table1.rst",
            category="4.1 Accuracy",
            labels={"result": "Table 1"},
        ),
    log:
        "<logs>/tabulate/table1.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        number=1,
        code=code("tabulate.py"),
    script:
        "../scripts/tabulate.py"


rule tabulate_table2:
    input:
        analyses=analyses("sparsity", MAIN),
        reported=f"{config['reported']}/table2.csv",
    output:
        csv="<results>/tables/table2.csv",
        md="<results>/tables/table2.md",
        tex="<results>/tables/table2.tex",
        html=report(
            "<results>/tables/table2.html",
            caption="../report/table2.rst",
            category="4.2 Sparse ensembles",
            labels={"result": "Table 2"},
        ),
    log:
        "<logs>/tabulate/table2.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        number=2,
        code=code("tabulate.py"),
    script:
        "../scripts/tabulate.py"


rule tabulate_table3:
    input:
        analyses=analyses("ensembles", GOODNESS),
        sparsity=analyses("sparsity", GOODNESS),
        significance=analyses("significance", GOODNESS),
        reported=f"{config['reported']}/table3.csv",
    output:
        csv="<results>/tables/table3.csv",
        md="<results>/tables/table3.md",
        tex="<results>/tables/table3.tex",
        html=report(
            "<results>/tables/table3.html",
            caption="../report/table3.rst",
            category="4.2 Sparse ensembles",
            labels={"result": "Table 3"},
        ),
    log:
        "<logs>/tabulate/table3.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        number=3,
        code=code("tabulate.py"),
    script:
        "../scripts/tabulate.py"


rule tabulate_table4:
    input:
        analyses=analyses("balance", MAIN),
        reported=f"{config['reported']}/table4.csv",
    output:
        csv="<results>/tables/table4.csv",
        md="<results>/tables/table4.md",
        tex="<results>/tables/table4.tex",
        html=report(
            "<results>/tables/table4.html",
            caption="../report/table4.rst",
            category="4.5 Excitation and inhibition",
            labels={"result": "Table 4"},
        ),
    log:
        "<logs>/tabulate/table4.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        number=4,
        code=code("tabulate.py"),
    script:
        "../scripts/tabulate.py"


rule tabulate_table5:
    input:
        analyses=analyses("balance", MAIN),
        reported=f"{config['reported']}/table5.csv",
    output:
        csv="<results>/tables/table5.csv",
        md="<results>/tables/table5.md",
        tex="<results>/tables/table5.tex",
        html=report(
            "<results>/tables/table5.html",
            caption="../report/table5.rst",
            category="4.5 Excitation and inhibition",
            labels={"result": "Table 5"},
        ),
    log:
        "<logs>/tabulate/table5.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        number=5,
        code=code("tabulate.py"),
    script:
        "../scripts/tabulate.py"


rule tabulate_table6:
    input:
        analyses=config["experiments"],
        reported=f"{config['reported']}/table6.csv",
    output:
        csv="<results>/tables/table6.csv",
        md="<results>/tables/table6.md",
        tex="<results>/tables/table6.tex",
        html=report(
            "<results>/tables/table6.html",
            caption="../report/table6.rst",
            category="App. C Training",
            labels={"result": "Table 6"},
        ),
    log:
        "<logs>/tabulate/table6.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        number=6,
        only=config["only"],
        code=code("tabulate.py"),
    script:
        "../scripts/tabulate.py"


rule tabulate_table7:
    input:
        analyses=analyses("probes", WITHOUT),
        reported=f"{config['reported']}/table7.csv",
    output:
        csv="<results>/tables/table7.csv",
        md="<results>/tables/table7.md",
        tex="<results>/tables/table7.tex",
        html=report(
            "<results>/tables/table7.html",
            caption="../report/table7.rst",
            category="App. H Linear probes",
            labels={"result": "Table 7"},
        ),
    log:
        "<logs>/tabulate/table7.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        number=7,
        code=code("tabulate.py"),
    script:
        "../scripts/tabulate.py"


rule tabulate_table8:
    input:
        analyses=analyses("probes", PROBED + WITHOUT),
        accuracy=analyses("accuracy", PROBED),
        reported=f"{config['reported']}/table8.csv",
    output:
        csv="<results>/tables/table8.csv",
        md="<results>/tables/table8.md",
        tex="<results>/tables/table8.tex",
        html=report(
            "<results>/tables/table8.html",
            caption="../report/table8.rst",
            category="App. H Linear probes",
            labels={"result": "Table 8"},
        ),
    log:
        "<logs>/tabulate/table8.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        number=8,
        code=code("tabulate.py"),
    script:
        "../scripts/tabulate.py"


rule tabulate_table9:
    input:
        analyses=analyses("sparsity", REGULARISED),
        reported=f"{config['reported']}/table9.csv",
    output:
        csv="<results>/tables/table9.csv",
        md="<results>/tables/table9.md",
        tex="<results>/tables/table9.tex",
        html=report(
            "<results>/tables/table9.html",
            caption="../report/table9.rst",
            category="App. I Regularised BP",
            labels={"result": "Table 9"},
        ),
    log:
        "<logs>/tabulate/table9.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        number=9,
        code=code("tabulate.py"),
    script:
        "../scripts/tabulate.py"


rule tabulate_table10:
    input:
        analyses=similarities("similarity", COMPARED, config["similarity_seeds"]),
        reported=f"{config['reported']}/table10.csv",
    output:
        csv="<results>/tables/table10.csv",
        md="<results>/tables/table10.md",
        tex="<results>/tables/table10.tex",
        html=report(
            "<results>/tables/table10.html",
            caption="../report/table10.rst",
            category="App. J Similarity",
            labels={"result": "Table 10"},
        ),
    log:
        "<logs>/tabulate/table10.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        number=10,
        code=code("tabulate.py"),
    script:
        "../scripts/tabulate.py"


rule tabulate_table11:
    input:
        analyses=analyses("accuracy", L1),
        reported=f"{config['reported']}/table11.csv",
    output:
        csv="<results>/tables/table11.csv",
        md="<results>/tables/table11.md",
        tex="<results>/tables/table11.tex",
        html=report(
            "<results>/tables/table11.html",
            caption="../report/table11.rst",
            category="App. K ℓ1 goodness",
            labels={"result": "Table 11"},
        ),
    log:
        "<logs>/tabulate/table11.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        number=11,
        code=code("tabulate.py"),
    script:
        "../scripts/tabulate.py"


rule tabulate_table12:
    input:
        analyses=analyses("sparsity", L1),
        reported=f"{config['reported']}/table12.csv",
    output:
        csv="<results>/tables/table12.csv",
        md="<results>/tables/table12.md",
        tex="<results>/tables/table12.tex",
        html=report(
            "<results>/tables/table12.html",
            caption="../report/table12.rst",
            category="App. K ℓ1 goodness",
            labels={"result": "Table 12"},
        ),
    log:
        "<logs>/tabulate/table12.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        number=12,
        code=code("tabulate.py"),
    script:
        "../scripts/tabulate.py"


rule tabulate_table13:
    input:
        analyses=analyses("ensembles", L1),
        sparsity=analyses("sparsity", L1),
        reported=f"{config['reported']}/table13.csv",
    output:
        csv="<results>/tables/table13.csv",
        md="<results>/tables/table13.md",
        tex="<results>/tables/table13.tex",
        html=report(
            "<results>/tables/table13.html",
            caption="../report/table13.rst",
            category="App. K ℓ1 goodness",
            labels={"result": "Table 13"},
        ),
    log:
        "<logs>/tabulate/table13.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        number=13,
        code=code("tabulate.py"),
    script:
        "../scripts/tabulate.py"


rule tabulate_significance:
    input:
        sparsity=analyses("sparsity", GOODNESS),
        significance=analyses("significance", GOODNESS),
    output:
        csv="<results>/tables/significance.csv",
        md="<results>/tables/significance.md",
        tex="<results>/tables/significance.tex",
        html=report(
            "<results>/tables/significance.html",
            caption="../report/significance.rst",
            category="App. D Significance",
            labels={"result": "Permutation test"},
        ),
    log:
        "<logs>/tabulate/significance.log",
    conda:
        "../../envs/ffensembles.yaml"
    params:
        code=code("tabulate_significance.py"),
    script:
        "../scripts/tabulate_significance.py"


# A table is wanted where the experiments have what it shows.
TABLES = [
    number
    for number, shown in {
        1: MAIN,
        2: MAIN,
        3: GOODNESS,
        4: MAIN,
        5: MAIN,
        6: MAIN,
        7: WITHOUT,
        8: WITHOUT and PROBED,
        9: REGULARISED,
        10: COMPARED,
        11: L1,
        12: L1,
        13: L1,
    }.items()
    if shown
]


rule tables:
    input:
        [f"<results>/tables/table{number}.html" for number in TABLES],
        "<results>/tables/significance.html" if GOODNESS else [],
