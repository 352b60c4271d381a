"""Choosing a device, its precision, and what fits on it."""

import pytest
import torch

from ffensembles.errors import UserError
from ffensembles.learning import devices
from ffensembles.learning.devices import choose, memory_errors, precision, product_dtype
from ffensembles.learning.float32 import ROUTES, fastest_route

CPU = torch.device("cpu")


def test_cuda_without_a_gpu_is_a_users_mistake(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose("auto") == choose("cpu") == CPU
    with pytest.raises(UserError, match=r"device: cuda.*choose device auto or cpu"):
        choose("cuda")


def test_auto_takes_a_gpu_where_there_is_one(monkeypatch):
    monkeypatch.setattr(devices, "take_card", lambda: None)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose("auto").type == "cuda"


def test_hardware_has_a_name(monkeypatch):
    assert devices.hardware(CPU).strip()
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"{device} by NVIDIA")
    assert devices.hardware(torch.device("cuda")) == "cuda by NVIDIA"


@pytest.mark.parametrize("name", ["auto", "highest"])
def test_highest_precision_is_the_default_on_a_cpu(name):
    fine = torch.full((256, 256), 1 + 2**-12)  # bfloat16 and TF32 would make it 1
    with precision(CPU, name):
        assert product_dtype(CPU) == torch.float32
        assert torch.equal(fine @ torch.eye(256), fine)
        assert torch.get_float32_matmul_precision() == ROUTES[fastest_route()]


def test_medium_multiplies_in_bfloat16_and_ends_with_its_context():
    a, b = torch.randn(64, 64), torch.randn(64, 64)
    before = torch.get_float32_matmul_precision()
    with pytest.raises(ZeroDivisionError), precision(CPU, "medium"):
        assert product_dtype(CPU) == torch.bfloat16
        assert torch.equal(a @ b, a.bfloat16() @ b.bfloat16())
        raise ZeroDivisionError
    assert product_dtype(CPU) == torch.float32
    assert torch.get_float32_matmul_precision() == before
    assert (a @ b).dtype == torch.float32


def test_medium_sees_weights_that_changed_in_place():
    weight, x = torch.ones(3, 3, requires_grad=True), torch.ones(1, 3)
    with precision(CPU, "medium"):
        assert (x @ weight).sum() == 9
        with torch.no_grad():
            weight.zero_()
        assert (x @ weight).sum() == 0


@pytest.mark.parametrize(
    "units, said", [({"avx2": True, "amx_bf16": False}, True), ({"amx_bf16": True}, False)]
)
def test_medium_is_told_to_be_slow_on_a_cpu_without_bfloat16_units(
    monkeypatch, caplog, units, said
):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: units)
    with precision(CPU, "medium"):
        pass
    assert ("set precision: highest" in caplog.text) == said
    caplog.clear()
    with precision(CPU, "highest"):
        assert not caplog.text


def test_auto_is_tf32_on_a_gpu(monkeypatch):
    asked = []
    monkeypatch.setattr(torch, "set_float32_matmul_precision", asked.append)
    with precision(torch.device("cuda"), "auto"):
        assert not torch.is_autocast_enabled("cuda")
    assert asked[0] == "high"


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        torch.AcceleratorError("CUDA error: out of memory", 2),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasSgemm"),
        RuntimeError("CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling cublasCreate"),
        MemoryError(),
    ],
)
def test_running_out_of_memory_is_told_in_one_line(error):
    with (
        pytest.raises(UserError, match=r"^cpu ran out of memory; buy some$"),
        memory_errors(CPU, "buy some"),
    ):
        raise error


def test_so_is_what_torch_itself_raises_on_a_cpu():
    with pytest.raises(UserError, match="ran out of memory"), memory_errors(CPU, "buy some"):
        torch.empty(2**60, dtype=torch.uint8)


@pytest.mark.parametrize(
    "first, told", [(torch.OutOfMemoryError("CUDA out of memory"), UserError), (ValueError(), None)]
)
def test_a_capture_that_fails_for_want_of_memory_is_told_from_others(first, told):
    with pytest.raises(told or RuntimeError), memory_errors(CPU, "buy some"):
        try:
            raise first
        finally:
            raise RuntimeError("operation failed due to a previous error during capture")


def test_other_errors_keep_their_traceback():
    with pytest.raises(RuntimeError, match="shape"), memory_errors(CPU, "buy some"):
        raise RuntimeError("shape mismatch")
