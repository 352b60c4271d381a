"""Experiments: what is trained and how, one row of `config/experiments.tsv` each (Table 6)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from itertools import product
from math import inf, isfinite
from pathlib import Path
from typing import Any

from ffensembles import variants
from ffensembles.errors import UserError


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One study of one model on one dataset; the fields are the columns of the table.

    `config/README.md` explains each of them. Cells that do not apply hold `-` in the table. Which
    apply, and what they may hold, is for the kind of model to say: `learning.kinds`.

    Attributes:
        seeds: how many runs there are, seeds 0, 1, …, or which seeds.
        units: of every layer, or of each.
        theta: θ, the goodness that separates positive from negative data.
        extra: columns that only this kind of model has.
        sweep: where the row holds several values in a cell, its study, then these columns.
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
    loss: str = "none"
    goodness: str = "none"
    normalisation: str = "none"
    negatives: str = "none"
    black: str = "none"
    maximum: str = "none"
    activation_l1: float = 0.0
    held_out: int | None = None
    theta: float = 3.0
    weight_decay: float = 0.0
    extra: Mapping[str, float | str] = field(default_factory=dict, hash=False)
    sweep: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        """(dataset, model, study), which names the experiment in every path."""
        return self.dataset, self.model, self.study

    def training_settings(self) -> dict[str, object]:
        """All that decides the weights of one seed; which seeds and other values there are do not.

        What may be left out of the table and is at its default is left out here, too: a column
        that the software learns later changes no experiment of before.
        """
        settings = asdict(self)
        del settings["seeds"], settings["sweep"]
        return {key: value for key, value in settings.items() if value != LATER.get(key, ...)}

    @property
    def runs(self) -> tuple[int, ...]:
        """The seeds, in order."""
        return tuple(range(self.seeds)) if isinstance(self.seeds, int) else self.seeds

    @property
    def widths(self) -> tuple[int, ...]:
        """The units of each layer."""
        return (self.units,) * self.layers if isinstance(self.units, int) else tuple(self.units)

    def cell(self, column: str) -> str:
        """Return what a column holds, as text."""
        value = self.extra[column] if column in self.extra else getattr(self, column)
        return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)

    def variants(self) -> list[str]:
        """Return the files that only experiments need whose cells name them.

        Those of the library are named from its folder, others whole.
        """
        named = [("model", self.model), ("loss", self.loss)]
        named += [("goodness", self.goodness), ("goodness", self.normalisation)]
        files = {
            variants.file_of(column, name)
            for column, name in named
            if name in variants.names(column)
        }
        library = variants.LIBRARY
        return sorted(
            str(file.relative_to(library) if file.is_relative_to(library) else file)
            for file in files
        )


COLUMNS = [f.name for f in fields(Experiment) if f.name not in ("extra", "sweep")]
# Cells of columns that a table may do without; its kind's file says the others.
DEFAULTS = {"seeds": "10", "layers": "3", "held_out": "-", "weight_decay": "0"}
# Columns that are for a kind to claim, and what stands for them where it does not.
OF_KINDS: dict[str, str | float] = {
    "loss": "none",
    "goodness": "none",
    "normalisation": "none",
    "negatives": "none",
    "black": "none",
    "maximum": "none",
    "activation_l1": 0.0,
    "theta": 3.0,
}
LOWEST = {"activation_l1": 0.0}
COMMON = [column for column in COLUMNS if column not in OF_KINDS]
# Columns that came later, and what stood for them before.
LATER = {"theta": 3.0, "weight_decay": 0.0, "extra": {}}


def read_experiments(path: str | Path) -> list[Experiment]:
    """Read and check the table of experiments.

    Whether a column applies, and what it may hold, depends on the row's kind of model. So cells are
    checked one by one: a schema, or a pydantic model, would be another one for each row.

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
        experiments += _parse_all(dict(zip(header, cells, strict=True)), where)
    if not experiments:
        raise UserError(f"{path}: has no row below its first line")
    _refuse_repeats(experiments, path)
    _refuse_mixed_sweeps(experiments, path)
    return experiments


def read_row(row: dict[str, str], where: str) -> Experiment:
    """Read and check a single row, given as the cells of its columns; see `read_experiments`."""
    _check_header(list(row), where)
    return _parse(row, where)


def _check_header(header: list[str], where: str) -> None:
    """Check the names of the columns, and tell what stands in their place."""
    if len(header) == 1:
        raise UserError(f"{where}: holds no tab; tabs, not blanks or commas, stand between cells")
    further = {c for name in variants.names("model") for c in variants.describe(name).columns}
    known = [*COLUMNS, *sorted(further.difference(COLUMNS))]
    for place, name in enumerate(header, 1):
        if not name.strip():
            raise UserError(f"{where}: column {place} has no name; is there a tab too many?")
        if name not in known:
            raise UserError(f"{where}: unknown column {name!r}; known: {', '.join(known)}")
        if header.count(name) > 1:
            raise UserError(f"{where}: column {name} is there {header.count(name)} times; keep one")
    optional = {*DEFAULTS, *OF_KINDS, *further}
    if missing := [column for column in COLUMNS if column not in {*header, *optional}]:
        raise UserError(f"{where}: lacks column {', '.join(missing)}; config/README.md explains it")


def _is_data(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("#")


BETWEEN_VALUES = "|"
NAMED_BY_THEMSELVES = ("dataset", "model")  # in every path, so that the study need not name them


def _parse_all(row: dict[str, str], where: str) -> list[Experiment]:
    """Read a row, or where its cells hold several values (`0.5|1|2`), one for each choice of them.

    Each is a study of its own, named by the values of what varies.
    """
    varying = {column: cell.split(BETWEEN_VALUES) for column, cell in row.items() if "|" in cell}
    for column in ("study", "seeds"):
        if column in varying:
            raise UserError(f"{where}: {column} is {row[column]!r}; it takes no several values")
    shown = tuple(column for column in varying if column != "model")
    experiments = []
    for values in product(*varying.values()):
        chosen = {column: value.strip() for column, value in zip(varying, values, strict=True)}
        names = [
            f"{column}-{value.replace('.', 'p')}"
            for column, value in chosen.items()
            if column not in NAMED_BY_THEMSELVES
        ]
        study = re.sub("[^a-z0-9]+", "-", "-".join([row["study"], *names]).lower())
        e = _parse(row | chosen | {"study": study if names else row["study"]}, where)
        experiments.append(replace(e, sweep=(row["study"], *shown) if shown else ()))
    return experiments


def _parse(row: dict[str, str], where: str) -> Experiment:
    models = variants.names("model")
    if row["model"] not in models:
        raise UserError(f"{where}: model is {row['model']!r}; allowed: {', '.join(models)}")
    columns = variants.describe(row["model"]).columns
    common = {name: str(default) for name, default in columns.items() if name in COMMON}
    row = DEFAULTS | common | row
    claimed = _claimed(row, {name: columns[name] for name in columns if name not in COMMON}, where)
    layers = _number(row, "layers", int, 1, where)
    held_out, decay = row["held_out"], row["weight_decay"]
    return Experiment(
        study=_name(row, "study", where, "-"),
        dataset=_name(row, "dataset", where),
        model=row["model"],
        seeds=_seeds(row["seeds"], where),
        epochs=_number(row, "epochs", int, 1, where),
        learning_rate=_number(row, "learning_rate", float, 1e-9, where),
        batch_size=_number(row, "batch_size", int, 1, where),
        units=_units(row["units"], layers, where),
        layers=layers,
        held_out=None if held_out == "-" else _number(row, "held_out", int, 0, where),
        weight_decay=0.0 if decay == "-" else _number(row, "weight_decay", float, 0, where),
        **{name: claimed.get(name, without) for name, without in OF_KINDS.items()},
        extra={name: value for name, value in claimed.items() if name not in OF_KINDS},
    )


def _claimed(row: dict[str, str], columns: Mapping[str, object], where: str) -> dict[str, Any]:
    """Read the columns that a kind claims; all others but the common ones must hold `-`."""
    for column, cell in row.items():
        if cell != "-" and column not in columns and column not in COMMON:
            raise UserError(
                f"{where}: {column} is {cell!r}, and does not apply to {row['model']}; write '-'"
            )
    return {column: _cell(row, column, holds, where) for column, holds in columns.items()}


def _cell(row: dict[str, str], column: str, holds: Any, where: str) -> str | float:
    """Read a cell that a kind claims; see `learning.kinds.Kind.columns`."""
    if isinstance(holds, int | float):
        if row.get(column, "-") == "-":
            return holds
        return _number(row, column, type(holds), LOWEST.get(column, -inf), where)
    if isinstance(holds, str):
        cell = row.get(column, holds)
        choices = variants.names(column) if column in variants.FOLDERS else (cell,)
    else:
        cell, choices = row.get(column, holds[0]), holds
    if cell not in choices or cell == "-":
        raise UserError(
            f"{where}: {column} is {cell!r}; {row['model']} takes {' or '.join(choices)}"
        )
    return cell


def _number(row: dict[str, str], column: str, kind: type, low: float, where: str) -> Any:
    """Read a number of a kind, int or float, that is at least `low`."""
    try:
        value = kind(row[column])
    except ValueError:
        value = None
    if value is None or value < low or not isfinite(value):
        name = "a whole number" if kind is int else "a number"
        limit = f", at least {low:g}" if isfinite(low) else ""
        raise UserError(f"{where}: {column} is {row[column]!r}; it must be {name}{limit}")
    return value


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


def _refuse_repeats(experiments: list[Experiment], path: Path) -> None:
    seen = set()
    for experiment in experiments:
        if experiment.key in seen:
            raise UserError(f"{path}: two rows for {' / '.join(experiment.key)}; keep one")
        seen.add(experiment.key)


def _refuse_mixed_sweeps(experiments: list[Experiment], path: Path) -> None:
    varied: dict[str, tuple[str, ...]] = {}
    for name, *columns in (e.sweep for e in experiments if e.sweep):
        if (others := varied.setdefault(name, tuple(columns))) != tuple(columns):
            raise UserError(
                f"{path}: study {name} varies {', '.join(others)} in one row and "
                f"{', '.join(columns)} in another; give each a study of its own"
            )


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
