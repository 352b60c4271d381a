"""Where the files that belong to experiments lie, below the folder of results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ffensembles.experiments import Experiment


def blocks(experiment: Experiment, seeds_per_job: int) -> list[tuple[int, int]]:
    """Cut the seeds into blocks (first, last) without gaps; more seeds leave full blocks alone."""
    found: list[tuple[int, int]] = []
    for seed in experiment.runs:
        first, last = found[-1] if found else (seed, seed - 2)
        if seed == last + 1 and seed < first + seeds_per_job:
            found[-1] = first, seed
        else:
            found.append((seed, seed))
    return found


def models(e: Experiment, seeds_per_job: int) -> list[str]:
    """Return the weight files of an experiment, a block of seeds each."""
    return [
        f"models/{_folder(e)}/seeds-{first}-{last}.safetensors"
        for first, last in blocks(e, seeds_per_job)
    ]


def training_logs(experiments: Iterable[Experiment], seeds_per_job: int) -> list[str]:
    """Return the training logs of experiments, one per block of seeds."""
    return [
        path.replace(".safetensors", ".log.parquet")
        for e in experiments
        for path in models(e, seeds_per_job)
    ]


def representation(e: Experiment, seed: int) -> str:
    """Return the representations of one run."""
    return f"representations/{_folder(e)}/seed-{seed}.parquet"


def files(kind: str, experiments: Iterable[Experiment], config: Mapping[str, Any]) -> list[str]:
    """Return the files of one kind that belong to experiments.

    Args:
        kind: `dataset`; `representations`, of the run that figures show; or a measurement.
        experiments: which they are; similarity is between all models of theirs, and what probes
            read is in one file for all models of a study.
        config: the configuration.
    """
    match kind:
        case "dataset":
            return [f"datasets/{e.dataset}.npz" for e in experiments]
        case "representations":
            return [representation(e, config["figures"]["seed"]) for e in experiments]
        case "probes":
            studies = dict.fromkeys((e.dataset, e.study) for e in experiments)
            return [f"analysis/{dataset}/{study}/probes.parquet" for dataset, study in studies]
        case "similarity":
            return _similarities("similarity", experiments, config["similarity_seeds"])
        case "layer_similarity":
            return _similarities("layer-similarity", experiments)
    return [f"analysis/{_folder(e)}/{kind.replace('_', '-')}.parquet" for e in experiments]


def _similarities(
    name: str, experiments: Iterable[Experiment], runs: int | None = None
) -> list[str]:
    """Return those of the first `runs` runs, or of all, that every model of a dataset has."""
    seeds: dict[str, list[int]] = {}
    for e in experiments:
        known = seeds.get(e.dataset, e.runs)
        seeds[e.dataset] = [seed for seed in known if seed in e.runs]
    return [
        f"analysis/{dataset}/{name}/seed-{seed}.parquet"
        for dataset, shared in seeds.items()
        for seed in shared[:runs]
    ]


def _folder(e: Experiment) -> str:
    return f"{e.dataset}/{e.model}/{e.study}"
