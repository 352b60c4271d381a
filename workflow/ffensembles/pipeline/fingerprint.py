"""A fingerprint of the code behind a result, so that only code that can change it reruns it.

It covers a script and every file of the package within its reach: modules that it imports, and
data files, such as styles and templates, that it names, directly or through others of these. Code
is taken as syntax trees: comments, docstrings and layout do not count. Nothing is imported or run,
and each file is read once in the life of a process. What counts of a file is kept beside the
package's compiled modules, because parsing all of them takes half of the time that Snakemake
needs to start.

Not seen: modules imported by a computed name, and data files named by a computed string. Python
writes its syntax trees differently from one minor version to another; so do the fingerprints.
"""

import ast
import atexit
import hashlib
import json
import re
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

from ffensembles.errors import UserError
from ffensembles.files import atomic


class Source(NamedTuple):
    """What counts of a file."""

    digest: str  # of its bytes; of Python, of its syntax tree without docstrings and positions
    named: list[str]  # words in it that look like a file's name
    imports: list[tuple[int, str]]  # dotted names, and the level that relative ones start from


def fingerprint(script: str | Path, package: str | Path) -> str:
    """Return a hash of what `script` runs of its own and of the Python package in a folder.

    A data file of the package counts where a file within reach holds its name, ending and all.

    Args:
        script: a Python file.
        package: the folder of the package, whose name is the package's.

    Raises:
        UserError: a file is not Python.
    """
    script, package = Path(script), Path(package)
    digests = bytes.fromhex(_source(script, package).digest)
    for path in sorted(_reach(script, package)):
        digests += hashlib.sha256(str(path.relative_to(package)).encode()).digest()
        digests += bytes.fromhex(_source(path, package).digest)
    return hashlib.sha256(digests).hexdigest()[:16]


def _reach(script: Path, package: Path) -> set[Path]:
    """Return the files of the package that a script imports or names, transitively."""
    found: set[Path] = set()
    queue = [script]
    while queue:
        beyond = _beyond(queue.pop(), package)
        queue.extend(beyond - found)
        found |= beyond
    return found


@cache
def _beyond(path: Path, package: Path) -> frozenset[Path]:
    """Return the package's data files that one file names, and the modules that it imports."""
    source = _source(path, package)
    within = path.relative_to(package.parent).parent.parts if path.is_relative_to(package) else ()
    names = (
        ".".join((*within[: len(within) - level + 1], name)) if level else name
        for level, name in source.imports
    )
    modules = frozenset(file for name in names for file in _files(name, package))
    named = set(source.named)
    return modules | {data for data in _data_files(package) if data.name in named}


@cache
def _data_files(package: Path) -> tuple[Path, ...]:
    """Return the files of the package that are not Python."""
    return tuple(
        path
        for path in package.rglob("*")
        if path.is_file() and path.suffix != ".py" and path.parent.name != "__pycache__"
    )


@cache
def _files(name: str, package: Path) -> tuple[Path, ...]:
    """Return the files of the package that importing a dotted name loads.

    They are those of its packages, and its own if it is a module: what is imported from a package
    may be a module of it or a name in it.
    """
    first, *parts = name.split(".")
    if first != package.name:
        return ()
    paths = [package.joinpath(*parts[:depth]) for depth in range(len(parts) + 1)]
    files = (file for path in paths for file in (path / "__init__.py", path.with_suffix(".py")))
    return tuple(file for file in files if file.is_file())


DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@cache
def _source(path: Path, package: Path) -> Source:
    """Return what counts of a file."""
    content = path.read_bytes()
    if path.suffix != ".py":
        return _of_bytes(content, [])
    known = _known(package)
    key = hashlib.sha256(THIS + content).hexdigest()
    if key not in known:
        known[key] = _parsed(path, content)
    return known[key]


def _parsed(path: Path, content: bytes) -> Source:
    """Return what counts of a Python file."""
    try:
        tree = ast.parse(content, filename=str(path))
    except SyntaxError as error:
        raise UserError(f"{path}: line {error.lineno} is not Python ({error.msg})") from error
    imports: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imports += [(0, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = f"{node.module}." if node.module else ""
            imports += [(node.level, base + alias.name) for alias in node.names]
        elif isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False):
            del node.body[0]
    return _of_bytes(ast.dump(tree).encode(), imports)


def _of_bytes(content: bytes, imports: list[tuple[int, str]]) -> Source:
    named = sorted({name.decode() for name in re.findall(rb"[\w.-]+\.\w+", content)})
    return Source(hashlib.sha256(content).hexdigest(), named, imports)


THIS = Path(__file__).read_bytes()  # another version of this module may look for other things
KEPT = 1000  # more than a version has files, so that those of past versions go


@cache
def _known(package: Path) -> dict[str, Source]:
    """Return what counts of Python files by their content; the end of the process keeps it."""
    path = package / "__pycache__" / f"sources.{sys.implementation.cache_tag}.json"
    known = {}
    with suppress(OSError, ValueError, TypeError, AttributeError):  # none yet, or damaged
        known = {key: Source(*of) for key, of in json.loads(path.read_bytes()).items()}
    before = len(known)

    def keep() -> None:
        if len(known) > before:
            with suppress(UserError), atomic(path) as temporary:  # the folder may be read-only
                latest = dict(list(known.items())[-KEPT:])
                temporary.write_text(json.dumps(latest), "utf-8")

    atexit.register(keep)
    return known
