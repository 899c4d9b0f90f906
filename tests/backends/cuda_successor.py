"""Compile the GPU kernels with numba-cuda-mlir, numba-cuda's successor, without a GPU.

    python -m tests.backends.cuda_successor > docs/results/gpu/successor.txt
    python -m tests.backends.cuda_successor 9.0

The kernels stay as they are: only ``numba.cuda`` is another package here. The table has the
registers per thread, as `cuda_compile` counts them with numba-cuda.
"""

from __future__ import annotations

import importlib
import sys
from functools import partial
from importlib.metadata import version
from types import ModuleType
from typing import Any

import numba
import numba_cuda_mlir
import numba_cuda_mlir.extending
import numba_cuda_mlir.tools
from numba_cuda_mlir import cuda, types

CAPABILITIES = [(8, 0), (9, 0), (10, 0)]  # Ampere, Hopper, Blackwell
numba.cuda = cuda
sys.modules["numba.cuda"] = cuda
# Its `overload` asks where to register; numba-cuda's has one place for all.
extending = ModuleType("numba.cuda.extending")
extending.overload = partial(  # type: ignore[attr-defined]
    numba_cuda_mlir.extending.overload, typing_registry=numba_cuda_mlir.extending.typing_registry
)
sys.modules["numba.cuda.extending"] = extending

from tests.backends import cuda_kernels  # noqa: E402
from tests.backends.cuda_ptxas import needs_of, release  # noqa: E402
from tinyalex.backends.cuda import lrn  # noqa: E402


def ptx(name: str, cc: tuple[int, int]) -> str:
    """PTX of a kernel for float32; windows of 5 channels in lrn."""
    module, _, function = name.partition(".")
    if module == "lrn" and function in ("forward", "backward"):
        kernel = lrn.local_response_norm(5, "float32")[function == "backward"]
    else:
        kernel = getattr(importlib.import_module(f"tinyalex.backends.cuda.{module}"), function)

    def argument(kind: str) -> Any:
        number = getattr(types, kind.removesuffix("*").replace("real", "float32"))
        return types.CPointer(number) if kind.endswith("*") else number

    signature = types.void(*map(argument, cuda_kernels.kinds(cuda_kernels.KERNELS[name])))
    numba_cuda_mlir.tools._cached_cc = cc  # it asks for a GPU, even with ``cc``
    text, _ = cuda.compile(kernel.py_func, signature, device=False, abi="numba", cc=cc)
    return str(text).rstrip("\0")  # from sm_100 on, version 0.6.0 leaves one at the end


def table(capabilities: list[tuple[int, int]]) -> str:
    """All kernels on some capabilities."""
    heads = "".join(f"{f'{major}.{minor}':>8}" for major, minor in capabilities)
    lines = [
        "Registers of a thread by compute capability, float32; windows of 5 channels in lrn.",
        "Compiled, not run: python -m tests.backends.cuda_successor",
        f"numba-cuda-mlir {version('numba-cuda-mlir')}, ptxas {release()}",
        "",
        f"{'kernel':<36}{heads}{'local':>8}{'spilled':>9}",
    ]
    for name in cuda_kernels.KERNELS:
        needs = [needs_of(ptx(name, cc), cc) for cc in capabilities]
        registers = "".join(f"{need.registers:>8}" for need in needs)
        spilled = max(need.stores + need.loads for need in needs)
        lines.append(f"{name:<36}{registers}{max(n.local for n in needs):>8}{spilled:>9}")
    return "\n".join(lines)


if __name__ == "__main__":
    words = [tuple(map(int, word.split("."))) for word in sys.argv[1:]]
    print(table([(major, minor) for major, minor in words] or CAPABILITIES))
