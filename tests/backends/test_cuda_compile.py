"""Every kernel compiles for GPUs from Turing to Blackwell, and fits their registers; no GPU."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tests.backends import cuda_here, cuda_kernels

cuda_here.needs("cupy", "cuda.core", "numba_cuda")
if cuda_here.SIMULATED:
    pytest.skip("the simulator does not compile", allow_module_level=True)

try:
    from numba.cuda.cudadrv import nvvm

    nvvm.NVVM()
except Exception as error:
    cuda_here.skip(f"no compiler for PTX: {error}")

from tests.backends.cuda_compile import (  # noqa: E402
    CAPABILITIES,
    dispatcher_of,
    ptx,
    table,
    tools,
)
from tests.backends.cuda_ptxas import needs_of, ptxas  # noqa: E402

TABLE = Path(__file__).parents[2] / "docs" / "results" / "gpu" / "registers.txt"
NAMES = list(cuda_kernels.KERNELS)
OF_CAPABILITY = pytest.mark.parametrize("cc", CAPABILITIES, ids=lambda cc: f"{cc[0]}.{cc[1]}")


REGISTERS, BLOCK = 65_536, 256  # of a multiprocessor; threads of our blocks
LIBRARY_USES_MEMORY = {"random.normal"}  # sin and cos of angles beyond 100,000


def needs_ptxas() -> None:
    if ptxas() is None:
        cuda_here.skip("no ptxas: pip install 'tinyalex[test-cuda]'")


@pytest.mark.parametrize("name", NAMES)
def test_a_kernel_is_found_by_its_name(name: str) -> None:
    function = dispatcher_of(name).py_func
    assert function.__code__.co_varnames[: function.__code__.co_argcount] == (
        cuda_kernels.KERNELS[name].parameters
    )


@OF_CAPABILITY
@pytest.mark.parametrize("name", NAMES)
def test_a_kernel_compiles_and_spills_nothing(name: str, cc: tuple[int, int]) -> None:
    text = ptx(name, cc)
    assert f".target sm_{cc[0]}{cc[1]}" in text and ".entry" in text
    needs_ptxas()
    needs = needs_of(text, cc)
    assert (needs.stores, needs.loads) == (0, 0)
    assert needs.local == 0 or name in LIBRARY_USES_MEMORY
    assert 3 * BLOCK * needs.registers <= REGISTERS  # three blocks share a processor


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("window", [1, 4, 5, 9])
@pytest.mark.parametrize("name", ["lrn.forward", "lrn.backward"])
def test_local_response_norm_keeps_its_window_in_registers(
    name: str, window: int, dtype: str
) -> None:
    text = ptx(name, (9, 0), dtype, window)
    assert "ld.local" not in text and "st.local" not in text


@pytest.mark.parametrize("cc", CAPABILITIES[1:], ids=lambda cc: f"{cc[0]}.{cc[1]}")
@pytest.mark.parametrize(
    ("name", "way"),
    [(name, i) for name, ways in cuda_kernels.MIXED.items() for i in range(len(ways))],
)
def test_a_kernel_compiles_in_mixed_precision_and_spills_nothing(
    name: str, way: int, cc: tuple[int, int]
) -> None:
    text = ptx(name, cc, mixed=way)
    assert ".u16" in text or ".b16" in text, "it loads no bfloat16"
    assert "call" not in text, "a conversion is not in its place"
    assert name.partition(".")[2] in WIDE or ".f64" not in text
    needs_ptxas()
    needs = needs_of(text, cc)
    assert (needs.stores, needs.loads, needs.local) == (0, 0, 0)
    assert 3 * BLOCK * needs.registers <= REGISTERS


def test_a_launch_compiles_for_the_types_of_its_arrays() -> None:
    """Of bfloat16 the bits, as uint16; and not the kernel that was compiled for uint16 numbers."""
    from numba import types

    from tinyalex.backends.base import bfloat16
    from tinyalex.backends.cuda import launch

    halves, whole, single = (np.zeros(2, kind) for kind in (bfloat16(), np.uint16, np.float32))
    assert launch._type(halves) == launch._type(whole) == types.CPointer(types.uint16)
    assert launch._type(single) == types.CPointer(types.float32)
    assert launch._type(launch.scalar(0.75, halves)) == launch._type(launch.scalar(1, single))
    assert len({launch._kind(a) for a in (halves, whole, single)}) == 3


# Their sums are in float64 on purpose, or their numbers are.
WIDE = {"sum_maps", "cross_entropy", "uniform64", "normal"}


@pytest.mark.parametrize("name", [n for n in NAMES if n.partition(".")[2] not in WIDE])
def test_float32_stays_float32(name: str) -> None:
    """A constant of the wrong width would make a kernel compute in float64, unseen and slow."""
    text = ptx(name, (9, 0))
    wide = {"add.f64", "mul.f64", "fma.rn.f64", "div.rn.f64"}
    assert not [operation for operation in wide if operation in text]


def test_the_table_of_registers_is_the_one_that_this_code_gives() -> None:
    """With other versions of the compilers, the counts differ; the kernels must not."""
    needs_ptxas()
    written = TABLE.read_text(encoding="utf-8").rstrip("\n")
    again = "python -m tests.backends.cuda_compile > docs/results/gpu/registers.txt"
    names = re.findall(r"^(\w+\.\w+) ", written, re.MULTILINE)
    assert names == NAMES, again
    if tools() in written:
        assert written == table(), again
