"""What the jobs of the explorer are given."""

from ffensembles.extras.beyond.measurements import MEASURED

# Those whose ensembles are followed through training, where that question is put.
FOLLOWED = shown_by(q for q in EXTRAS["questions"] if q.name == "dynamics")


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
