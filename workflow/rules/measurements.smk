"""The measurements of the catalogue: what the paper measures on representations and weights.

Needs representations, weights or a dataset; makes tidy tables, <results>/analysis/{dataset}/….
"""

from ffensembles.analysis import catalogue as measured

for measurement in measured.MEASUREMENTS:

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
