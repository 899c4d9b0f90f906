"""The peak rates of a device: matrix products and copies."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tinyalex.backends import Array, Backend
from tinyalex.check.bench.job import Job
from tinyalex.check.bench.ours import backend_of

# (rows, inner, columns): a square product, and AlexNet's fc6, conv2 and conv3 at batch size 128.
SHAPES = [(2048, 2048, 2048), (4096, 9216, 128), (128, 1200, 93312), (384, 2304, 21632)]
GPU_SHAPES = [(8192, 8192, 8192)]  # the others leave a large GPU half idle
COPY_BYTES = 1 << 28
_SECONDS = 0.4  # per shape and method


def measure(job: Job) -> dict[str, Any]:
    """Find the fastest matrix product in a job's precision, and the bandwidth of a copy.

    Returns
    -------
    dict
        ``gemm_gflops``, its ``gemm_shape`` and ``gemm_way`` (``"library"``: one product that the
        library shares among its threads; ``"blocks"``: column blocks that the backend shares);
        ``precision``;
        ``copy_gb_per_s``, bytes read plus bytes written; ``trials``, everything that was tried.
    """
    backend, threads = backend_of(job), job.threads
    on_gpu = backend.name == "cuda"
    ways = {"library": _library} if on_gpu else {"library": _library, "blocks": _blocks}
    trials: list[dict[str, Any]] = []
    for shape in SHAPES + (GPU_SHAPES if on_gpu else []):
        for way, product in ways.items():
            seconds = _fastest(product(backend, shape), backend)
            rows, inner, columns = shape
            gflops = 2e-9 * rows * inner * columns / seconds
            trials.append({"shape": list(shape), "way": way, "gflops": gflops})
    best = max(trials, key=lambda trial: trial["gflops"])
    return {
        "gemm_gflops": best["gflops"],
        "gemm_shape": best["shape"],
        "gemm_way": best["way"],
        "precision": job.precision,
        "copy_gb_per_s": 2e-9 * COPY_BYTES / _fastest(_copy(backend, threads), backend),
        "trials": trials,
    }


def _operands(backend: Backend, shape: tuple[int, int, int]) -> tuple[Array, Array, Array]:
    rows, inner, columns = shape
    noise = backend.generator(0)
    a, b = noise.normal((rows, inner)), noise.normal((inner, columns))
    return a, b, backend.xp.zeros((rows, columns), dtype=backend.xp.float32)


def _library(backend: Backend, shape: tuple[int, int, int]) -> Callable[[], None]:
    a, b, out = _operands(backend, shape)
    if (backend.name, backend.precision) != ("cuda", "bf16"):  # a CPU computes in float32 then
        return lambda: backend.xp.matmul(a, b, out=out)
    gpu: Any = backend
    a, b = gpu.narrowed(a)[None], gpu.narrowed(b)[None]
    return lambda: gpu.matmul_into(a, b, out[None])


def _blocks(backend: Backend, shape: tuple[int, int, int]) -> Callable[[], None]:
    a, b, out = _operands(backend, shape)

    def multiply(columns: slice) -> None:
        out[:, columns] = backend.xp.matmul(a, b[:, columns])

    return lambda: backend.each(multiply, shape[2], 1, backend.threads)


def _copy(backend: Backend, threads: int) -> Callable[[], None]:
    xp = backend.xp
    numbers = COPY_BYTES // 4
    source = xp.ones(numbers, dtype=xp.float32)
    target = xp.zeros(numbers, dtype=xp.float32)

    def copy(rows: slice) -> None:
        part = slice(rows.start << 16, rows.stop << 16)
        target[part] = source[part]

    # Rows of 65,536 numbers: slices of `each` have at most a million items, which fit the cache.
    return lambda: backend.each(copy, numbers >> 16, 1, 4 * max(1, threads))


def _fastest(work: Callable[[], None], backend: Backend) -> float:
    """Return the seconds of the fastest call, after a first one."""
    work()
    backend.synchronize()
    best, spent = float("inf"), 0.0
    while spent < _SECONDS:
        start = time.perf_counter()
        work()
        backend.synchronize()
        seconds = time.perf_counter() - start
        best, spent = min(best, seconds), spent + seconds
    return best
