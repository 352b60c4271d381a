"""The fastest product that is float32: what is tried, and what follows."""

import pytest
import torch

from ffensembles.learning import float32
from ffensembles.learning.devices import precision, products
from ffensembles.learning.float32 import fastest_route, is_float32

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def untried():
    fastest_route.cache_clear()
    yield
    fastest_route.cache_clear()


def pretend(monkeypatch, *, exact=True, times_as_fast=2.0):
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: True)
    monkeypatch.setattr(float32, "is_float32", lambda route: exact)
    monkeypatch.setattr(
        float32, "time_routes", lambda rounds: {"blas": times_as_fast, "onednn": 1.0}
    )


@pytest.mark.parametrize(
    "exact, times_as_fast, route",
    [(True, 1.85, "onednn"), (True, 1.1, "blas"), (False, 10.0, "blas"), (True, 0.5, "blas")],
)
def test_the_fastest_is_taken_if_it_is_float32(monkeypatch, caplog, exact, times_as_fast, route):
    pretend(monkeypatch, exact=exact, times_as_fast=times_as_fast)
    assert fastest_route() == route
    assert products(CPU, "auto") == products(CPU, "highest") == ("highest", route)
    assert str(products(CPU, "auto")) == f"highest by {route}"
    asked = {"blas": "highest", "onednn": "medium"}[route]
    with precision(CPU, "highest"):
        assert torch.get_float32_matmul_precision() == asked
        assert not torch.is_autocast_enabled("cpu")
    assert torch.get_float32_matmul_precision() == "highest"


def test_a_route_that_was_slowed_down_for_a_moment_is_not_given_up(monkeypatch):
    pretend(monkeypatch)
    blas = {float32.ROUNDS: 2.0, float32.MORE_ROUNDS: 1.1}
    monkeypatch.setattr(float32, "time_routes", lambda n: {"blas": blas[n], "onednn": 1.0})
    assert fastest_route() == "blas"


def test_it_is_tried_once(monkeypatch, caplog):
    caplog.set_level("INFO")
    pretend(monkeypatch)
    fastest_route()
    monkeypatch.setattr(float32, "time_routes", lambda rounds: pytest.fail("a second time"))
    fastest_route()
    assert caplog.text.count("float32 products by onednn; oneDNN is 2.00 times as fast") == 1


def test_torchs_own_products_are_found_to_be_float32():
    assert is_float32("blas")


@pytest.mark.parametrize("which", ["both", "first", "second"])
def test_products_that_round_their_factors_are_found_out(monkeypatch, which):
    """Also where only the one or the other factor is rounded, and to TF32's eleven bits."""
    bmm = torch.bmm

    def rounded(x):
        return (x.view(torch.int32) + 0x1000 & ~0x1FFF).view(torch.float32)

    def rounding(a, b):
        a = rounded(a.contiguous()) if which != "second" else a
        return bmm(a, rounded(b.contiguous()) if which != "first" else b)

    assert rounded(torch.tensor([1 + 2.0**-10, 1 + 2.0**-12])).tolist() == [1 + 2.0**-10, 1]
    monkeypatch.setattr(torch, "bmm", rounding)
    assert not is_float32("blas")


def test_only_a_cpu_at_highest_has_a_choice(monkeypatch):
    monkeypatch.setattr(float32, "is_float32", lambda route: pytest.fail("was tried"))
    assert str(products(torch.device("cuda"), "auto")) == "high"
    assert str(products(torch.device("cuda"), "highest")) == "highest"
    assert str(products(CPU, "medium")) == "medium"


@pytest.mark.parametrize("route", ["blas", "onednn"])
def test_both_routes_are_timed_and_torch_is_left_as_it_was(route):
    threads, before = torch.get_num_threads(), torch.get_float32_matmul_precision()
    assert float32.time_routes(2)[route] > 0
    assert (torch.get_num_threads(), torch.get_float32_matmul_precision()) == (threads, before)
