"""Experiments: what is trained and how, one row of `config/experiments.tsv` each (Table 6)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ffensembles.errors import UserError

LIBRARY = Path(__file__).parent
# The folders of the modules that cells name, of which an experiment needs only those it names.
VARIANTS = {
    "loss": "learning/losses",
    "goodness": "learning/goodness",
    "normalisation": "learning/goodness",
}


def _variants(column: str) -> tuple[str, ...]:
    """Return the names of the modules that cells of a column may name."""
    files = (LIBRARY / VARIANTS[column]).glob("[a-z]*.py")
    return tuple(sorted(path.stem for path in files))


CHOICES = {
    "model": ("ff", "bpff", "bp"),
    "loss": (*_variants("loss"), "cross-entropy"),
    "goodness": (*_variants("goodness"), "none"),
    "normalisation": ("l2", "l1", "none"),
    "negatives": ("pooled", "paired", "fresh", "none"),
    "black": ("zero", "minimum", "none"),
    "maximum": ("split", "image", "none"),
}


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One study of one model on one dataset; the fields are the columns of the table.

    `config/README.md` explains each of them. Cells that do not apply hold `-` in the table.

    Attributes:
        seeds: how many runs there are, seeds 0, 1, …, or which seeds.
        units: of every layer, or of each.
        theta: θ, the goodness that separates positive from negative data.
    """

    study: str
    dataset: str
    model: str
    seeds: int | tuple[int, ...] = 1
    epochs: int
    learning_rate: float
    batch_size: int
    units: int | tuple[int, ...]
    layers: int
    loss: str
    goodness: str
    normalisation: str
    negatives: str
    black: str
    maximum: str
    activation_l1: float = 0.0
    held_out: int | None = None
    theta: float = 3.0
    weight_decay: float = 0.0

    @property
    def key(self) -> tuple[str, str, str]:
        """(dataset, model, study), which names the experiment in every path."""
        return self.dataset, self.model, self.study

    def training_settings(self) -> dict[str, object]:
        """All that decides the weights of one seed; which seeds there are does not.

        What may be left out of the table and is at its default is left out here, too: a column
        that the software learns later changes no experiment of before.
        """
        settings = asdict(self)
        del settings["seeds"]
        return {key: value for key, value in settings.items() if value != LATER.get(key, ...)}

    @property
    def runs(self) -> tuple[int, ...]:
        """The seeds, in order."""
        return tuple(range(self.seeds)) if isinstance(self.seeds, int) else self.seeds

    @property
    def widths(self) -> tuple[int, ...]:
        """The units of each layer."""
        return (self.units,) * self.layers if isinstance(self.units, int) else tuple(self.units)

    def variants(self) -> list[str]:
        """Return the files of the library that only experiments need whose cells name them."""
        named = {f"{folder}/{getattr(self, column)}.py" for column, folder in VARIANTS.items()}
        return sorted(file for file in named if (LIBRARY / file).is_file())


COLUMNS = [field.name for field in fields(Experiment)]
# Cells of columns that a table may do without: the paper's settings.
PAPER = {
    "seeds": "10",
    "layers": "3",
    "loss": "threshold",
    "goodness": "l2",
    "normalisation": "l2",
    "negatives": "pooled",
    "black": "zero",
    "maximum": "split",
    "activation_l1": "-",
    "held_out": "-",
    "theta": "3",
    "weight_decay": "0",
}
# Those that mean nothing to BP, whose loss is another one.
FOR_GOODNESS = ("goodness", "normalisation", "negatives", "black", "maximum", "theta")
BP = {**dict.fromkeys(FOR_GOODNESS, "-"), "loss": "cross-entropy"}
# Columns that came later, and what stood for them before.
LATER = {"theta": 3.0, "weight_decay": 0.0}


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


def read_row(row: dict[str, str], where: str) -> Experiment:
    """Read and check a single row, given as the cells of its columns; see `read_experiments`."""
    _check_header(list(row), where)
    return _parse(row, where)


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
    if missing := [column for column in COLUMNS if column not in header and column not in PAPER]:
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

    row = PAPER | (BP if row.get("model") == "bp" else {}) | row
    for column, allowed in CHOICES.items():
        row[column] = "none" if row[column] == "-" else row[column]
        if row[column] not in allowed:
            raise UserError(f"{where}: {column} is {row[column]!r}; allowed: {', '.join(allowed)}")
    layers = int(number("layers", int, 1))
    experiment = Experiment(
        study=_name(row, "study", where, "-"),
        dataset=_name(row, "dataset", where),
        model=row["model"],
        seeds=_seeds(row["seeds"], where),
        epochs=int(number("epochs", int, 1)),
        learning_rate=number("learning_rate", float, 1e-9),
        batch_size=int(number("batch_size", int, 1)),
        units=_units(row["units"], layers, where),
        layers=layers,
        loss=row["loss"],
        goodness=row["goodness"],
        normalisation=row["normalisation"],
        negatives=row["negatives"],
        black=row["black"],
        maximum=row["maximum"],
        activation_l1=0.0 if row["activation_l1"] == "-" else number("activation_l1", float, 0),
        held_out=None if row["held_out"] == "-" else int(number("held_out", int, 0)),
        theta=LATER["theta"] if row["theta"] == "-" else number("theta", float, -1e9),
        weight_decay=0.0 if row["weight_decay"] == "-" else number("weight_decay", float, 0),
    )
    _check_combination(experiment, row["theta"], where)
    return experiment


def _seeds(cell: str, where: str) -> int | tuple[int, ...]:
    """Read how many seeds there are, or which: 10, 3-5 or 0,2,7."""
    parts = [re.fullmatch(r"(\d+)(?:-(\d+))?", part.strip()) for part in cell.split(",")]
    if not all(parts) or (len(parts) == 1 and cell.strip() == "0"):
        raise UserError(
            f"{where}: seeds is {cell!r}; it must be how many, at least 1, or which ones, such as "
            "3-5 or 0,2,7"
        )
    if len(parts) == 1 and "-" not in cell:
        return int(cell)
    ranges = [(int(part[1]), int(part[2] or part[1])) for part in parts if part]
    seeds = [seed for first, last in ranges for seed in range(first, last + 1)]
    if not seeds or len(set(seeds)) < len(seeds):
        raise UserError(f"{where}: seeds is {cell!r}; ranges run upwards, and no seed comes twice")
    return _shortest(sorted(seeds))


def _shortest(seeds: list[int]) -> int | tuple[int, ...]:
    """Return how many seeds there are where they are 0, 1, …, else which."""
    return len(seeds) if seeds == list(range(len(seeds))) else tuple(seeds)


def _units(cell: str, layers: int, where: str) -> int | tuple[int, ...]:
    """Read the units of every layer, or those of each: 1000 or 1000,500,200."""
    parts = [part.strip() for part in cell.split(",")]
    if not all(part.isascii() and part.isdigit() and int(part) >= 2 for part in parts):
        raise UserError(
            f"{where}: units is {cell!r}; it must be a whole number, at least 2, or one for each "
            "layer, such as 1000,500,200"
        )
    widths = tuple(map(int, parts))
    if len(widths) not in (1, layers):
        raise UserError(f"{where}: units is {cell!r} for {layers} layers; give one for each layer")
    return widths[0] if len(set(widths)) == 1 else widths


def _name(row: dict[str, str], column: str, where: str, extra: str = "") -> str:
    """Return a name that can be part of a path: lower-case letters, digits and `extra`."""
    value = row[column]
    if not re.fullmatch(f"[a-z0-9{extra}]+", value):
        allowed = "lower-case letters, digits" + (" and hyphens" if extra else "")
        raise UserError(f"{where}: {column} is {value!r}; it may hold {allowed}")
    return value


def _check_combination(experiment: Experiment, theta: str, where: str) -> None:
    backprop = experiment.model == "bp"
    if backprop != (experiment.loss == "cross-entropy"):
        raise UserError(
            f"{where}: loss is {experiment.loss!r} for model {experiment.model}; "
            f"bp takes cross-entropy, ff and bpff take {' or '.join(_variants('loss'))}"
        )
    if backprop and theta != "-":
        raise UserError(f"{where}: theta applies to ff and bpff only; write '-'")
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


def check_identity(
    path: str | Path, about: Mapping[str, Any], e: Experiment, seed: int | None = None
) -> None:
    """Check that a file is what its place says, by what it tells of itself: `settings`, `seed`.

    Args:
        path: of the file.
        about: its metadata; what is not among it is not checked.
        e: the experiment that it should come from.
        seed: the run that it should come from.

    Raises:
        UserError: it comes from another one.
    """
    asked = json.loads(json.dumps(e.training_settings()))  # as the file has them
    stored = about.get("settings", asked)
    for name in sorted({*asked, *stored}):
        if stored.get(name) != asked.get(name):
            raise UserError(
                f"{path}: comes from a training with {name} {stored.get(name)}, not "
                f"{asked.get(name)}; remove it and run again"
            )
    if seed is not None and about.get("seed", seed) != seed:
        raise UserError(
            f"{path}: is of seed {about['seed']}, not {seed}; remove it and run again, or ask for "
            f"seed {about['seed']}"
        )


def check_held_out(where: str, e: Experiment, categories: int) -> None:
    """Check that what an experiment holds out is one of so many categories, and leaves two.

    Raises:
        UserError: it is not, or there is only one left to train on.
    """
    if e.held_out is None:
        return
    if e.held_out >= categories:
        raise UserError(
            f"{where}: there is no category {e.held_out}: {e.dataset} has {categories}, from 0"
        )
    if categories < 3:
        raise UserError(
            f"{where}: holds out one of {categories} categories; two must be left to train on"
        )


def first_runs(experiment: Experiment, count: int) -> int | tuple[int, ...]:
    """Return the seeds of an experiment, at most so many."""
    return _shortest(list(experiment.runs[:count]))
