"""Compile the GPU kernels without a GPU, and count the registers that each of them takes.

    python -m tests.backends.cuda_compile > docs/results/gpu/registers.txt

numba-cuda turns a kernel into PTX, and ptxas, which comes with NVIDIA's wheel of nvcc, turns that
into a GPU's own instructions. ptxas says how many registers a thread needs, how much local memory,
and whether it had to spill: to move registers to memory and back, hundreds of times as slow.
"""

from __future__ import annotations

import importlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from types import SimpleNamespace
from typing import Any

from numba import cuda, types
from numba.cuda import dispatcher

from tests.backends import cuda_kernels
from tests.backends.cuda_ptxas import needs_of, release
from tinyalex.backends.cuda import lrn as cuda_norm

CAPABILITIES = [(7, 5), (8, 0), (9, 0), (10, 0)]  # Turing, Ampere, Hopper, Blackwell
WINDOW = 5  # channels that the paper's normalisation sums over


@cache
def dispatcher_of(name: str, dtype: str = "float32", window: int = WINDOW) -> Any:
    """A kernel by its name; those of `lrn.local_response_norm` are made for a type and a window."""
    module, _, function = name.partition(".")
    if module == "lrn" and function in ("forward", "backward"):
        return cuda_norm.local_response_norm(window, dtype)[function == "backward"]
    return getattr(importlib.import_module(f"tinyalex.backends.cuda.{module}"), function)


@cache
def ptx(
    name: str,
    cc: tuple[int, int],
    dtype: str = "float32",
    window: int = WINDOW,
    mixed: int | None = None,
) -> str:
    """PTX of a kernel, for the types that `cuda_launch` compiles it for.

    ``mixed`` is one of the ways to launch it on bfloat16 arrays, which it gets as uint16.
    """

    def argument(kind: str) -> Any:
        number = kind.removesuffix("*").replace("real", dtype).replace("bfloat16", "uint16")
        is_array = kind.endswith("*")
        return types.CPointer(getattr(types, number)) if is_array else getattr(types, number)

    kernel = cuda_kernels.KERNELS[name]
    kinds = cuda_kernels.kinds(kernel) if mixed is None else cuda_kernels.MIXED[name][mixed]
    signature = types.void(*map(argument, kinds))
    # A kernel's device functions ask the current GPU what it is; here there may be none.
    asked = dispatcher.get_current_device
    dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=cc)
    try:
        function = dispatcher_of(name, dtype, window).py_func
        text, _ = cuda.compile(function, signature, device=False, abi="numba", cc=cc)
    finally:
        dispatcher.get_current_device = asked
    return str(text)


# ---------------------------------------------------------------------- the table


def tools() -> str:
    """What the counts depend on."""
    try:
        nvvm = version("nvidia-nvvm")
    except PackageNotFoundError:  # that of a toolkit which pip did not install
        nvvm = "unknown"
    return (
        f"numba {version('numba')}, numba-cuda {version('numba-cuda')}, "
        f"nvvm {nvvm}, ptxas {release()}"
    )


def table() -> str:
    """All kernels on all capabilities, float32."""
    heads = "".join(f"{f'{major}.{minor}':>8}" for major, minor in CAPABILITIES)
    lines = [
        "Registers of a thread by compute capability, float32; windows of 5 channels in lrn.",
        "Compiled, not run: python -m tests.backends.cuda_compile > docs/results/gpu/registers.txt",
        tools(),
        "",
        f"{'kernel':<36}{heads}{'local':>8}{'spilled':>9}",
    ]
    for name in cuda_kernels.KERNELS:
        needs = [needs_of(ptx(name, cc), cc) for cc in CAPABILITIES]
        registers = "".join(f"{need.registers:>8}" for need in needs)
        local = max(need.local for need in needs)
        spilled = max(need.stores + need.loads for need in needs)
        lines.append(f"{name:<36}{registers}{local:>8}{spilled:>9}")
    lines += [
        "",
        "local, spilled: bytes of local memory, and moved there and back; the most of all.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
