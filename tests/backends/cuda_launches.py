"""Every launch in the simulator is checked as a GPU would, and written down.

A kernel gets arrays of the device and the very types that `test_cuda_ptx` compiles; within it, an
index before an array's first number is refused (NumPy would count from the end, a GPU would read
what lies there). Threads that do not wait for one another run one after the other, the rest wait
at a barrier: the simulator's own threads of the host, and how it polls them, take a hundred times
as long.
"""

from __future__ import annotations

import math
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from numba.cuda.simulator import kernel as simulator
from numba.cuda.simulator.kernelapi import Dim3

from tests.backends import cuda_kernels
from tests.backends.cuda_graphs import queue
from tests.backends.device_array import DeviceArray, HostArrayError, host_of
from tinyalex.backends.cuda import backend as cuda
from tinyalex.backends.cuda import elementwise as cuda_elementwise
from tinyalex.backends.cuda import im2col as cuda_columns
from tinyalex.backends.cuda import launch as cuda_launch
from tinyalex.backends.cuda import random as cuda_random

ONE_AT_A_TIME = threading.Lock()  # the simulator's own limit; batches come from another thread
WIDER = {"uint8*": {"uint8*", "uint16*"}}  # positions in windows of more than 255 numbers

# Grids and block sizes by kernel, and those in mixed precision.
seen: dict[str, set[tuple[tuple[int, ...], int]]] = defaultdict(set)
seen_mixed: dict[str, set[tuple[tuple[int, ...], int]]] = defaultdict(set)


def watch() -> None:
    """Put the checks between the backend and the simulator; make the blocks small."""
    cuda_launch.block_limit = 32
    cuda_columns.SUM_THREADS = cuda_elementwise.ROW_THREADS = 8
    assert cuda_launch.SIMULATED, "set NUMBA_ENABLE_CUDASIM=1 before Python starts"
    plain = cuda_launch.launch
    for name, module in list(sys.modules.items()):
        if name.startswith(f"{cuda.__package__}.") and getattr(module, "launch", 0) is plain:
            module.launch = checked(plain)  # type: ignore[attr-defined]
    simulator.FakeWithinKernelCUDAArray = Numbers
    simulator.BlockManager.run = run_block


@contextmanager
def blocks(limit: int, waiting: int = 8) -> Iterator[None]:
    """Blocks of at most ``limit`` threads, and of ``waiting`` where they wait for one another."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cuda_launch, "block_limit", limit)
        patch.setattr(cuda_columns, "SUM_THREADS", waiting)
        patch.setattr(cuda_elementwise, "ROW_THREADS", waiting)
        yield


def run_block(manager: Any, block: tuple[int, ...], *args: Any) -> None:
    """One block of a kernel; takes the place of the simulator's `BlockManager.run`."""
    # Random words overflow on purpose.
    with np.errstate(over="ignore" if manager._f.__module__ == cuda_random.__name__ else "warn"):
        _run_block(manager._f, manager._block_dim, block, args)


def _run_block(
    function: Any, size: tuple[int, ...], block: tuple[int, ...], args: tuple[Any, ...]
) -> None:
    if "syncthreads" in function.__code__.co_names:
        barrier = threading.Barrier(math.prod(size), timeout=60)
        threads = [Waiting(barrier, function, args) for _ in np.ndindex(*size)]
        for thread, place in zip(threads, np.ndindex(*size), strict=True):
            thread.blockIdx, thread.threadIdx = Dim3(*block), Dim3(*place)
            thread.start()
        for thread in threads:
            thread.join()
        if errors := [thread.error for thread in threads if thread.error]:
            raise min(errors, key=lambda error: isinstance(error, threading.BrokenBarrierError))
        return
    current: Any = threading.current_thread()  # the simulator asks it where it is
    current.blockIdx = Dim3(*block)
    for place in np.ndindex(*size):
        current.threadIdx = Dim3(*place)
        function(*args)


class Waiting(threading.Thread):
    """A thread of a block whose threads wait for one another."""

    blockIdx: Any
    threadIdx: Any

    def __init__(
        self, barrier: threading.Barrier, function: Callable[..., None], args: tuple[Any, ...]
    ) -> None:
        super().__init__(daemon=True)
        self.barrier, self.function, self.args = barrier, function, args
        self.error: Exception | None = None

    def syncthreads(self) -> None:
        self.barrier.wait()

    def run(self) -> None:
        try:
            self.function(*self.args)
        except Exception as error:
            self.error = error
            self.barrier.abort()


class Numbers:
    """An array within a kernel. An index below zero is refused."""

    def __init__(self, item: Any) -> None:
        self.host = item._ary  # `item` is what the simulator made of the array

    def __getitem__(self, index: Any) -> Any:
        if index < 0:
            raise IndexError(f"a kernel reads number {index} of an array")
        return self.host[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        if index < 0:
            raise IndexError(f"a kernel writes number {index} of an array")
        self.host[index] = value


def checked(launch: Callable[..., None]) -> Callable[..., None]:
    """`launch.launch` with the checks."""

    def work(kernel: Any, grid: tuple[int, ...], threads: int, *args: Any) -> None:
        name = f"{kernel.fn.__module__.rpartition('.')[2]}.{kernel.fn.__name__}"
        mixed = check_types(name, args)
        if threads % cuda_launch.WARP and threads not in _fixed_blocks():
            raise ValueError(f"{name}: {threads} threads are not whole warps")
        (seen_mixed if mixed else seen)[name].add((tuple(grid), threads))
        queue(one_at_a_time, kernel, grid, threads, *map(host_of, args))

    def one_at_a_time(*args: Any) -> None:
        with ONE_AT_A_TIME:
            launch(*args)

    return work


def _fixed_blocks() -> set[int]:
    return {cuda_columns.SUM_THREADS, cuda_elementwise.ROW_THREADS}


def check_types(name: str, args: tuple[Any, ...]) -> bool:
    """Refuse what the compiled kernel would not be given; a test's own kernel takes anything.

    Returns whether some of the arrays are bfloat16.
    """
    kernel = cuda_kernels.KERNELS.get(name)
    if kernel is None:
        return False
    kinds = [kind_of(value) for value in args]
    if "bfloat16*" in kinds:
        ways = cuda_kernels.mixed_kinds(kernel)
        if not any(all(map(_fits, kinds, way)) for way in ways):
            raise TypeError(f"{name}: in mixed precision one of {ways} (got {kinds})")
        return True
    reals = set()
    for parameter, wanted, got in zip(
        kernel.parameters, cuda_kernels.kinds(kernel), kinds, strict=True
    ):
        if wanted.startswith("real"):
            reals.add(got.removesuffix("*"))
            matches = got.removesuffix("*") in ("float32", "float64") and (
                got.endswith("*") == wanted.endswith("*")
            )
        else:
            matches = _fits(got, wanted)
        if not matches:
            raise TypeError(f"{name}: {parameter} must be {wanted} (got {got})")
    if len(reals) > 1:
        raise TypeError(f"{name}: numbers of several widths ({', '.join(sorted(reals))})")
    return False


def _fits(got: str, wanted: str) -> bool:
    return got in WIDER.get(wanted, {wanted})


def kind_of(value: Any) -> str:
    """The type of an argument as `cuda_launch` compiles it."""
    if isinstance(value, np.ndarray):
        raise HostArrayError("a NumPy array was passed to a kernel")
    if isinstance(value, DeviceArray) and value.ndim:
        return f"{value.dtype}*"
    if isinstance(value, np.generic):
        return str(value.dtype)
    if type(value) is int:
        return "int64"
    raise TypeError(f"{value!r} cannot be passed to a kernel")
