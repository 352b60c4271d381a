"""A fingerprint of the code behind a result, so that only code that can change it reruns it.

It covers a script and every module of the package that the script imports, directly or through
other modules. It is taken from the syntax trees: comments, docstrings and layout do not count.
Nothing is imported or run, and each file is read once in the life of a process.

Not seen: modules imported by a computed name, and data files named by a computed string. Python
writes its syntax trees differently from one minor version to another; so do the fingerprints.
"""

import ast
import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path


def fingerprint(script: str | Path, package: str | Path) -> str:
    """Return a hash of what `script` runs of its own and of the Python package in a folder.

    Data files beside a module count where the module's code names them, by file name or, as
    Matplotlib names styles, by stem.

    Args:
        script: a Python file.
        package: the folder of the package, whose name is the package's.

    Raises:
        SyntaxError: a file is not Python.
    """
    script, package = Path(script), Path(package)
    parts = [_code(script).encode()]
    for module in sorted(_closure(script, package)):
        parts += [str(module.relative_to(package)).encode(), _code(module).encode()]
        parts += [data.read_bytes() for data in _data_files(module)]
    digests = b"".join(hashlib.sha256(part).digest() for part in parts)
    return hashlib.sha256(digests).hexdigest()[:16]


def _closure(script: Path, package: Path) -> set[Path]:
    """Return the files of all modules of the package that a script imports, transitively."""
    found: set[Path] = set()
    queue = list(_modules(script, package))
    while queue:
        module = queue.pop()
        if module not in found:
            found.add(module)
            queue.extend(_modules(module, package))
    return found


@cache
def _modules(path: Path, package: Path) -> frozenset[Path]:
    """Return the files of the package's modules that one file's imports load."""
    within = path.relative_to(package.parent).parent.parts if path.is_relative_to(package) else ()
    names = (
        name
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in _imported(node, within)
    )
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
def _data_files(module: Path) -> tuple[Path, ...]:
    """Return the files beside a module that are not Python and that its code names."""
    code = _code(module)
    return tuple(
        data
        for data in sorted(module.parent.iterdir())
        if data.suffix != ".py"
        and data.is_file()
        and re.search(rf"\b{re.escape(data.stem)}\b", code)
    )


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes(), filename=str(path))


@cache
def _code(path: Path) -> str:
    """Write out a file's syntax tree without docstrings and positions."""
    tree = _tree(path)
    for node in ast.walk(tree):
        if isinstance(
            node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        ) and ast.get_docstring(node, clean=False):
            del node.body[0]
    return ast.dump(tree)
