"""Kinds of models, goodness and losses: single files, found by name.

Each column of the table of experiments that names one has a folder of the library; files of one's
own lie anywhere and are named by the config's key `variants`. What is said of a kind here is read
from the text of its file. Nothing of it runs, so that rules, tables and figures know what a model
is called without waiting for torch.
"""

from __future__ import annotations

import ast
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from ffensembles.errors import UserError

LIBRARY = Path(__file__).parent
FOLDERS = {
    "model": "learning/kinds",
    "goodness": "learning/goodness",
    "loss": "learning/losses",
}
# What a file of one's own defines at its top tells what it is.
DEFINES = {"goodness": "value", "loss": "loss"}
# Every job of a run finds the files of one's own here, wherever it is started: {name: path}.
VARIABLE = "FFENSEMBLES_VARIANTS"


@dataclass(frozen=True, kw_only=True)
class Description:
    """What a kind's file says of it, without being run; `learning.kinds.Kind` explains each."""

    name: str
    order: int
    colour: str
    marker: str
    line: str
    layerwise: bool
    columns: Mapping[str, object]
    incoming: tuple[str, str] | None
    defines: frozenset[str] = field(default_factory=frozenset)  # methods, but for those of `Kind`

    def has(self, what: str) -> bool:
        """Say whether a kind has an attribute that is not nothing, or a method of its own."""
        return bool(getattr(self, what, None)) or what in self.defines


def use(variants: Mapping[str, str | Path]) -> None:
    """Make files of one's own known by their names, here and in every process started from here.

    Raises:
        UserError: a name is taken or not allowed, a file is not there or is no variant.
    """
    for read_before in (_tree, _describe, _run):  # a file may have changed since
        read_before.cache_clear()
    found = {}
    for name, path in variants.items():
        where = f"config: variants.{name}"
        if not re.fullmatch("[a-z][a-z0-9-]*", str(name)):
            raise UserError(f"{where}: the name may hold lower-case letters, digits and hyphens")
        for column, folder in FOLDERS.items():
            if (LIBRARY / folder / f"{name}.py").exists():
                raise UserError(f"{where}: there is a {column} {name} already; choose another name")
        file = Path(path).expanduser().absolute()
        if not file.is_file():
            raise UserError(f"{where}: there is no file {path}")
        if not any(_is(column, file) for column in FOLDERS):
            raise UserError(
                f"{where}: {path} is neither a kind (a class with a `name`), nor a goodness (a "
                "function `value`), nor a loss (a function `loss`); docs/extending.md explains them"
            )
        found[name] = str(file)
    os.environ[VARIABLE] = json.dumps(found)


def names(column: str) -> tuple[str, ...]:
    """Return the names that cells of a column may hold; models in the order of tables."""
    folder = LIBRARY / FOLDERS[column]
    found = {path.stem for path in folder.glob("[a-z]*.py")}
    found |= {name for name, path in _own().items() if _is(column, path)}
    if column == "model":
        return tuple(sorted(found, key=lambda name: (describe(name).order, name)))
    return tuple(sorted(found))


def file_of(column: str, name: str) -> Path:
    """Return the file that a cell names.

    Raises:
        UserError: there is none.
    """
    if name in (own := _own()):
        return own[name]
    path = LIBRARY / FOLDERS[column] / f"{name}.py"
    if not path.is_file():
        raise UserError(
            f"there is no {column} {name!r}, only {', '.join(names(column))}; the config's key "
            "`variants` names files of your own"
        )
    return path


def load(column: str, name: str) -> ModuleType:
    """Run the file that a cell names, and return its module."""
    path = file_of(column, name)
    if path.is_relative_to(LIBRARY):
        return import_module(f"ffensembles.{FOLDERS[column].replace('/', '.')}.{name}")
    return _run(path, f"ffensembles_variant_{name.replace('-', '_')}")


@cache
def _run(path: Path, module: str) -> ModuleType:
    spec = spec_from_file_location(module, path)
    assert spec is not None and spec.loader is not None
    loaded = sys.modules[module] = module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def describe(model: str) -> Description:
    """Return what the file of a kind says of it.

    Raises:
        UserError: the file lacks something, or is not Python.
    """
    return _describe(file_of("model", model))


@cache
def _describe(path: Path) -> Description:
    kinds = [node for node in _classes(path).values() if "name" in _literals(node)]
    if len(kinds) != 1:
        raise UserError(f"{path}: holds {len(kinds)} classes with a `name`; a kind is one of them")
    said: dict[str, object] = {}
    methods: set[str] = set()
    for cls in _with_bases(path, kinds[0]):
        said = _literals(cls) | said
        if cls.name != "Kind":
            methods |= {node.name for node in cls.body if isinstance(node, ast.FunctionDef)}
    wanted = [f.name for f in fields(Description) if f.name != "defines"]
    if lacking := [name for name in wanted if name not in said]:
        raise UserError(
            f"{path}: class {kinds[0].name} lacks {', '.join(lacking)}: plain values are needed, "
            "and a base such as ffensembles.learning.module_kind.ModuleKind, imported by its name"
        )
    chosen = {name: said[name] for name in wanted}
    if not (isinstance(chosen["name"], str) and isinstance(chosen["columns"], dict)):
        raise UserError(f"{path}: class {kinds[0].name}: name is a text, columns a dict")
    return Description(**chosen, defines=frozenset(methods))  # type: ignore[arg-type]


def _with_bases(path: Path, cls: ast.ClassDef) -> Iterator[ast.ClassDef]:
    """Yield a class and its bases, those of its file and of the library, the nearest first."""
    yield cls
    for base in cls.bases:
        if not isinstance(base, ast.Name):
            continue
        if base.id in (classes := _classes(path)):
            yield from _with_bases(path, classes[base.id])
        elif base.id in (imported := _imported(path)):
            file, name = imported[base.id]
            if name in (classes := _classes(file)):
                yield from _with_bases(file, classes[name])


def _classes(path: Path) -> dict[str, ast.ClassDef]:
    return {node.name: node for node in _tree(path).body if isinstance(node, ast.ClassDef)}


def _imported(path: Path) -> dict[str, tuple[Path, str]]:
    """Return the file of the library, and the name there, of what a file imports from it."""
    found: dict[str, tuple[Path, str]] = {}
    for node in _tree(path).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ffensembles."):
            place = LIBRARY.joinpath(*str(node.module).split(".")[1:])
            file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
            found |= {alias.asname or alias.name: (file, alias.name) for alias in node.names}
    return found


def _literals(cls: ast.ClassDef) -> dict[str, object]:
    """Return the attributes of a class that are written out as plain values."""
    found: dict[str, object] = {}
    for node in cls.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            try:
                value = ast.literal_eval(node.value)
            except ValueError:
                continue
            found |= {target.id: value for target in targets if isinstance(target, ast.Name)}
    return found


def _is(column: str, path: Path) -> bool:
    """Say whether a file of one's own is what a column names."""
    if column == "model":
        return any("name" in _literals(node) for node in _classes(path).values())
    functions = {node.name for node in _tree(path).body if isinstance(node, ast.FunctionDef)}
    return DEFINES[column] in functions


@cache
def _tree(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes(), filename=str(path))
    except SyntaxError as error:
        raise UserError(f"{path}: line {error.lineno} is not Python ({error.msg})") from error


def _own() -> dict[str, Path]:
    return {name: Path(path) for name, path in json.loads(os.environ.get(VARIABLE, "{}")).items()}
