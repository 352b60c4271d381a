"""Where the results come from: code, software, data, configuration, and what training cost."""

from __future__ import annotations

import platform
from collections.abc import Hashable, Mapping
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd

from ffensembles.files import Paths, read_frame, read_metadata, reading
from ffensembles.printing.names import DATASETS, MODELS
from ffensembles.printing.pages import render

PACKAGES = (
    *("snakemake", "torch", "numpy", "scipy", "scikit-learn"),
    *("pandas", "pyarrow", "safetensors", "matplotlib", "seaborn"),
)
DEVICES = {"cuda": "GPU", "cpu": "CPU"}
UNKNOWN = "not recorded"
WHERE = ["device", "hardware", "products", "torch", "threads"]
COLUMNS = ["study", "dataset", "model", "seeds", "diverged", "seconds", "data"]
COLUMNS += ["commit", "taken_from", *WHERE]


def trainings(logs: Paths) -> pd.DataFrame:
    """Read what is known of each training from its log.

    Returns:
        `COLUMNS`, one row per block of seeds: seeds is how many, diverged which of them have no
        results and where they diverged, seconds how long they trained, data the dataset's
        SHA-256, commit the one that trained them, taken_from the file of trained networks that
        they came in (empty: trained here), and `WHERE` says on what.
    """
    return pd.DataFrame([_training(path) for path in logs], columns=COLUMNS)


def _training(path: str | Path) -> dict[str, Any]:
    unknown = dict.fromkeys(("hardware", "products", "commit"), UNKNOWN)
    about: dict[str, Any] = {**unknown, "taken_from": "", "diverged": {}, **read_metadata(path)}
    return {
        **{key: about["settings"][key] for key in ("study", "dataset", "model")},
        "seeds": len(about["seeds"]),
        "diverged": about["diverged"],
        "seconds": seconds_of_training(read_frame(path)),
        "data": about["dataset"],
        **{key: about[key] for key in ("commit", "taken_from", *WHERE)},
    }


def seconds_of_training(log: pd.DataFrame) -> float:
    """Return how long a device worked on a training log.

    Seeds that train together share the time of each epoch; where memory had them train one after
    another their times differ, and add up.
    """
    return log.drop_duplicates(["layer", "epoch", "seconds"])["seconds"].sum()


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that decide numbers and figures."""
    return {
        "Python": platform.python_version(),
        **{name: metadata.version(name) for name in PACKAGES},
    }


def costs(folder: str | Path) -> pd.DataFrame:
    """Return what the jobs of each rule took, by Snakemake's own measurements of them.

    Args:
        folder: of the benchmarks, with a folder for each rule; it need not be there.

    Returns:
        A row per rule, the longest first: `rule`, `jobs`, `seconds` of all, `longest` (s) of one,
        and `memory`, the largest resident set of one (MiB; NaN where every job was too short).
    """
    found = [
        (path.relative_to(folder).parts[0], job["s"], job["max_rss"])
        for path in sorted(Path(folder).rglob("*.tsv"))
        for job in _read_benchmark(path)
    ]
    jobs = pd.DataFrame(found, columns=["rule", "seconds", "memory"])
    jobs = jobs.astype({"seconds": float, "memory": float})
    summed = jobs.groupby("rule", as_index=False).agg(
        jobs=("seconds", "size"),
        seconds=("seconds", "sum"),
        longest=("seconds", "max"),
        memory=("memory", "max"),
    )
    return summed.sort_values("seconds", ascending=False, ignore_index=True)


def provenance_page(
    trainings: pd.DataFrame,
    costs: pd.DataFrame,
    *,
    commit: str,
    versions: Mapping[str, str],
    config: str,
) -> str:
    """Return all of it as one readable HTML page that needs no other file.

    Args:
        trainings, costs: as the functions of these names give them.
        commit: of the pipeline, in words.
        versions: of the software, by name.
        config: the whole configuration as YAML.
    """
    data = trainings[["dataset", "data"]].drop_duplicates()
    return render(
        "provenance.html.j2",
        commit=commit,
        now=f"{datetime.now().astimezone():%-d %B %Y, %H:%M %Z}",
        platform=platform.platform(),
        hours=hours(trainings),
        trainings=_by_experiment(trainings).to_numpy(),
        costs=[
            (rule, jobs, clock(seconds), clock(longest), _size(memory))
            for rule, jobs, seconds, longest, memory in costs.to_numpy()
        ],
        versions=versions.items(),
        data=[(DATASETS.get(name, name), sha256) for name, sha256 in data.to_numpy()],
        config=config,
    )


def _read_benchmark(path: Path) -> list[dict[Hashable, Any]]:
    """Read the jobs of a file that Snakemake's `benchmark` wrote."""
    with reading(path):
        return pd.read_csv(path, sep="\t", na_values="-").to_dict("records")


def hours(trainings: pd.DataFrame) -> str:
    """Say how many hours all trainings took, on GPUs and on CPUs."""
    spent = trainings.groupby("device")["seconds"].sum() / 3600
    cores = trainings["seconds"] * trainings["threads"] / 3600
    gpu, cpu = spent.get("cuda", 0.0), spent.get("cpu", 0.0)
    core_hours = cores[trainings["device"] == "cpu"].sum()
    return (
        f"{trainings['seeds'].sum():,} runs in {len(trainings)} trainings: {gpu:.2f} GPU hours, "
        f"and {cpu:.2f} hours on CPUs ({core_hours:.2f} core hours)."
    )


def _by_experiment(trainings: pd.DataFrame) -> pd.DataFrame:
    """Add up the trainings of each experiment on the same hardware, in print."""
    keys = ["study", "dataset", "model", *WHERE, "commit", "taken_from"]
    by_experiment = trainings.groupby(keys, sort=False)[["seeds", "diverged", "seconds"]]
    sums = by_experiment.agg({"seeds": "sum", "diverged": _joined, "seconds": "sum"}).reset_index()
    sums["seeds"] = sums["seeds"].astype(str) + sums.pop("diverged")
    sums["dataset"] = sums["dataset"].map(lambda name: DATASETS.get(name, name))
    sums["model"] = sums["model"].map(MODELS)
    sums["device"] = sums["device"].map(DEVICES)
    sums["seconds"] = sums["seconds"].map(clock)
    sums["commit"] = sums["commit"].str[:12]
    return sums


def _joined(blocks: pd.Series) -> str:
    """Say which runs of some blocks diverged; nothing where none did."""
    said = [f"seed {seed} in {place}" for block in blocks for seed, place in block.items()]
    return f", of which diverged: {'; '.join(said)}" if said else ""


def _size(mebibytes: float) -> str:
    return "–" if pd.isna(mebibytes) else f"{mebibytes / 1024:.2f} GiB"


def clock(seconds: float) -> str:
    """Write a duration as hours:minutes:seconds."""
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
