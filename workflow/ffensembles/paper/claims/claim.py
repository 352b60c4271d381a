"""A claim: a statement of the paper with the check that decides it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ffensembles.paper.claims.evidence import PAPER, Evidence
from ffensembles.printing.names import DATASETS

Finding = tuple[bool | np.bool_, str]  # is it true, and the figures behind it
Check = Callable[[Evidence], Finding]


@dataclass(frozen=True)
class Claim:
    """A statement of the paper and its check.

    The check sees the evidence on one dataset (a `pooled` one on all of them), and returns whether
    the statement is true there, and the figures behind that. It raises `Missing` where the runs
    that it needs are not there.
    """

    id: str
    section: str
    statement: str  # in our words
    check: Check
    on: tuple[str, ...]  # the paper's datasets that it speaks of
    named: bool  # it names datasets or categories, so says nothing of other data
    pooled: bool  # it is about all datasets together
    learned: tuple[str, ...]  # models that must classify better than chance, see `claims_page`

    def applies_to(self, dataset: str) -> bool:
        """Say whether the statement is about this dataset, or about any data."""
        return dataset in self.on or (dataset not in PAPER and not self.named)


def claim(
    section: str,
    *,
    on: tuple[str, ...] = PAPER,
    named: bool = False,
    pooled: bool = False,
    learned: tuple[str, ...] = (),
) -> Callable[[Check], Claim]:
    """Turn the decorated check into a claim: its name is the id, its docstring the statement.

    Where the paper is vague the statement names the threshold taken. The arguments are the fields
    of `Claim`.
    """

    def make(check: Check) -> Claim:
        name = check.__name__.replace("_", "-")
        statement = " ".join((check.__doc__ or "").split())
        return Claim(name, section, statement, check, on, named, pooled, learned)

    return make


def f(values: ArrayLike, form: str = ".3f") -> str:
    """Format figures: one, or several with a slash between."""
    return " / ".join(format(value, form) for value in np.atleast_1d(np.asarray(values)))


def by_dataset(values: Mapping[str, float], form: str = ".3f") -> str:
    """Format one figure for each dataset."""
    return ", ".join(f"{DATASETS.get(name, name)} {value:{form}}" for name, value in values.items())
