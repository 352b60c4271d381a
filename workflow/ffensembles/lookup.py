"""What the library holds, by names such as `analysis.balance.measure_balance`.

Catalogues name functions so, which keeps them light: a module is loaded where it is needed.
"""

from importlib import import_module
from typing import Any


def named(name: str) -> Any:
    """Return what the library has under a name."""
    module, _, attribute = name.rpartition(".")
    return getattr(import_module(f"ffensembles.{module}"), attribute)


def file_of(name: str) -> str:
    """Return the file, below the library's folder, of the module that a name is in."""
    return f"{name.rpartition('.')[0].replace('.', '/')}.py"
