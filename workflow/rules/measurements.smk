"""Measurements: what the paper measures on representations and weights, and what the extras add.

Needs representations, weights or a dataset; makes tidy tables, those of the paper's
<results>/analysis/{dataset}/….
"""

for measurement in [*measured.MEASUREMENTS, *EXTRAS["measurements"]]:

    rule:
        name:
            measurement.name
        input:
            unpack(files_read_by(measurement)),
        output:
            **files_made_by(measurement),
        log:
            f"<logs>/{measurement.name}/{measurement.place}.log",
        benchmark:
            f"<results>/benchmarks/{measurement.name}/{measurement.place}.tsv"
        conda:
            ENVIRONMENT
        threads: measurement.threads
        resources:
            gpu=int(measurement.networks),
        params:
            **settings_of(measurement),
        script:
            "../scripts/measure.py"
