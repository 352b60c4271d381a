"""Experiments: what is trained and how, one row of `config/experiments.tsv` each (Table 6)."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from ffensembles.errors import UserError

CHOICES = {
    "model": ("ff", "bpff", "bp"),
    "loss": ("threshold", "difference", "cross-entropy"),
    "goodness": ("l2", "l1", "none"),
    "normalisation": ("l2", "l1", "none"),
    "negatives": ("pooled", "paired", "none"),
    "black": ("zero", "minimum", "none"),
    "maximum": ("split", "image", "none"),
}


@dataclass(frozen=True)
class Experiment:
    """One study of one model on one dataset; the fields are the columns of the table.

    `config/README.md` explains each of them. Cells that do not apply hold `-` in the table.
    """

    study: str
    dataset: str
    model: str
    seeds: int
    epochs: int
    learning_rate: float
    batch_size: int
    units: int
    layers: int
    loss: str
    goodness: str
    normalisation: str
    negatives: str
    black: str
    maximum: str
    activation_l1: float
    held_out: int | None

    @property
    def key(self) -> tuple[str, str, str]:
        """(dataset, model, study), which names the experiment in every path."""
        return self.dataset, self.model, self.study

    def training_settings(self) -> dict[str, object]:
        """All that decides the weights of one seed; the number of seeds does not."""
        settings = asdict(self)
        del settings["seeds"]
        return settings


COLUMNS = [field.name for field in fields(Experiment)]


def read_experiments(path: str | Path) -> list[Experiment]:
    """Read and check the table of experiments.

    Raises:
        UserError: naming the file, line, column, value and what is allowed.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")  # spreadsheets put a mark before the text
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: is not UTF-8 ({error.reason}); save it as UTF-8") from error
    except OSError as error:
        raise UserError(
            f"{path}: cannot be read ({error.strerror}); see key experiments"
        ) from error
    lines = [(n, line.split("\t")) for n, line in enumerate(text.splitlines(), 1) if _is_data(line)]
    if not lines:
        raise UserError(f"{path}: is empty; its first line names the columns {', '.join(COLUMNS)}")
    header = lines[0][1]
    _check_header(header, f"{path}, line {lines[0][0]}")
    experiments = []
    for number, cells in lines[1:]:
        where = f"{path}, line {number}"
        if len(cells) != len(header):
            raise UserError(
                f"{where}: {len(cells)} cells, but the first line has {len(header)}; "
                "tabs, not blanks, stand between cells"
            )
        experiments.append(_parse(dict(zip(header, cells, strict=True)), where))
    if not experiments:
        raise UserError(f"{path}: has no row below its first line")
    _refuse_repeats(experiments, path)
    return experiments


def _check_header(header: list[str], where: str) -> None:
    """Check the names of the columns, and tell what stands in their place."""
    if len(header) == 1:
        raise UserError(f"{where}: holds no tab; tabs, not blanks or commas, stand between cells")
    for place, name in enumerate(header, 1):
        if not name.strip():
            raise UserError(f"{where}: column {place} has no name; is there a tab too many?")
        if name not in COLUMNS:
            raise UserError(f"{where}: unknown column {name!r}; known: {', '.join(COLUMNS)}")
        if header.count(name) > 1:
            raise UserError(f"{where}: column {name} is there {header.count(name)} times; keep one")
    if missing := [column for column in COLUMNS if column not in header]:
        raise UserError(f"{where}: lacks column {', '.join(missing)}; config/README.md explains it")


def _is_data(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("#")


def _parse(row: dict[str, str], where: str) -> Experiment:
    def number(column: str, kind: type, low: float, high: float = float("inf")) -> float:
        try:
            value = kind(row[column])
        except ValueError:
            value = None
        if value is None or not low <= value <= high or value == float("inf"):
            limits = f"at least {low:g}" if high == float("inf") else f"{low:g} to {high:g}"
            name = "a whole number" if kind is int else "a number"
            raise UserError(f"{where}: {column} is {row[column]!r}; it must be {name}, {limits}")
        return value

    for column, allowed in CHOICES.items():
        row[column] = "none" if row[column] == "-" else row[column]
        if row[column] not in allowed:
            raise UserError(f"{where}: {column} is {row[column]!r}; allowed: {', '.join(allowed)}")
    experiment = Experiment(
        study=_name(row, "study", where, "-"),
        dataset=_name(row, "dataset", where),
        model=row["model"],
        seeds=int(number("seeds", int, 1)),
        epochs=int(number("epochs", int, 1)),
        learning_rate=number("learning_rate", float, 1e-9),
        batch_size=int(number("batch_size", int, 1)),
        units=int(number("units", int, 2)),
        layers=int(number("layers", int, 1)),
        loss=row["loss"],
        goodness=row["goodness"],
        normalisation=row["normalisation"],
        negatives=row["negatives"],
        black=row["black"],
        maximum=row["maximum"],
        activation_l1=0.0 if row["activation_l1"] == "-" else number("activation_l1", float, 0),
        held_out=None if row["held_out"] == "-" else int(number("held_out", int, 0)),
    )
    _check_combination(experiment, where)
    return experiment


def _name(row: dict[str, str], column: str, where: str, extra: str = "") -> str:
    """Return a name that can be part of a path: lower-case letters, digits and `extra`."""
    value = row[column]
    if not re.fullmatch(f"[a-z0-9{extra}]+", value):
        allowed = "lower-case letters, digits" + (" and hyphens" if extra else "")
        raise UserError(f"{where}: {column} is {value!r}; it may hold {allowed}")
    return value


def _check_combination(experiment: Experiment, where: str) -> None:
    backprop = experiment.model == "bp"
    if backprop != (experiment.loss == "cross-entropy"):
        raise UserError(
            f"{where}: loss is {experiment.loss!r} for model {experiment.model}; "
            "bp takes cross-entropy, ff and bpff take threshold or difference"
        )
    for column in ("goodness", "normalisation", "negatives", "black", "maximum"):
        if backprop != (getattr(experiment, column) == "none"):
            raise UserError(
                f"{where}: {column} is {getattr(experiment, column)!r} for model "
                f"{experiment.model}; it is '-' for bp and needed for ff and bpff"
            )
    if experiment.activation_l1 and not backprop:
        raise UserError(f"{where}: activation_l1 applies to bp only; write '-'")


def _refuse_repeats(experiments: list[Experiment], path: Path) -> None:
    seen = set()
    for experiment in experiments:
        if experiment.key in seen:
            raise UserError(f"{path}: two rows for {' / '.join(experiment.key)}; keep one")
        seen.add(experiment.key)


def blocks(experiment: Experiment, seeds_per_job: int) -> list[tuple[int, int]]:
    """Cut the seeds 0 … n-1 into blocks (first, last); more seeds leave full blocks alone."""
    return [
        (first, min(first + seeds_per_job, experiment.seeds) - 1)
        for first in range(0, experiment.seeds, seeds_per_job)
    ]
