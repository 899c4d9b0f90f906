"""The GPU backend without its operations: arrays, memory, precision, synchronisation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakSet

import numpy as np

from tinyalex.backends.base import Array, Backend, Feed, check_precision
from tinyalex.backends.cuda import check, products
from tinyalex.backends.cuda.feed import CudaFeed
from tinyalex.backends.cuda.generator import DeviceGenerator
from tinyalex.backends.cuda.graph import CudaGraph
from tinyalex.errors import BackendError, ConfigError, DeviceMemoryError

WORKSPACE_MB = 512
AMPERE = 80  # compute capability of an A100, as CuPy writes it: TF32 and bfloat16 begin with it


class CudaArrays(Backend):
    """CuPy arrays in GPU memory.

    Parameters
    ----------
    precision : str
        Precision of products of float32 matrices: ``"float32"``, or ``"tf32"``, which rounds the
        factors to 10 bits of mantissa for the tensor cores and adds in float32.
    workspace_mb : int
        Workspace of a convolution, in MiB; a batch is cut into slices that fit.

    Raises
    ------
    BackendError
        CuPy, numba-cuda, a driver or a GPU is missing.
    """

    name = "cuda"
    checks_values = False
    pool: Any = None  # CuPy's memory pool; it frees nothing by itself

    def __init__(self, precision: str = "float32", workspace_mb: int = WORKSPACE_MB) -> None:
        missing = check.why_not()
        if missing:
            raise BackendError(f"backend 'cuda' is not available: {missing[0]}", missing[1])
        import cupy

        self.xp, self.pool = cupy, cupy.get_default_memory_pool()
        self.device = cupy.cuda.Device(check.gpu)
        self.use_device()
        self._bringing: dict[int, Any] = {}  # the copy stream of each compute stream
        self._graphs: WeakSet[CudaGraph] = WeakSet()
        self.set_precision(precision)
        if workspace_mb < 1:
            raise ConfigError(
                f"--workspace-mb must be at least 1 (got {workspace_mb})",
                f"--workspace-mb {WORKSPACE_MB}, or leave it out",
            )
        self.workspace, self.workspace_mb = workspace_mb << 20, workspace_mb

    def set_precision(self, precision: str) -> None:
        """Choose how float32 matrices are multiplied, here and in CuPy."""
        if check_precision(precision) == "tf32":
            self._check_ampere("tf32")
        self.precision = precision
        products.set_precision(precision == "tf32")

    def check_bfloat16(self) -> None:
        self._check_ampere("bf16")

    def _check_ampere(self, precision: str) -> None:
        capability = self.xp.cuda.Device().compute_capability
        if int(capability) < AMPERE:
            raise ConfigError(
                f"--precision {precision} needs a GPU of compute capability 8.0 or more "
                f"(this one has {capability[:-1]}.{capability[-1]})",
                "--precision float32",
            )

    def asarray(self, x: Any, dtype: Any = None) -> Array:
        return self._within_memory(lambda: self.xp.asarray(x, dtype=dtype))

    def to_host(self, x: Array) -> np.ndarray[Any, Any]:
        host: np.ndarray[Any, Any] = self.xp.asnumpy(x)
        return host

    def generator(self, *key: int) -> DeviceGenerator:
        return DeviceGenerator(self, key)

    def is_floating(self, x: Array) -> bool:
        return bool(np.issubdtype(x.dtype, np.floating))

    def synchronize(self) -> None:
        self.xp.cuda.get_current_stream().synchronize()

    def use_device(self) -> None:
        # Not `with self.device`: on leaving, it would put a context on the thread's first GPU.
        self.device.use()

    def empty(self, shape: Sequence[int], dtype: Any) -> Array:
        return self._within_memory(lambda: self.xp.empty(tuple(shape), dtype))

    def memory_held(self) -> int | None:
        if self.pool is None:
            return None
        pools = [self.pool, *(graph.pool for graph in self._graphs)]
        return sum(int(pool.total_bytes()) for pool in pools)

    def graph(self) -> CudaGraph:
        graph = CudaGraph(self.xp)
        self._graphs.add(graph)
        return graph

    def feed(self, ahead: int) -> Feed:
        if not self.overlap:
            return Feed(self.asarray)
        computing = self.xp.cuda.get_current_stream()
        if computing.ptr not in self._bringing:
            self._bringing[computing.ptr] = self.xp.cuda.Stream(non_blocking=True)
        bringing = self._bringing[computing.ptr]
        return CudaFeed(self.xp, self.pool, self.empty, computing, bringing, ahead)

    def flat(self, x: Array) -> Array:
        """Return ``x`` C-contiguous, as the kernels index it; raise for an array of the host."""
        if not isinstance(x, self.xp.ndarray):
            raise BackendError(
                f"backend 'cuda' got an array that is not on the GPU ({type(x).__name__})",
                "x = backend.asarray(x)",
            )
        return x if x.flags.c_contiguous else self.xp.ascontiguousarray(x)

    def matmul_into(self, a: Array, b: Array, out: Array, add: bool = False) -> None:
        """``out = a @ b``, or ``out += a @ b``; see `products.matmul`."""
        if out.size and a.shape[2]:
            products.matmul(a, b, out, add, self.precision == "tf32")
        elif not add:
            out[...] = 0

    def product(self, a: Array, b: Array) -> Array:
        """``a @ b`` of two matrices; transposed views will do."""
        make = self.empty if a.shape[1] else self.xp.zeros
        out = make((a.shape[0], b.shape[1]), a.dtype)
        self.matmul_into(a[None], b[None], out[None])
        return out

    def _within_memory(self, make: Callable[[], Array]) -> Array:
        """Make an array; on a full GPU, say how to use less memory."""
        try:
            return make()
        except self.xp.cuda.memory.OutOfMemoryError as error:
            raise DeviceMemoryError(
                f"the GPU's memory is full ({error})",
                "a smaller --batch-size, or a smaller --workspace-mb",
            ) from None

    def slices(self, n: int, bytes_per_item: int, min_slices: int = 1) -> list[slice]:
        """Cut to fit the workspace; ignore ``min_slices``: one launch occupies the whole GPU."""
        step = max(1, self.workspace // max(1, bytes_per_item))
        return [slice(i, min(i + step, n)) for i in range(0, n, step)] or [slice(0, 0)]
