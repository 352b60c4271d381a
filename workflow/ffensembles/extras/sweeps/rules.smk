"""Sweeps: rows of the table of experiments with several values in a cell; <results>/sweeps/….

Needs measurements of each value.
"""

from ffensembles.extras.sweeps import participation


include: "inputs.smk"


rule show_sweep:
    input:
        accuracy=lambda wildcards: files(measured.ACCURACY, swept_by(wildcards)),
        sparsity=lambda wildcards: files(measured.SPARSITY, swept_by(wildcards)),
        sizes=lambda wildcards: files(measured.SIZES, swept_by(wildcards)),
        participation=lambda wildcards: files(
            participation.PARTICIPATION, swept_by(wildcards)
        ),
    output:
        **written(
            "<results>/sweeps/{study}",
            FORMS,
            caption="captions/sweep.rst",
            category="Sweeps",
            labels={"result": "{study}, table"},
        ),
        **written(
            "<results>/sweeps/{study}",
            ("pdf", "png"),
            caption="captions/sweep.rst",
            category="Sweeps",
            labels={"result": "{study}, figure"},
        ),
    log:
        "<logs>/show_sweep/{study}.log",
    localrule: True
    conda:
        ENVIRONMENT
    params:
        names=lambda wildcards: names_of(swept_by(wildcards)),
        units=lambda wildcards: selection.units_meant(swept_by(wildcards)),
        values=lambda wildcards: sweep_table.values(swept_by(wildcards)),
        code=code("ffensembles/extras/sweeps/scripts/show_sweep.py"),
    script:
        "scripts/show_sweep.py"


rule sweeps:
    input:
        [
            f"<results>/sweeps/{name}.{form}"
            for name in SWEEPS
            for form in (*FORMS, "pdf", "png")
        ],
    localrule: True


EXTRAS["measurements"] += [participation.MEASUREMENT]
EXTRAS["targets"] += rules.sweeps.input
EXTRAS["answers"] += [f"<results>/sweeps/{name}.csv" for name in SWEEPS]
EXTRAS["experiments"] += [e for rows in SWEEPS.values() for e in rows]
