"""The explorer: one page per dataset on which to see an ensemble, a unit, a decision.

Needs the run of each model that figures show, and what is known of its training where snapshots
were kept; makes <results>/explorer/{dataset}.html.
"""

from ffensembles.extras.beyond.measurements import MEASURED
from ffensembles.extras.beyond.questions import QUESTIONS

# Those whose ensembles are followed through training; without the questions beyond the paper none.
FOLLOWED = (
    shown_by(available([QUESTIONS["dynamics"]]))
    if hasattr(rules, "measure_dynamics")
    else []
)


def study_explored(dataset):
    """Return the experiments of a dataset's page: the main study, or else the first on it."""
    rows = required(selection.select(EXPERIMENTS, dataset=dataset), dataset)
    main = selection.select(rows, study="main")
    return main or selection.select(rows, study=rows[0].study)


def run_explored(dataset):
    return selection.seed_shown(study_explored(dataset), config["figures"]["seed"])


def explored(dataset):
    """Return those of them that have the run shown."""
    return [e for e in study_explored(dataset) if run_explored(dataset) in e.runs]


def followed(dataset):
    """Return those of them of whose run, this very one, snapshots were kept."""
    if run_explored(dataset) != config["figures"]["seed"]:
        return []
    return [e for e in explored(dataset) if e in FOLLOWED]


def files_explored(artefact, choose=explored):
    """Return the input function for one kind of file of the runs on a page."""

    def found(wildcards):
        seed = run_explored(wildcards.dataset)
        paths = []
        for e in choose(wildcards.dataset):
            first, last = results.block_of(e, seed, config["seeds_per_job"])
            paths.append(artefact.at(e, seed=seed, first=first, last=last))
        return below_results(paths)

    return found


rule explore:
    input:
        dataset="<results>/datasets/{dataset}.npz",
        models=files_explored(results.MODELS),
        representations=files_explored(results.REPRESENTATIONS),
        ensembles=files_explored(measured.ENSEMBLES),
        dynamics=files_explored(MEASURED["dynamics"], followed),
    output:
        report(
            "<results>/explorer/{dataset}.html",
            caption="captions/explorer.rst",
            category="1 Explorer",
            labels=lambda wildcards: {
                "result": "Explorer",
                "dataset": names_of(explored(wildcards.dataset))[wildcards.dataset][
                    "name"
                ],
            },
        ),
    log:
        "<logs>/explore/{dataset}.log",
    conda:
        ENVIRONMENT
    threads: 4
    resources:
        gpu=1,
    params:
        experiments=lambda wildcards: [
            e.training_settings() for e in explored(wildcards.dataset)
        ],
        seed=lambda wildcards: run_explored(wildcards.dataset),
        followed=lambda wildcards: [e.model for e in followed(wildcards.dataset)],
        device=config["device"],
        names=lambda wildcards: names_of(explored(wildcards.dataset)),
        code=lambda wildcards: code_of(
            "ffensembles/extras/explorer/scripts/build_explorer.py",
            explored(wildcards.dataset),
        ),
    script:
        "scripts/build_explorer.py"


EXPLORED = list(dict.fromkeys(e.dataset for e in EXPERIMENTS))


rule explorer:
    localrule: True
    input:
        [f"<results>/explorer/{dataset}.html" for dataset in EXPLORED],


EXTRAS["targets"] += rules.explorer.input
# With the code a page is published of one dataset: that on which the questions are answered.
EXTRAS["pages"] += [
    f"<results>/explorer/{dataset}.html"
    for dataset in EXPLORED
    if dataset == config["figures"]["beyond"]["dataset"]
]
