"""What some steps have: files of datasets, single runs, studies, departures, questions, variants."""

from ffensembles.printing.names import MODELS
from ffensembles.paper.tables.departures import departures


def definition(wildcards):
    """Return what the configuration says about a dataset."""
    if wildcards.dataset not in config["datasets"]:
        sys.exit(f"error: config: datasets has no {wildcards.dataset}; add it")
    return config["datasets"][wildcards.dataset]


def own_files(wildcards):
    """Return the user's own files behind a dataset; missing ones end the run before it starts.

    So do missing pre-staged files, which are no inputs: it does not matter where they lie.
    """
    entry = definition(wildcards)
    or_exit(check_prestaged, config["prestaged"], [entry.get("published")])
    return or_exit(local_files, or_exit(Definition.read, wildcards.dataset, entry))


def own_folder(wildcards):
    """Return the state of the user's own folder of images, where a dataset has one."""
    entry = or_exit(Definition.read, wildcards.dataset, definition(wildcards))
    return or_exit(folder_state, entry)


def model_of_seed(wildcards):
    """Return the weight file that holds a seed."""
    e = experiment(wildcards)
    seed = int(wildcards.seed)
    if seed not in e.runs:
        known = ", ".join(map(str, e.runs))
        sys.exit(f"error: {'/'.join(e.key)} has the seeds {known}, not {seed}")
    return block_with(e, seed)


def block_with(e, seed):
    """Return the weight file of the block that a seed is in."""
    ends = [last for _, last in results.blocks(e, config["seeds_per_job"])]
    return next(file for file, last in zip(models(e), ends) if seed <= last)


def layers_of_ff(wildcards):
    ff = of.select(mains(wildcards), model="ff")
    return there(ff, f"{wildcards.dataset} / ff / main")[0].layers


def snapshots(wildcards):
    """Return the snapshots of the run that figures show."""
    block = block_with(experiment(wildcards), config["figures"]["seed"])
    return block.replace(".safetensors", ".snapshots.safetensors")


def rows_of_study(wildcards):
    """Return the rows of a study that a path names: all, or those of a dataset and a model."""
    rows = there(STUDIES.get(wildcards.study, []), f"the study {wildcards.study}")
    named = [
        e
        for e in rows
        if e.dataset == wildcards.get("dataset", e.dataset)
        and e.model == wildcards.get("model", e.model)
    ]
    return there(named, " / ".join(wildcards))


def seed_of_study(wildcards):
    """Return the run that a study's figures show."""
    return of.seed_shown(rows_of_study(wildcards), config["figures"]["seed"])


def of_study(kinds):
    """Return the input function for kinds of files of the study that the path names."""

    def found(wildcards):
        rows = rows_of_study(wildcards)
        shown = {**config, "figures": {"seed": seed_of_study(wildcards)}}
        return {kind: below_results(results.files(kind, rows, shown)) for kind in kinds}

    return found


def called(wildcards):
    """Return what the dataset and the model of a study's path are called, for the report."""
    names = printed(rows_of_study(wildcards))[wildcards.dataset]["name"]
    return (
        f"{names}, {MODELS[wildcards.model]}" if "model" in wildcards.keys() else names
    )


def some(count):
    """Return the function that gives the first categories of a dataset, at most so many."""
    return lambda wildcards: [
        *range(
            min(
                count,
                len(printed(STUDIES[wildcards.study])[wildcards.dataset]["categories"]),
            )
        )
    ]


def departing(experiments):
    """Tell what of some experiments is not as the paper's of the same name."""
    return or_exit(departures, experiments, f"{config['reported']}/table6.csv")


def departures_in(rows):
    """Return the function that tells what rows of a catalogue show that is not as the paper's."""
    return lambda wildcards: departing(
        e
        for row in rows
        for part in row.sources(EXPERIMENTS, config).values()
        for e in part
    )


def asked(question):
    """Return the experiments that a question is put to."""
    return or_exit(question.sources, EXPERIMENTS, config)[question.name]


def beyond_files(question):
    """Return the measurements that answer a question."""
    return [
        f"<results>/beyond/{e.dataset}/{e.model}/{e.study}/{question.name}.parquet"
        for e in asked(question)
    ]


def wanted(rows):
    """Return the rows of a catalogue for which the experiments have what they show."""
    return [row for row in rows if of.has_what_it_shows(row, EXPERIMENTS, config)]


def code_of(script, rows=lambda wildcards: [experiment(wildcards)]):
    """Return the function that fingerprints a script with the variants that its rows name."""

    def found(wildcards):
        named = {file for e in rows(wildcards) for file in e.variants()}
        return code(script, *sorted(named))

    return found


def probed(wildcards):
    """Return the experiments of a study whose representations probes read."""
    named = {"dataset": wildcards.dataset, "study": wildcards.study}
    rows = there(of.select(EXPERIMENTS, **named), " / ".join(named.values()))
    shown = [*of.baselines(EXPERIMENTS), *of.unseen(EXPERIMENTS)]
    return [e for e in rows if e in shown] or rows


def probed_models(wildcards):
    """Return their weight files, by model."""
    return {e.model: models(e) for e in probed(wildcards)}
