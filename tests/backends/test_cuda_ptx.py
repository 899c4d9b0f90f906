"""Every kernel compiles to PTX, for GPUs from Turing to Blackwell; no GPU is needed for that."""

from __future__ import annotations

import inspect
import os
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("cupy")
pytest.importorskip("cuda.core")
pytest.importorskip("numba_cuda")
if os.environ.get("NUMBA_ENABLE_CUDASIM", "0") != "0":
    pytest.skip("the simulator does not compile", allow_module_level=True)

from numba import cuda, types  # noqa: E402
from numba.cuda import dispatcher  # noqa: E402

from tinyalex.backends import (  # noqa: E402
    cuda_columns,
    cuda_elementwise,
    cuda_norm,
    cuda_pool,
    cuda_random,
)

try:
    from numba.cuda.cudadrv import nvvm

    nvvm.NVVM()
except Exception as error:
    pytest.skip(f"no compiler for PTX: {error}", allow_module_level=True)

CAPABILITIES = [(7, 5), (8, 0), (9, 0), (10, 0)]
REALS = {"float32": types.float32, "float64": types.float64}
WHOLE_ARRAYS = {"where": types.uint8, "images": types.uint8, "labels": types.int64} | {
    name: types.int64 for name in ("tops", "lefts", "mirrors")
}
ARRAYS = {
    *("x", "y", "cols", "rows", "z", "b", "dy", "dx", "sums", "g", "v", "losses", "dlogits"),
    *("logits", "mean", "colour", "through", "out"),
}
NUMBERS = {"alpha", "beta", "k", "lr", "momentum", "weight_decay", "real"}


def kernels_of(module: ModuleType) -> list[Any]:
    """The kernels that a module defines; the functions that only kernels call are left out."""
    dispatchers = [k for k in vars(module).values() if hasattr(k, "py_func")]
    return [
        k
        for k in dispatchers
        if k.py_func.__module__ == module.__name__ and not k.targetoptions.get("device")
    ]


def signature(kernel: Any, real: Any) -> Any:
    """What `cuda_launch.launch` compiles a kernel for."""
    names = list(inspect.signature(kernel.py_func).parameters)

    def argument(name: str) -> Any:
        if name in ("key_0", "key_1"):
            return types.uint64
        if name == "std":
            return types.float64
        if name == "scale":
            return real if "images" in names else types.CPointer(real)
        if name == "w":
            return types.CPointer(real) if "momentum" in names else types.int64
        if name in WHOLE_ARRAYS:
            return types.CPointer(WHOLE_ARRAYS[name])
        if name in NUMBERS:
            return real
        return types.CPointer(real) if name in ARRAYS else types.int64

    return types.void(*map(argument, names))


MODULES = (cuda_columns, cuda_elementwise, cuda_norm, cuda_pool, cuda_random)
KERNELS = [k for module in MODULES for k in kernels_of(module)]


def ptx(monkeypatch: pytest.MonkeyPatch, kernel: Any, real: Any, cc: tuple[int, int]) -> str:
    # A kernel's device functions ask the current GPU what it is; here there may be none.
    gpu = SimpleNamespace(compute_capability=cc)
    monkeypatch.setattr(dispatcher, "get_current_device", lambda: gpu)
    text, _ = cuda.compile(
        kernel.py_func, signature(kernel, real), device=False, abi="numba", cc=cc
    )
    return str(text)


def test_the_kernels_are_found() -> None:
    assert len(KERNELS) >= 20


@pytest.mark.parametrize("cc", CAPABILITIES, ids=lambda cc: f"{cc[0]}.{cc[1]}")
@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.py_func.__name__)
def test_a_kernel_compiles(monkeypatch: pytest.MonkeyPatch, kernel: Any, cc: Any) -> None:
    text = ptx(monkeypatch, kernel, types.float32, cc)
    assert f".target sm_{cc[0]}{cc[1]}" in text and ".entry" in text


@pytest.mark.parametrize("dtype", REALS)
@pytest.mark.parametrize("size", [1, 4, 5, 9])
def test_cross_map_norm_keeps_its_window_in_registers(
    monkeypatch: pytest.MonkeyPatch, size: int, dtype: str
) -> None:
    for kernel in cuda_norm.cross_map(size, dtype):
        text = ptx(monkeypatch, kernel, REALS[dtype], (9, 0))
        assert "ld.local" not in text and "st.local" not in text


@pytest.mark.parametrize(
    "kernel",
    [k for m in (cuda_columns, cuda_norm, cuda_pool) for k in kernels_of(m)],
    ids=lambda k: k.py_func.__name__,
)
def test_float32_stays_float32(monkeypatch: pytest.MonkeyPatch, kernel: Any) -> None:
    """A constant of the wrong width would make a kernel compute in float64, unseen and slow."""
    text = ptx(monkeypatch, kernel, types.float32, (9, 0))
    wide = {"add.f64", "mul.f64", "fma.rn.f64", "div.rn.f64"}
    if kernel is not cuda_columns.sum_maps:  # its last sum, of a block's threads, is float64
        assert not [operation for operation in wide if operation in text]
