"""What the jobs of studies of the user's own are given."""

from ffensembles.extras.studies import catalogue as study_catalogue
from ffensembles.extras.studies.measurements import GROUPS, MEASUREMENT
from ffensembles.printing.names import MODELS as MODEL_NAMES

STUDIES = study_catalogue.own_studies(EXPERIMENTS)


def rows_of_study(wildcards):
    """Return the rows of a study that a path names: all, or those of a dataset and a model."""
    required(STUDIES.get(wildcards.study), f"the study {wildcards.study}")
    return experiments_of(wildcards)


def run_of_study(wildcards):
    """Return the run that a study's figures show."""
    return selection.seed_shown(rows_of_study(wildcards), config["figures"]["seed"])


def files_of_study(artefacts):
    """Return the input function for some files of the study that the path names."""

    def found(wildcards):
        shown = {**config, "figures": {"seed": run_of_study(wildcards)}}
        return {
            artefact.name: below_results(
                artefact.paths(rows_of_study(wildcards), shown)
            )
            for artefact in artefacts
        }

    return found


def settings_in_study(figure):
    """Return the function that gives the settings of a figure."""

    def found(wildcards):
        names = names_of(rows_of_study(wildcards))[wildcards.dataset]
        return figure.settings(run_of_study(wildcards), names["categories"])

    return found


def labels_in_study(figure):
    """Return the function that says what the report calls a figure."""

    def found(wildcards):
        shown = names_of(rows_of_study(wildcards))[wildcards.dataset]["name"]
        if figure.of_model:
            shown += f", {MODEL_NAMES[wildcards.model]}"
        return {"result": figure.name.replace("-", " ").capitalize(), "of": shown}

    return found


def exist_of(rows, artefacts):
    """Say whether there are all of some files, of one of the rows of a study at least."""
    return all(any(artefact.exists_of(e) for e in rows) for artefact in artefacts)
