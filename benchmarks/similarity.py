"""Time distance correlation against the package dcor, and measure its memory at full size.

Full size is the test set of SVHN, 26,032 images, by 3072 units: float32, nothing subsampled. The
environment leaves dcor out, which brings a compiler along: `uv run --with dcor` adds it.
"""

import argparse
import resource
import subprocess
import sys
from collections.abc import Callable
from time import perf_counter

import numpy as np

from ffensembles.analysis.distance_correlation import distance_correlations

SVHN = (26_032, 3072)


def distance_correlation(*xs: np.ndarray) -> float:
    """Return the distance correlation of two representations."""
    return distance_correlations(xs, [(0, 1)])[0]


def representations(images: int, units: int, dtype: type = np.float32) -> list[np.ndarray]:
    """Return two sparse representations with something in common."""
    rng = np.random.default_rng(0)
    latent = rng.standard_normal((images, 20), dtype=np.float32)
    return [
        np.maximum(latent @ rng.standard_normal((20, units), dtype=np.float32) - 4, 0).astype(dtype)
        for _ in range(2)
    ]


def timed(function: Callable[..., float], x: list[np.ndarray]) -> tuple[float, float]:
    """Return what the function makes of two representations, and the seconds it takes."""
    start = perf_counter()
    value = float(function(*x))
    return value, perf_counter() - start


def measure_memory() -> None:
    """Run at full size in this process, and print how long it took and its peak memory."""
    value, seconds = timed(distance_correlation, representations(*SVHN))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # KiB on Linux
    print(f"| {SVHN[0]} x {SVHN[1]}, float32 | {value:.4f} | {seconds:.1f} | {peak:.2f} |")


def compare(images: int = 4000, units: int = 1000) -> None:
    """Print times at a size that the package can do."""
    import dcor

    # dcor 0.7 no longer knows NumPy's arrays when it sees them, and without its own path through
    # SciPy asks for 119 GiB here. Give that path back, so that we compare with dcor at its best.
    dcor.distances._can_be_numpy_double = lambda x: True

    x = representations(images, units, np.float64)
    truth, theirs = timed(dcor.distance_correlation, x)
    print(f"Distance correlation, {images} x {units}\n")
    print("| code | value | seconds | times faster |\n|---|---|---|---|")
    print(f"| dcor {dcor.__version__}, float64 | {truth:.9f} | {theirs:.2f} | 1 |")
    for dtype in (np.float64, np.float32):
        matrices = representations(images, units, dtype)
        value, ours = min(
            (timed(distance_correlation, matrices) for _ in range(3)), key=lambda run: run[1]
        )
        name = f"ours, {np.dtype(dtype)} (best of 3)"
        print(f"| {name} | {value:.9f} | {ours:.2f} | {theirs / ours:.0f} |")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--memory", action="store_true", help="only the full size, in this process")
    if parser.parse_args().memory:
        measure_memory()
        return
    compare()
    print("\nMemory of a process of its own, inputs included\n")
    print("| representations | value | seconds | peak GiB |\n|---|---|---|---|", flush=True)
    subprocess.run([sys.executable, __file__, "--memory"], check=True)


if __name__ == "__main__":
    main()
