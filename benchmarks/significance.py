"""Time the permutation test of appendix D against a plain loop of `Generator.permuted`.

10,000 images of ten categories and 3072 units, a tenth of them in each ensemble, 200 shuffles.
The plain loop is timed on a few shuffles and scaled up, unless `--full` is given. Everything runs
in one thread, so the seconds are processor time, which other load on the machine disturbs least.
"""

import argparse
from collections.abc import Callable
from time import process_time

import numpy as np

from ffensembles.analysis.significance import p_values

CATEGORIES, IMAGES, UNITS, SHUFFLES = 10, 1000, 3072, 200


def representation(rng: np.random.Generator) -> list[np.ndarray]:
    """Return X_c of each category: sparse, and with three times the activity in its ensemble."""
    ensembles = np.array_split(rng.permutation(UNITS), CATEGORIES)
    categories = []
    for ensemble in ensembles:
        x = np.maximum(rng.standard_normal((IMAGES, UNITS), dtype=np.float32) - 1, 0)
        x[:, ensemble] *= 3
        categories.append(x)
    return categories


def active(x: np.ndarray) -> np.ndarray:
    """Return the units whose δ is positive."""
    means = x.mean(axis=0, dtype=np.float64)
    return np.flatnonzero(means > 2 * (means.sum() - means) / (UNITS - 1))


def naive_p_values(
    x: np.ndarray, units: np.ndarray, shuffles: int, rng: np.random.Generator
) -> np.ndarray:
    """Shuffle whole rows and recompute δ, as appendix D says."""

    def delta(x: np.ndarray) -> np.ndarray:
        means = x.mean(axis=0)
        return means - 2 * (means.sum() - means) / (UNITS - 1)

    observed = delta(x)
    exceeding = np.zeros(UNITS)
    for _ in range(shuffles):
        exceeding += delta(rng.permuted(x, axis=1)) > observed
    return exceeding[units] / shuffles


def seconds(function: Callable[[], object]) -> float:
    """Return how long one call takes."""
    start = process_time()
    function()
    return process_time() - start


def main() -> None:
    """Print the times and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="time all shuffles of the plain loop")
    timed = SHUFFLES if parser.parse_args().full else 4

    rng = np.random.default_rng(0)
    categories = [(x, active(x)) for x in representation(rng)]
    tested = sum(len(units) for _, units in categories)
    print(f"{CATEGORIES * IMAGES} images x {UNITS} units, {tested} units to test\n")

    naive = (
        SHUFFLES
        / timed
        * seconds(lambda: [naive_p_values(x, units, timed, rng) for x, units in categories])
    )
    note = "" if timed == SHUFFLES else f" ({timed} shuffles timed, scaled to {SHUFFLES})"
    print("| method | seconds | times faster |\n|---|---|---|")
    print(f"| plain loop{note} | {naive:.2f} | 1 |")
    for method in ("shuffle", "exact"):
        ours = min(
            seconds(lambda: [p_values(x, u, method=method, rng=rng) for x, u in categories])  # noqa: B023
            for _ in range(3)
        )
        print(f"| {method} (best of 3) | {ours:.2f} | {naive / ours:.0f} |")


if __name__ == "__main__":
    main()
