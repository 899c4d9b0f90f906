"""A CUDA graph: work that the host queues once, kernel by kernel, and then again by one call.

What is captured are kernels with their arguments. So a graph repeats the same addresses and the
same numbers: whatever changes from one time to the next must be in memory that the work reads.

Why the memory of the work is its own, and stays valid:

1. Everything within `rehearse` and `capture` is allocated from a pool that nobody else uses. What
   the work has freed by its end, the graph goes on using; no other array can get it. From CuPy's
   own pool one could, since free blocks are given back to the driver where memory is short.
2. The pool and the workspace live as long as the graph.
3. `rehearse` does the same work before, so that all kernels are compiled and the pool has all
   blocks: capturing needs nothing from the driver.

The stream that is captured does not wait for the null stream by itself (``non_blocking``): CUDA
would refuse what other threads do there meanwhile, such as preparing batches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import numpy as np

from tinyalex.backends.cuda import cublas

T = TypeVar("T")
# By the major compute capability, as cuBLAS's documentation recommends ("cublasSetWorkspace"). With
# another size it might choose other kernels than without a graph.
WORKSPACE_MB = {9: 32, 10: 32, 12: 12}
OTHER_WORKSPACE_MB = 4


class CudaGraph:
    """Work on the GPU that can be queued again.

    Parameters
    ----------
    xp : module
        CuPy.
    """

    def __init__(self, xp: Any) -> None:
        self.xp = xp
        self.stream = xp.cuda.Stream(non_blocking=True)
        self.pool = xp.cuda.MemoryPool()
        major = int(xp.cuda.Device().compute_capability) // 10
        megabytes = WORKSPACE_MB.get(major, OTHER_WORKSPACE_MB)
        with self.stream, xp.cuda.using_allocator(self.pool.malloc):
            self.workspace = xp.empty(megabytes << 20, np.uint8)
        self._captured: Any = None

    def rehearse(self, work: Callable[[], T]) -> T:
        """Do the work for the first time, in the graph's memory; the host does not wait."""
        computing = self.xp.cuda.get_current_stream()
        self.stream.wait_event(computing.record())
        try:
            with self._own_memory():
                return work()
        finally:
            computing.wait_event(self.stream.record())

    def capture(self, work: Callable[[], T]) -> T:
        """Capture the work without doing it; `launch` fills the arrays that it returns.

        Nothing of the rehearsal may be alive any more: it gave the pool its blocks.
        """
        with self._own_memory():
            self.stream.begin_capture()
            try:
                result = work()
            except BaseException:
                with suppress(Exception):  # it says again that the work failed
                    self.stream.end_capture()
                raise
            self._captured = self.stream.end_capture()
        return result

    def launch(self) -> None:
        """Queue the captured work on the current stream."""
        self._captured.launch()

    @contextmanager
    def _own_memory(self) -> Iterator[None]:
        with (
            self.stream,
            self.xp.cuda.using_allocator(self.pool.malloc),
            cublas.capturable(self.stream, self.workspace),
        ):
            yield
