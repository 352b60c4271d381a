"""Forward-Forward networks, their representations and ensembles: the pipeline's library.

From Python one makes an `experiment` and a `dataset` and will `train` the one on the other, or
`open_run` what the pipeline has trained; docs/extending.md shows how. Each is imported when it is
first used, for the rules import this package whenever they are read.
"""

from importlib import import_module

__version__ = "0.1.0"
__all__ = ["Run", "dataset", "experiment", "open_run", "train", "use_variants"]


def __getattr__(name: str) -> object:
    """Return what `interactive.runs` calls so, or the version."""
    # By computed names: what is imported here decides no result of the pipeline (`fingerprint`).
    if name in __all__:
        return getattr(import_module(f"{__name__}.interactive.runs"), name)
    if name == "__version__":
        return import_module(f"{__name__}.version").__version__
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
