"""The device that trains: which one, at what precision, and how much fits."""

from __future__ import annotations

import ctypes
import logging
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import torch

from ffensembles.errors import UserError
from ffensembles.learning.float32 import ROUTES, fastest_route
from ffensembles.learning.gpus import take_card

log = logging.getLogger(__name__)


def choose(device: str) -> torch.device:
    """Return the device named by the config: `auto` (a GPU where there is one), `cpu`, `cuda`.

    A process has one GPU, which no other that asks here has; it waits until one is free.

    Raises:
        UserError: `cuda` is asked for and there is none that works.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda":
        if not torch.cuda.is_available():
            raise UserError(
                "device: cuda, but torch finds no usable GPU here (check nvidia-smi and the "
                f"driver; this torch is built for CUDA {torch.version.cuda}); "
                "choose device auto or cpu"
            )
        # cuBLAS repeats its results bit for bit only with a fixed workspace.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        take_card()
    return torch.device(device)


def hardware(device: torch.device) -> str:
    """Return what the device calls itself, such as `NVIDIA A100-SXM4-40GB`."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    with suppress(OSError, StopIteration):  # Linux on x86; elsewhere the architecture must do
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line for line in lines if line.startswith("model name")).split(": ")[1]
    return platform.processor() or platform.machine()


class Products(NamedTuple):
    """How matrix products are done.

    Attributes:
        precision: as torch calls it: `highest`, `high` (TF32) or `medium` (bfloat16).
        route: of `float32.ROUTES`, where there is a choice.
    """

    precision: str
    route: str | None = None

    def __str__(self) -> str:
        """Name both, as in `highest by blas`."""
        return f"{self.precision} by {self.route}" if self.route else self.precision


def products(device: torch.device, name: str) -> Products:
    """Return how a device does matrix products at a precision that the config names.

    `auto` is `highest` on a CPU and `high` on a GPU. On a CPU, `highest` goes by whatever route is
    the fastest that keeps float32.
    """
    if name == "auto":
        name = "high" if device.type == "cuda" else "highest"
    return Products(name, fastest_route() if (device.type, name) == ("cpu", "highest") else None)


@contextmanager
def precision(device: torch.device, name: str) -> Iterator[None]:
    """Run matrix products at a precision, as `products` understands it.

    On a CPU `medium` multiplies in bfloat16 and keeps all else in float32.
    """
    name, route = products(device, name)
    bfloat16 = device.type == "cpu" and name == "medium"
    if bfloat16 and not _multiplies_bfloat16():
        log.warning(
            "precision: medium is for CPUs with bfloat16 units, and this one has none: training "
            "takes several times as long; set precision: highest"
        )
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(ROUTES[route] if route else name)
    try:
        # Without its cache, which would hand out weights as they were before the last step.
        with torch.autocast(device.type, torch.bfloat16, bfloat16, cache_enabled=False):
            yield
    finally:
        torch.set_float32_matmul_precision(before)


def _multiplies_bfloat16() -> bool:
    """Say whether the CPU has instructions for it: AVX512-BF16, AMX, or Arm's."""
    return any(on for name, on in torch.cpu.get_capabilities().items() if name.endswith("bf16"))


def product_dtype(device: torch.device) -> torch.dtype:
    """Return the type in which products read their factors under the current precision."""
    if torch.is_autocast_enabled(device.type):
        return torch.get_autocast_dtype(device.type)
    return torch.float32


def keep_freed_memory() -> None:
    """Have the C library keep what is freed for the next step, up to blocks of 32 MiB.

    glibc would give it back to the system, which clears every page when it is asked for again:
    5 % (highest) to 12 % (medium) of FF's time with 1000 units on two cores.
    """
    trim_threshold, mmap_threshold = -1, -3  # malloc.h
    with suppress(AttributeError, OSError, TypeError):  # no glibc: nothing to do
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(mmap_threshold, 2**25)
        mallopt(trim_threshold, 2**31 - 1)


@contextmanager
def memory_errors(device: torch.device, cure: str) -> Iterator[None]:
    """Turn whatever torch or Python raise when memory runs out into a `UserError` with a cure."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not _ran_out_of_memory(error):
            raise
        raise UserError(f"{device.type} ran out of memory; {cure}") from error


OUT_OF_MEMORY = (
    "can't allocate memory",  # torch, on a CPU
    "CUDA error: out of memory",  # a card that others have filled
    "ALLOC_FAILED",  # cuBLAS
    "CUBLAS_STATUS_NOT_INITIALIZED",  # cuBLAS, which wants memory to begin with
)


def _ran_out_of_memory(error: BaseException | None) -> bool:
    """Say whether memory is behind an error, or behind the one during which it arose.

    One within the capture of a CUDA graph makes the capture fail in its turn.
    """
    if error is None:
        return False
    return (
        isinstance(error, MemoryError | torch.OutOfMemoryError)
        or any(words in str(error) for words in OUT_OF_MEMORY)
        or _ran_out_of_memory(error.__context__)
    )
