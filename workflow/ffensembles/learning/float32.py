"""How this CPU multiplies float32 fastest, and still in float32."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch

log = logging.getLogger(__name__)

# For each route, the precision to ask torch for. At `highest` torch uses a BLAS, MKL on x86. At
# lower precisions it uses oneDNN, which on some CPUs rounds the factors to bfloat16, and on others
# keeps float32 and is nearly twice as fast.
ROUTES = {"blas": "highest", "onednn": "medium"}
MARGIN = 1.5  # a route must be so many times as fast to be taken: timings waver, choices must not
ROUNDS = 5  # for a first look
MORE_ROUNDS = 30


@cache
def fastest_route() -> str:
    """Return the route by which products are float32 and fastest: `blas` or `onednn`.

    It is tried, once in a process: which kernels oneDNN takes depends on CPU and version.
    """
    if not (torch.backends.mkldnn.is_available() and is_float32("onednn")):
        log.info("float32 products by blas; oneDNN has none")
        return "blas"
    seconds = time_routes(ROUNDS)
    if seconds["blas"] >= MARGIN * seconds["onednn"]:
        # What shares the core may have slowed one route down, all the time that it was looked at.
        more = time_routes(MORE_ROUNDS)
        seconds = {route: min(seconds[route], more[route]) for route in ROUTES}
    gain = seconds["blas"] / seconds["onednn"]
    fastest = "onednn" if gain >= MARGIN else "blas"
    log.info("float32 products by %s; oneDNN is %.2f times as fast as BLAS", fastest, gain)
    return fastest


def is_float32(route: str) -> bool:
    """Say whether products on a route read all bits of both factors and lose none in the sum.

    They are of whole numbers of 13 bits with 1, 0 and -1: in float32 every sum is exact, whatever
    its order, whereas bfloat16 (8 bits) and TF32 (11 bits) round the numbers.
    """
    draws = torch.Generator().manual_seed(0)
    long = 2 * torch.randint(2**11, 2**12, (1, 256, 512), generator=draws) + 1
    signs = torch.randint(-1, 2, (1, 512, 512), generator=draws)
    for a, b in ((long, signs), (signs, long.mT)):
        exact = (a @ b).float()
        bias, a, b = exact[:, :1], a.float(), b.float()
        with _by(route):
            products = torch.bmm(a, b), torch.bmm(b.mT, a.mT).mT, torch.baddbmm(bias, a, b) - bias
        if not all(torch.equal(product, exact) for product in products):
            return False
    return True


def time_routes(rounds: int) -> dict[str, float]:
    """Return the seconds that one core works on a product by each route.

    It is the thread's own CPU time, whatever else the machine does: the minimum over some rounds,
    in which the routes take turns.
    """
    draws = torch.Generator().manual_seed(0)
    a, b = (torch.rand(1, n, 1024, generator=draws) for n in (256, 1024))
    best = dict.fromkeys(ROUTES, float("inf"))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    for _ in range(rounds):
        for route in ROUTES:
            with _by(route):
                started = time.thread_time()
                torch.bmm(a, b)
                best[route] = min(best[route], time.thread_time() - started)
    torch.set_num_threads(threads)
    return best


@contextmanager
def _by(route: str) -> Iterator[None]:
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(ROUTES[route])
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
