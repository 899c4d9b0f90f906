"""How long each way of the Numba backend takes for one convolution.

``python docs/results/cpu/convolution_ways.py [--outputs 2]`` prints a table: milliseconds for y, dx
and dw, and in brackets the arithmetic that it stands for in GFLOP/s. ``--outputs 2`` has Winograd's
tiles compute 2 x 2 outputs in place of 4 x 4. The best of several runs, all cores.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable

import numpy as np

# images, channels, size, filters, taps, stride, padding, groups
LAYERS = {
    "cifar conv1": (128, 3, 32, 32, 5, 1, 2, 1),
    "cifar conv2": (128, 32, 16, 32, 5, 1, 2, 1),
    "cifar conv3": (128, 32, 8, 64, 5, 1, 2, 1),
    "alexnet conv1": (128, 3, 227, 96, 11, 4, 0, 1),
    "alexnet conv2": (128, 96, 27, 256, 5, 1, 2, 2),
    "alexnet conv3": (128, 256, 13, 384, 3, 1, 1, 1),
    "alexnet conv4": (128, 384, 13, 384, 3, 1, 1, 2),
    "alexnet conv5": (128, 384, 13, 256, 3, 1, 1, 2),
    "conv3, 1 image": (1, 192, 13, 384, 3, 1, 1, 1),
    "conv3, 8 images": (8, 192, 13, 384, 3, 1, 1, 1),
}


def best(work: Callable[[], object], turns: int = 7) -> float:
    """Milliseconds of the fastest turn."""
    work()
    times = []
    for _ in range(turns):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1e3 * min(times)


def measure(name: str, only_tiles: bool) -> None:
    from tinyalex import backends
    from tinyalex.backends.numba.conv import direct
    from tinyalex.backends.numba.conv import im2col as columns
    from tinyalex.backends.numba.conv import winograd as tiles

    N, C, H, F, r, s, p, G = LAYERS[name]
    backend, rng = backends.get("numba"), np.random.default_rng(0)
    workers = backend.workers
    OH = (H + 2 * p - r) // s + 1
    x, w, b, dy = (
        rng.standard_normal(shape).astype(np.float32)
        for shape in ((N, C, H, H), (G, F // G, C // G, r, r), (F,), (N, F, OH, OH))
    )
    y, dx, around, none = np.empty_like(dy), np.empty_like(x), (r - 1 - p,) * 2, np.zeros(C, "f")
    flipped = w[..., ::-1, ::-1].swapaxes(1, 2)
    gflop = 2e-9 * dy.size * (C // G) * r * r
    ways = {
        "columns": (
            lambda: columns.forward(workers, x, w, b, (s, s), (p, p), y),
            lambda: columns.forward(workers, dy, flipped, none, (1, 1), around, dx),
            lambda: columns.weight_gradient(workers, dy, x, w.shape, (s, s), (p, p)),
        ),
        "direct": (
            lambda: direct.forward(workers, x, w, b, (s, s), (p, p), y),
            lambda: direct.input_gradient(workers, dy, w, around, dx),
            lambda: direct.weight_gradient(workers, dy, x, w.shape, (s, s), (p, p)),
        ),
        "tiles": (
            lambda: tiles.forward(workers, x, w, b, (p, p), y),
            lambda: tiles.input_gradient(workers, dy, w, around, dx),
            lambda: tiles.weight_gradient(workers, dy, x, w.shape, (p, p)),
        ),
    }
    if r not in (3, 5):
        del ways["tiles"]
    for way, (forward, back, weights) in ways.items():
        if only_tiles and way != "tiles":
            continue
        cells = []
        with backend._blas.limit(limits=1):
            for work in (forward, back if s == 1 and C > 3 else None, weights):
                ms = best(work) if work else 0.0
                cells.append(f"{ms:8.2f} ({1e3 * gflop / ms:5.0f})" if work else " " * 16)
        print(f"{name:16} {way:8} " + " ".join(cells), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--outputs", type=int, default=4)
    outputs = parser.parse_args().outputs
    if outputs != 4:  # kernels on the disk are for 4
        os.environ["NUMBA_CACHE_DIR"] = tempfile.mkdtemp()
    from tinyalex.backends.numba.conv import winograd_blocks as numba_tile_blocks

    numba_tile_blocks.M = outputs
    print(f"{'layer':16} {'way':8} {'y: ms (GFLOP/s)':>16} {'dx':>16} {'dw':>16}")
    for name in LAYERS:
        measure(name, only_tiles=outputs != 4)


if __name__ == "__main__":
    main()
