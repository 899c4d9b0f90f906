"""Compile the GPU kernels without a GPU, and count the registers that each of them takes.

    python -m tests.backends.cuda_compile > docs/results/gpu/registers.txt

numba-cuda turns a kernel into PTX, and ptxas, which comes with NVIDIA's wheel of nvcc, turns that
into a GPU's own instructions. ptxas says how many registers a thread needs, how much local memory,
and whether it had to spill: to move registers to memory and back, hundreds of times as slow.
"""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import tempfile
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

from numba import cuda, types
from numba.cuda import dispatcher

from tests.backends import cuda_kernels
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
def ptx(name: str, cc: tuple[int, int], dtype: str = "float32", window: int = WINDOW) -> str:
    """PTX of a kernel, for the types that `cuda_launch` compiles it for."""

    def argument(kind: str) -> Any:
        number = getattr(types, kind.removesuffix("*").replace("real", dtype))
        return types.CPointer(number) if kind.endswith("*") else number

    kernel = cuda_kernels.KERNELS[name]
    signature = types.void(*map(argument, cuda_kernels.kinds(kernel)))
    # A kernel's device functions ask the current GPU what it is; here there may be none.
    asked = dispatcher.get_current_device
    dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=cc)
    try:
        function = dispatcher_of(name, dtype, window).py_func
        text, _ = cuda.compile(function, signature, device=False, abi="numba", cc=cc)
    finally:
        dispatcher.get_current_device = asked
    return str(text)


# ---------------------------------------------------------------------- ptxas


class Needs(NamedTuple):
    """What a thread needs: registers, and bytes of local memory, spilled out and read back."""

    registers: int
    local: int
    stores: int
    loads: int


@cache
def ptxas() -> str | None:
    """Path of ptxas: from NVIDIA's wheel, or from an installed CUDA."""
    spec = find_spec("nvidia")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for path in sorted(Path(folder).glob("cu*/bin/ptxas*")):
            return str(path)
    return shutil.which("ptxas")


def needs_of(text: str, cc: tuple[int, int]) -> Needs:
    """Let ptxas assemble a kernel and read what it says of it."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "kernel.ptx"
        source.write_text(text, encoding="utf-8")
        target = ["--gpu-name", f"sm_{cc[0]}{cc[1]}", "--output-file", f"{folder}/kernel.cubin"]
        command = [ptxas() or "ptxas", "--verbose", *target, str(source)]
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    patterns = (
        r"Used (\d+) registers",
        r"(\d+) bytes stack frame",
        r"(\d+) bytes spill stores",
        r"(\d+) bytes spill loads",
    )
    return Needs(*(int(re.findall(pattern, said.stderr)[0]) for pattern in patterns))


# ---------------------------------------------------------------------- the table


def tools() -> str:
    """What the counts depend on."""
    path = ptxas() or "ptxas"
    said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60).stdout
    release = re.findall(r"V([\d.]+)", said)[0]
    try:
        nvvm = version("nvidia-nvvm")
    except PackageNotFoundError:  # that of a toolkit which pip did not install
        nvvm = "unknown"
    return (
        f"numba {version('numba')}, numba-cuda {version('numba-cuda')}, "
        f"nvvm {nvvm}, ptxas {release}"
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
