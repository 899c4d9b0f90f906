"""How long each way of the Numba backend takes for one convolution, and which choices are best.

``python docs/results/cpu/convolution_ways.py [--outputs 2]`` prints a table: milliseconds for y, dx
and dw, and in brackets the arithmetic that it stands for in GFLOP/s. ``--outputs 2`` has Winograd's
tiles compute 2 x 2 outputs in place of 4 x 4. The best of several runs, all cores.

``--choices TURNS`` compares other choices with those in force, and ``--images TURNS`` Winograd's
tiles with direct convolution for few images: the table in ``tinyalex/backends/numba/choices.py``
comes from there. One thread; turns alternate, and a turn's time is the processor's, not the
clock's, so that other processes disturb little. A ratio is the median of the turns' ratios, with
its quartiles; below 1 the other choice is faster. "itself" shows how far noise goes.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np

Ways = dict[str, dict[str, Callable[[], object]]]
Change = tuple[str, list[tuple[Any, str, Any]]]  # its name; objects, their attributes, new values

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
# Those that differ in torchvision's layout.
TRIED = LAYERS | {
    "vision conv1": (128, 3, 224, 64, 11, 4, 2, 1),
    "vision conv2": (128, 64, 27, 192, 5, 1, 2, 1),
    "vision conv3": (128, 192, 13, 384, 3, 1, 1, 1),
    "vision conv4": (128, 384, 13, 256, 3, 1, 1, 1),
    "vision conv5": (128, 256, 13, 256, 3, 1, 1, 1),
}
BLOCKS = [(1, 6, 1), (1, 8, 1), (1, 4, 2), (1, 5, 2), (1, 6, 2), (1, 7, 2), (1, 3, 3), (1, 4, 3)]
TAPS = [(8, 1), (5, 2), (6, 2), (3, 3), (4, 3), (3, 4)]
MEBIBYTES = [8, 16, 32]
IMAGES = {
    "alexnet conv2": (1, 2, 4),
    "alexnet conv3": (1, 4, 8, 12, 24, 32),
    "alexnet conv5": (4, 8, 12, 24, 32, 48),
    "cifar conv2": (2, 4, 8, 12, 16),
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


def layer(workers: Any, size: tuple[int, ...], images: int = 0) -> tuple[Ways, float]:
    """Every way to compute y, dx and dw; and the arithmetic of each, in GFLOP."""
    from tinyalex.backends.numba.conv import direct
    from tinyalex.backends.numba.conv import im2col as columns
    from tinyalex.backends.numba.conv import winograd as tiles

    N, C, H, F, r, s, p, G = size
    N, rng = images or N, np.random.default_rng(0)
    OH = (H + 2 * p - r) // s + 1
    x, w, b, dy = (
        rng.standard_normal(shape).astype(np.float32)
        for shape in ((N, C, H, H), (G, F // G, C // G, r, r), (F,), (N, F, OH, OH))
    )
    y, dx, around, none = np.empty_like(dy), np.empty_like(x), (r - 1 - p,) * 2, np.zeros(C, "f")
    flipped = w[..., ::-1, ::-1].swapaxes(1, 2)
    ways: Ways = {
        "columns": {
            "y": lambda: columns.forward(workers, x, w, b, (s, s), (p, p), y),
            "dx": lambda: columns.forward(workers, dy, flipped, none, (1, 1), around, dx),
            "dw": lambda: columns.weight_gradient(workers, dy, x, w.shape, (s, s), (p, p)),
        },
        "direct": {
            "y": lambda: direct.forward(workers, x, w, b, (s, s), (p, p), y),
            "dx": lambda: direct.input_gradient(workers, dy, w, around, dx),
            "dw": lambda: direct.weight_gradient(workers, dy, x, w.shape, (s, s), (p, p)),
        },
        "tiles": {
            "y": lambda: tiles.forward(workers, x, w, b, (p, p), y),
            "dx": lambda: tiles.input_gradient(workers, dy, w, around, dx),
            "dw": lambda: tiles.weight_gradient(workers, dy, x, w.shape, (p, p)),
        },
    }
    if r not in (3, 5):
        del ways["tiles"]
    for results in ways.values():
        if s > 1 or C == 3:
            del results["dx"]
    return ways, 2e-9 * dy.size * (C // G) * r * r


def measure(name: str, only_tiles: bool) -> None:
    from tinyalex import backends

    backend = backends.get("numba")
    ways, gflop = layer(backend.workers, LAYERS[name])
    for way, results in ways.items():
        if only_tiles and way != "tiles":
            continue
        cells = []
        with backend._blas.limit(limits=1):
            for result in ("y", "dx", "dw"):
                work = results.get(result)
                ms = best(work) if work else 0.0
                cells.append(f"{ms:8.2f} ({1e3 * gflop / ms:5.0f})" if work else " " * 16)
        print(f"{name:16} {way:8} " + " ".join(cells), flush=True)


def compare(what: str, gflop: float, before: Callable[[], object], after: Any, turns: int) -> None:
    """Print how fast ``before`` is, and how much of its time ``after`` takes."""
    after(), before()
    times = np.empty((turns, 2))
    for turn in range(turns):
        for which in (0, 1) if turn % 2 else (1, 0):
            start = time.process_time()
            (before, after)[which]()
            times[turn, which] = time.process_time() - start
    low, median, high = np.quantile(times[:, 1] / times[:, 0], (0.25, 0.5, 0.75))
    rate = gflop / np.median(times[:, 0])
    print(f"{what:58} {rate:5.0f} GFLOP/s   {median:.2f} ({low:.2f}-{high:.2f})", flush=True)


def changes(workers: Any, name: str, result: str) -> Iterator[tuple[str, Change]]:
    """For one layer and result: the way that a change is about, and the change."""
    from tinyalex.backends.numba.conv import direct

    now = workers.choices
    if name in ("alexnet conv1", "vision conv1", "cifar conv1"):
        yield "direct", ("itself", [(direct, "PARTS", direct.PARTS)])
        for block in BLOCKS if result == "y" else ():
            shape = direct, "block_for", lambda F, OH, OW, b=block: b
            yield "direct", (f"blocks of {block}", [shape])
        for taps, vectors in TAPS if result == "dw" else ():
            width = direct, "vectors_for", lambda F, v=vectors: v
            most = direct, "max_taps", lambda _, t=taps: t
            yield "direct", (f"blocks of {taps} taps, {vectors} vectors", [width, most])
    if name in ("alexnet conv3", "vision conv3", "vision conv4", "vision conv5"):
        yield "tiles", ("itself", [(workers, "choices", now)])
        for mebibytes in MEBIBYTES:
            other = replace(now, plane_bytes=mebibytes << 20)
            yield "tiles", (f"planes of {mebibytes} MiB", [(workers, "choices", other)])


def one_thread() -> Any:
    from tinyalex import backends
    from tinyalex.check.bench.machine import cpu_name

    backend = backends.get("numba", threads=1)
    print(f"{cpu_name()}; in force: {backend.workers.choices}\n")
    return backend


def try_choices(turns: int) -> None:
    backend = one_thread()
    workers = backend.workers

    def changed(work: Callable[[], object], change: Change) -> Callable[[], object]:
        def run() -> None:
            with ExitStack() as stack:
                for owner, attribute, value in change[1]:
                    stack.enter_context(mock.patch.object(owner, attribute, value))
                work()

        return run

    with backend._blas.limit(limits=1):
        for name, size in TRIED.items():
            for result in ("y", "dx", "dw"):
                for way, change in changes(workers, name, result):
                    ways, gflop = layer(workers, size, 8 if size[2] > 99 else 128)
                    if work := ways[way].get(result):
                        what = f"{name}, {result}, {way}: {change[0]}"
                        compare(what, gflop, work, changed(work, change), turns)


def try_images(turns: int) -> None:
    backend = one_thread()
    with backend._blas.limit(limits=1):
        for name, counts in IMAGES.items():
            for result in ("y", "dx", "dw"):
                for images in counts:
                    ways, gflop = layer(backend.workers, TRIED[name], images)
                    what = f"{name}, {result}, direct: tiles, {images} images"
                    compare(what, gflop, ways["direct"][result], ways["tiles"][result], turns)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--outputs", type=int, default=4)
    parser.add_argument("--choices", type=int, metavar="TURNS")
    parser.add_argument("--images", type=int, metavar="TURNS")
    options = parser.parse_args()
    if options.choices or options.images:
        (try_choices if options.choices else try_images)(options.choices or options.images)
        return
    outputs = options.outputs
    if outputs != 4:  # kernels on the disk are for 4
        os.environ["NUMBA_CACHE_DIR"] = tempfile.mkdtemp()
    from tinyalex.backends.numba.conv import winograd_blocks as numba_tile_blocks

    numba_tile_blocks.M = outputs
    print(f"{'layer':16} {'way':8} {'y: ms (GFLOP/s)':>16} {'dx':>16} {'dw':>16}")
    for name in LAYERS:
        measure(name, only_tiles=outputs != 4)


if __name__ == "__main__":
    main()
