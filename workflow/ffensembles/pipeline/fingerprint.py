"""A fingerprint of the code behind a result, so that only code that can change it reruns it.

It covers a script and every file of the package within its reach: modules that it imports, and
data files, such as styles and templates, that it names, directly or through others of these. Code
is taken as syntax trees: comments, docstrings and layout do not count. Nothing is imported or run,
and each file is read once in the life of a process.

Not seen: modules imported by a computed name, and data files named by a computed string. Python
writes its syntax trees differently from one minor version to another; so do the fingerprints.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from ffensembles.errors import UserError


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
    parts = [_content(script)]
    for path in sorted(_reach(script, package)):
        parts += [str(path.relative_to(package)).encode(), _content(path)]
    digests = b"".join(hashlib.sha256(part).digest() for part in parts)
    return hashlib.sha256(digests).hexdigest()[:16]


def _reach(script: Path, package: Path) -> set[Path]:
    """Return the files of the package that a script imports or names, transitively."""
    found: set[Path] = set()
    queue = [script]
    while queue:
        path = queue.pop()
        beyond = _named(path, package)
        if path.suffix == ".py":
            beyond |= _modules(path, package)
        queue.extend(beyond - found)
        found |= beyond
    return found


@cache
def _named(path: Path, package: Path) -> frozenset[Path]:
    """Return the data files of the package whose names stand in one file."""
    content = _content(path)
    return frozenset(data for data in _data_files(package) if data.name.encode() in content)


@cache
def _data_files(package: Path) -> tuple[Path, ...]:
    """Return the files of the package that are not Python."""
    return tuple(
        path for path in package.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")
    )


@cache
def _modules(path: Path, package: Path) -> frozenset[Path]:
    """Return the files of the package's modules that one file's imports load."""
    within = path.relative_to(package.parent).parent.parts if path.is_relative_to(package) else ()
    names = (name for node in _parsed(path)[1] for name in _imported(node, within))
    return frozenset(
        file for name in names if name[0] == package.name for file in _files(name, package)
    )


def _imported(
    node: ast.Import | ast.ImportFrom, within: tuple[str, ...]
) -> Iterator[tuple[str, ...]]:
    """Yield the dotted names, as tuples, that an import may load as modules.

    `within` is the package that relative imports start from; empty in a script.
    """
    if isinstance(node, ast.Import):
        yield from (tuple(alias.name.split(".")) for alias in node.names)
        return
    base = tuple(node.module.split(".")) if node.module else ()
    if node.level:
        base = within[: len(within) - node.level + 1] + base
    # What is imported from a package may be a module of it or a name in it: `_files` finds out.
    yield from ((*base, alias.name) for alias in node.names if base)


def _files(name: tuple[str, ...], package: Path) -> Iterator[Path]:
    """Yield the files that importing a dotted name loads: its packages, and itself if a module."""
    for depth in range(1, len(name) + 1):
        path = package.parent.joinpath(*name[:depth])
        for file in (path / "__init__.py", path.with_suffix(".py")):
            if file.is_file():
                yield file


@cache
def _content(path: Path) -> bytes:
    """Return a file's bytes; of a Python file, its syntax tree without docstrings and positions."""
    return _parsed(path)[0] if path.suffix == ".py" else path.read_bytes()


DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@cache
def _parsed(path: Path) -> tuple[bytes, list[ast.Import | ast.ImportFrom]]:
    """Return what counts of a Python file, and its imports.

    The tree is discarded at once: to keep the trees of all files would cost more time than all
    the rest.
    """
    try:
        tree = ast.parse(path.read_bytes(), filename=str(path))
    except SyntaxError as error:
        raise UserError(f"{path}: line {error.lineno} is not Python ({error.msg})") from error
    imports: list[ast.Import | ast.ImportFrom] = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            imports.append(node)
        elif isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False):
            del node.body[0]
    return ast.dump(tree).encode(), imports
