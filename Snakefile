"""Reproduces "Emergent representations in networks trained with the Forward-Forward algorithm".

What the pipeline writes, below <results>:

    datasets/{dataset}.npz                              images and labels
    models/{dataset}/{model}/{study}/seeds-*.safetensors  weights and training logs
    representations/{dataset}/{model}/{study}/seed-*.parquet
    analysis/{dataset}/{model}/{study}/*.parquet        tidy measurements
    tables/table{1..13}.{csv,md,tex,html}               and significance, ablation
    figures/figure{1..14}.{pdf,png}                     and training-{dataset}
    sweeps/                                             rows with several values in a cell
    beyond/                                             the questions that the paper leaves open
    explorer/{dataset}.html                             to look at ensembles, units, images
    scorecard.{csv,html}, claims.{csv,html}             ours beside the paper's
    deviations.html                                     where paper and published behaviour differ
    provenance.html                                     commit, versions, hardware, hours of training
    report.html                                         all of it, to browse
    logs/                                               one log per job
"""

from snakemake.utils import min_version

min_version("9.14")


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/inputs.smk"


wildcard_constraints:
    dataset="[a-z0-9]+",
    model="|".join(variants.names("model")),
    study="[a-z0-9-]+",
    seed="[0-9]+",
    first="[0-9]+",
    last="[0-9]+",


rule all:
    default_target: True
    input:
        "<results>/report.html",
    localrule: True


include: "workflow/rules/data.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/representations.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/verdict.smk"
# Beyond the paper: each of these lines can be left out.
include: "workflow/ffensembles/extras/studies/rules.smk"
include: "workflow/ffensembles/extras/sweeps/rules.smk"
include: "workflow/ffensembles/extras/ablation/rules.smk"
include: "workflow/ffensembles/extras/beyond/rules.smk"
include: "workflow/ffensembles/extras/explorer/rules.smk"
include: "workflow/ffensembles/extras/publishing/rules.smk"
# What all of the above adds to.
include: "workflow/rules/measurements.smk"
include: "workflow/rules/report.smk"


# A run that is another workflow's is watched over by that.
if STARTED_ITSELF:

    include: "workflow/rules/running.smk"
