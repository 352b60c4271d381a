"""What jobs are given: experiments, files, settings, and what their results are called."""

from ffensembles.analysis import catalogue as measured
from ffensembles.data.definitions import (
    Definition,
    deciding,
    local_files,
    own_files_state,
)
from ffensembles.data.prestaged import check_prestaged
from ffensembles.paper.figures.catalogue import forms_of


def required(found, row):
    """Return experiments, of which there must be some; `row` says of which row of the table."""
    if not found:
        table = config["experiments"]
        stop(f"{table} has no row for {row}, or the key only leaves it out; add one")
    return found


def experiments_of(wildcards):
    """Return the experiments that a path names."""
    names = ("dataset", "model", "study")
    columns = {name: wildcards[name] for name in names if name in wildcards.keys()}
    found = selection.select(EXPERIMENTS, **columns)
    return required(found, " / ".join(columns.values()))


def experiment_of(wildcards):
    """Return the one experiment that a path names."""
    return experiments_of(wildcards)[0]


def training_settings(wildcards):
    """Return what decides the weights, so that a change retrains this experiment alone."""
    return experiment_of(wildcards).training_settings()


def columns_of(experiments):
    """Return experiments as a job is given them."""
    return [{**e.training_settings(), "seeds": e.seeds} for e in experiments]


def below_results(paths):
    return [f"<results>/{path}" for path in paths]


def files(artefact, experiments):
    """Return the files of one kind that belong to some experiments."""
    found = below_results(artefact.paths(experiments, config))
    # Its time does not matter: what reads it reads networks, too, and these depend on its digest.
    return list(map(ancient, found)) if artefact == results.DATASET else found


def files_of(row):
    """Return the input function of a row of a catalogue: its files, by name."""
    return lambda wildcards: {
        artefact.name: files(artefact, experiments)
        for artefact, experiments in or_stop(row.sources, EXPERIMENTS, config).items()
    }


def available(rows):
    """Return the rows of a catalogue for which the experiments have what they show."""
    return [
        row for row in rows if selection.has_what_it_shows(row, EXPERIMENTS, config)
    ]


def shown_by(rows):
    """Return the experiments that rows of a catalogue show."""
    return [e for row in rows for e in selection.shown_by(row, EXPERIMENTS, config)]


def names_of(experiments):
    """Return what their datasets and the published ones, and all categories, are called."""
    trained = {e.dataset for e in experiments}
    entries = {
        name: entry
        for name, entry in config["datasets"].items()
        if name in trained or "published" in entry
    }
    return or_stop(printed_names, entries)


def copies_among(experiments):
    """Return which of their datasets stands for which of the paper's."""
    trained = {e.dataset for e in experiments}
    return {
        name: entry["stands_for"]
        for name, entry in config["datasets"].items()
        if name in trained and "stands_for" in entry
    }


def departures_of(experiments):
    """Tell what of some experiments is not as the paper's of the same name."""
    table6 = f"{config['reported']}/table6.csv"
    return or_stop(departures, experiments, table6, copies_among(experiments))


@cache
def code(script, *modules):
    """Fingerprint the code behind a rule: comments do not count, unused modules do not either.

    `script` lies below the folder workflow; `modules` are those of the library that the script
    imports by names in its parameters.
    """
    script = (
        HOME / "workflow" / script if HOME else workflow.source_path(f"../{script}")
    )
    sources = [script, *(LIBRARY / name for name in modules)]
    return "-".join(or_stop(fingerprint, source, LIBRARY) for source in sources)


def code_of(script, experiments, *modules):
    """Fingerprint a script with the variants that experiments name."""
    named = {file for e in experiments for file in e.variants()}
    return code(script, *modules, *sorted(named))


# A measurement of a catalogue.


def measured_experiments(measurement, wildcards):
    """Return the experiments that a job measures."""
    found = measurement.experiments(wildcards, EXPERIMENTS)
    return required(found, measurement.about(wildcards))


def files_read_by(measurement):
    """Return the input function of a measurement."""

    def found(wildcards):
        rows, seed = measured_experiments(measurement, wildcards), wildcards.get("seed")
        read = measurement.inputs(rows, config, seed)
        found = {name: below_results(paths) for name, paths in read.items()}
        if "dataset" in found:
            found["dataset"] = files(results.DATASET, rows)
        return found

    return found


def files_made_by(measurement):
    """Return the output files of a measurement, by name."""
    return {
        artefact.name: f"<results>/{artefact.path}" for artefact in measurement.makes
    }


def settings_of(measurement):
    """Return the parameters of a measurement."""
    source = file_of(measurement.measure)
    runs = measurement.networks  # which alone run what a row names
    return {
        "measure": measurement.measure,
        "compares": measurement.compares,
        "experiments": lambda wildcards: columns_of(
            measured_experiments(measurement, wildcards)
        ),
        "settings": measurement.arguments(config),
        "code": lambda wildcards: code_of(
            "scripts/measure.py",
            measured_experiments(measurement, wildcards) if runs else [],
            source,
        ),
    }


# A figure of a catalogue.


def drawing_of(figure):
    """Return the parameters of a figure that say how it is drawn."""
    readers = {
        artefact.name: artefact.reader for artefact in figure.files if artefact.reader
    }
    named = [f"paper.figures.{figure.draw}", *readers.values()]
    modules = sorted({file_of(name) for name in named})
    return {
        "draw": figure.draw,
        "readers": readers,
        "code": code("scripts/plot.py", *modules),
    }


def written(path, forms, **shown):
    """Return a table or a figure as outputs, a file of each form; `path` is without an ending.

    The report has its page, or its picture, under what is said of it here.
    """
    files = {form: f"{path}.{form}" for form in forms}
    seen = "html" if "html" in forms else "png"
    return files | {seen: report(files[seen], **shown)}


# Of single steps.


def definition_of(wildcards):
    """Return what the configuration says about a dataset."""
    if wildcards.dataset not in config["datasets"]:
        stop(f"config: datasets has no {wildcards.dataset}; add it")
    return config["datasets"][wildcards.dataset]


def own_files(wildcards):
    """Return the user's own files behind a dataset; missing ones end the run before it starts.

    So do missing pre-staged files, which are no inputs: it does not matter where they lie.
    """
    entry = definition_of(wildcards)
    or_stop(check_prestaged, config["prestaged"], [entry.get("published")])
    return or_stop(local_files, or_stop(Definition.read, wildcards.dataset, entry))


def own_state(wildcards):
    """Return the state of the user's own files behind a dataset, where there are any."""
    entry = or_stop(Definition.read, wildcards.dataset, definition_of(wildcards))
    return or_stop(own_files_state, entry)


def weights_of_run(wildcards):
    """Return the weight file that holds a run."""
    e, seed = experiment_of(wildcards), int(wildcards.seed)
    if seed not in e.runs:
        known = ", ".join(map(str, e.runs))
        stop(f"{'/'.join(e.key)} has the seeds {known}, not {seed}")
    first, last = results.block_of(e, seed, config["seeds_per_job"])
    return f"<results>/{results.MODELS.at(e, first=first, last=last)}"


def reported(table):
    """Return the file with the paper's numbers of a table, if it has any."""
    return local(f"{config['reported']}/{table.name}.csv") if table.number else []


def main_study_of(wildcards):
    """Return the main study on a dataset."""
    found = selection.select(EXPERIMENTS, study="main", dataset=wildcards.dataset)
    return required(found, f"{wildcards.dataset} in study main")
