"""What each replacement of a backend gains over the textbook on the same arrays.

    python docs/results/cpu/replacements.py THREADS

The shapes are those of the paper's net with 16 images, of the 13 % net with 128 for the locally
connected layer, and 10 classes. BLAS has one thread (OPENBLAS_NUM_THREADS=1). A figure is the
textbook's time over the replacement's, the shortest of several turns of each.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from tinyalex import backends
from tinyalex.backends import Backend

N, TURNS = 16, 7
CONV = (1, 1), (2, 2), 2  # conv2: stride, padding, groups
LOCAL = (1, 1), (1, 1)
NORM = 5, 1e-4, 0.75
POOL = (3, 3), (2, 2)


def noise(*shape: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)


def calls(b: Backend) -> dict[str, Callable[[], Any]]:
    """A call of each operation; what forward gives is computed once."""
    maps, conv_x, conv_w = noise(N, 96, 55, 55), noise(N, 96, 27, 27), noise(256, 48, 5, 5)
    conv_dy, cols = noise(N, 256, 27, 27), noise(N, 96 * 25, 27 * 27)
    local_x, local_w = noise(128, 64, 8, 8), noise(8, 8, 32, 64, 3, 3)
    fc_x, fc_w, fc_dy = noise(128, 9216), noise(4096, 9216), noise(128, 4096)
    _, argmax = b.max_pool2d(maps, *POOL)
    pooled = noise(*argmax.shape)
    _, scale = b.local_response_norm(maps, *NORM, 2.0)
    v, logits, labels = 0 * fc_w, noise(64, 10), np.arange(64) % 10
    images = np.random.default_rng(0).integers(0, 256, (N, 256, 256, 3), np.uint8)
    corners, mirrors = np.arange(N), np.arange(N) % 2 == 0
    mean, colour = np.zeros((3, 1, 1), np.float32), np.zeros((N, 3), np.float32)
    return {
        "im2col": lambda: b.im2col(conv_x, (5, 5), *CONV[:2]),
        "col2im": lambda: b.col2im(cols, conv_x.shape, (5, 5), *CONV[:2]),
        "conv2d": lambda: b.conv2d(conv_x, conv_w, noise(256), *CONV),
        "conv2d_backward": lambda: b.conv2d_backward(conv_dy, conv_x, conv_w, *CONV),
        "linear": lambda: b.linear(fc_x, fc_w, noise(4096)),
        "linear_backward": lambda: b.linear_backward(fc_dy, fc_x, fc_w),
        "local_conv2d": lambda: b.local_conv2d(local_x, local_w, noise(8, 8, 32), *LOCAL),
        "local_conv2d_backward": lambda: b.local_conv2d_backward(
            noise(128, 32, 8, 8), local_x, local_w, *LOCAL
        ),
        "max_pool2d": lambda: b.max_pool2d(maps, *POOL),
        "max_pool2d_backward": lambda: b.max_pool2d_backward(pooled, argmax, maps.shape, *POOL),
        "avg_pool2d": lambda: b.avg_pool2d(maps, *POOL),
        "avg_pool2d_backward": lambda: b.avg_pool2d_backward(pooled, maps.shape, *POOL),
        "local_response_norm": lambda: b.local_response_norm(maps, *NORM, 2.0),
        "local_response_norm_backward": lambda: b.local_response_norm_backward(
            maps, maps, scale, *NORM
        ),
        "spatial_response_norm": lambda: b.spatial_response_norm(maps, *NORM, 2.0),
        "spatial_response_norm_backward": lambda: b.spatial_response_norm_backward(
            maps, maps, scale, *NORM
        ),
        "relu": lambda: b.relu(maps, inplace=True),
        "relu_backward": lambda: b.relu_backward(maps, maps, inplace=True),
        "sgd_step": lambda: b.sgd_step(fc_w, fc_w, v, 1e-6, 0.9, 5e-4),
        "cross_entropy": lambda: b.cross_entropy(logits, labels),
        "cross_entropy_backward": lambda: b.cross_entropy_backward(logits, labels),
        "augment": lambda: b.augment(
            images, corners, corners, mirrors, (224, 224), mean, colour, 1.0
        ),
    }


def seconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main(threads: int) -> None:
    for name in ("numpy", "numba"):
        backend = backends.get(name, threads=threads)
        both = calls(backend), calls(backend.plain())
        print(f"\n{f'{name}, {threads} threads':34s} textbook ms  replaced ms   ratio")
        for operation in backend.replaces:
            pairs = [[seconds(one[operation]) for one in both] for _ in range(TURNS)]
            fast, plain = (1e3 * min(times) for times in zip(*pairs, strict=True))
            print(f"{operation:34s} {plain:11.2f}  {fast:11.2f}  {plain / fast:6.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]))
