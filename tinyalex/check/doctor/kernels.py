"""One case per operation; together they launch every GPU kernel."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tinyalex.backends import Array, Backend
from tinyalex.check.doctor.compare import Case, Results, noise

IMAGES = (2, 4, 7, 6)
WINDOW, STEP, AROUND = (3, 2), (2, 1), (1, 0)
MAPS = (2, 7, 3, 4)
DRAWS = 2000


def _im2col(b: Backend, dtype: str) -> Results:
    return (b.im2col(noise(b, IMAGES, 0, dtype), WINDOW, STEP, AROUND),)


def _col2im(b: Backend, dtype: str) -> Results:
    cols = noise(b, (2, 24, 20), 0, dtype)  # (N, C*KH*KW, OH*OW)
    return (b.col2im(cols, IMAGES, WINDOW, STEP, AROUND),)


def _conv2d(b: Backend, dtype: str) -> Results:
    """Forward and backward at two strides: a GPU has two algorithms for dx."""
    results: list[Array] = []
    for stride in ((1, 1), (2, 1)):
        x, w = noise(b, IMAGES, 0, dtype), noise(b, (6, 2, 3, 3), 2, dtype)
        how = stride, (1, 1), 2
        y = b.conv2d(x, w, noise(b, (6,), 3, dtype), *how)
        dy = noise(b, tuple(y.shape), 1, dtype)
        results += [y, *b.conv2d_backward(dy, x, w, *how)]
    return tuple(results)


def _with_relu(b: Backend, dtype: str) -> Results:
    """Two kernels that compute the ReLU beside them too."""
    x, w = noise(b, IMAGES, 0, dtype), noise(b, (6, 2, 3, 3), 2, dtype)
    y = b.conv2d_relu(x, w, noise(b, (6,), 3, dtype), (1, 1), (1, 1), 2)
    _, scale = b.local_response_norm(y, 5, 0.3, 0.75, 2.0)
    dy = noise(b, tuple(y.shape), 1, dtype)
    return y, b.local_response_norm_relu_backward(dy, y, scale, 5, 0.3, 0.75)


def _linear(b: Backend, dtype: str) -> Results:
    x, w, dy = (noise(b, shape, 0, dtype) for shape in ((3, 7), (5, 7), (3, 5)))
    return b.linear(x, w, noise(b, (5,), 1, dtype)), *b.linear_backward(dy, x, w)


def _local_conv2d(b: Backend, dtype: str) -> Results:
    # A weight and a bias for each of 4 x 5 positions.
    w, bias = noise(b, (4, 5, 2, 4, *WINDOW), 2, dtype), noise(b, (4, 5, 2), 3, dtype)
    x = noise(b, IMAGES, 0, dtype)
    y = b.local_conv2d(x, w, bias, STEP, AROUND)
    dy = noise(b, tuple(y.shape), 1, dtype)
    return y, *b.local_conv2d_backward(dy, x, w, STEP, AROUND)


def _max_pool2d(b: Backend, dtype: str) -> Results:
    x = noise(b, IMAGES, 0, dtype)
    y, argmax = b.max_pool2d(x, WINDOW, (2, 2))
    dy = noise(b, tuple(y.shape), 1, dtype)
    return y, argmax, b.max_pool2d_backward(dy, argmax, IMAGES, WINDOW, (2, 2))


def _avg_pool2d(b: Backend, dtype: str) -> Results:
    y = b.avg_pool2d(noise(b, IMAGES, 0, dtype), WINDOW, (2, 2))
    dy = noise(b, tuple(y.shape), 1, dtype)
    return y, b.avg_pool2d_backward(dy, IMAGES, WINDOW, (2, 2))


def _norm(name: str, size: int, k: float) -> Callable[[Backend, str], Results]:
    def run(b: Backend, dtype: str) -> Results:
        x, dy = noise(b, MAPS, 0, dtype), noise(b, MAPS, 1, dtype)
        y, scale = getattr(b, name)(x, size, 0.3, 0.75, k)
        return y, scale, getattr(b, f"{name}_backward")(dy, x, scale, size, 0.3, 0.75)

    return run


def _relu(b: Backend, dtype: str) -> Results:
    x, dy = noise(b, (3, 50), 0, dtype), noise(b, (3, 50), 1, dtype)
    y = b.relu(x)
    dx = b.relu_backward(dy, y)
    return y, dx, b.relu(x, inplace=True), b.relu_backward(dy, y, inplace=True)


def _tanh(b: Backend, dtype: str) -> Results:
    y = b.tanh(noise(b, (3, 50), 0, dtype))
    return y, b.tanh_backward(noise(b, (3, 50), 1, dtype), y)


def _dropout(b: Backend, dtype: str) -> Results:
    x, draw = noise(b, (3, 50), 0, dtype), np.random.default_rng(9).random((3, 50))
    draw = b.asarray(draw, dtype)
    y, mask = b.dropout(x, draw, 0.5)
    return y, mask, b.dropout_backward(x, mask)


def _sgd_step(b: Backend, dtype: str) -> Results:
    w, g, v = (noise(b, (7, 13), seed, dtype) for seed in range(3))
    b.sgd_step(w, g, v, 0.1, 0.9, 5e-4)
    return w, v


def _cross_entropy(b: Backend, dtype: str) -> Results:
    logits, labels = noise(b, (3, 20), 0, dtype), b.asarray(np.array([0, 19, 7]))
    return b.cross_entropy(logits, labels), b.cross_entropy_backward(logits, labels)


def _augment(b: Backend, dtype: str) -> Results:
    """From uint8 to float32; ``dtype`` is ignored."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (3, 9, 8, 3), np.uint8)
    tops, lefts, mirrors = np.array([0, 2, 1]), np.array([2, 0, 1]), np.array([True, False, True])
    images, tops, lefts, mirrors = map(b.asarray, (images, tops, lefts, mirrors))
    mean, colour = noise(b, (3, 7, 6), 1, "float32"), noise(b, (3, 3), 2, "float32")
    scale = b.asarray(np.array([0.5, 1, 2], np.float32))
    return (b.augment(images, tops, lefts, mirrors, (7, 6), mean, colour, scale),)


def _random(b: Backend, dtype: str) -> Results:
    """Uniform numbers, float32 and float64: the same on every backend."""
    return tuple(
        b.asarray(b.generator(5, 6).random((3, 33), kind), "float32")
        for kind in ("float32", "float64")
    )


def _normal(b: Backend, dtype: str) -> Results:
    """Mean and standard deviation only: each backend has its own method."""
    draw = b.to_host(b.generator(7).normal((DRAWS,), std=3.0)).astype(np.float64)
    return (np.array([draw.mean(), draw.std()], np.float32),)


def _integers(b: Backend, dtype: str) -> Results:
    """Which numbers are drawn, not their order."""
    draw = b.to_host(b.generator(8).integers(-2, 3, 400))
    return (np.unique(draw),)


KERNELS = [
    Case("im2col", IMAGES, _im2col, 0.0),
    Case("col2im", (2, 24, 20), _col2im),
    Case("conv2d, both ways", IMAGES, _conv2d),
    Case("conv2d_relu, and a norm's gradient with relu", IMAGES, _with_relu),
    Case("local_conv2d, both ways", IMAGES, _local_conv2d),
    Case("linear, both ways", (3, 7), _linear),
    Case("max_pool2d, both ways", IMAGES, _max_pool2d),
    Case("avg_pool2d, both ways", IMAGES, _avg_pool2d),
    Case("local_response_norm, both ways", MAPS, _norm("local_response_norm", 5, 2.0)),
    Case("spatial_response_norm, both ways", MAPS, _norm("spatial_response_norm", 3, 1.0)),
    Case("relu, both ways", (3, 50), _relu, 0.0),
    Case("tanh, both ways", (3, 50), _tanh),
    Case("dropout, both ways", (3, 50), _dropout),
    Case("sgd_step", (7, 13), _sgd_step),
    Case("cross_entropy", (3, 20), _cross_entropy),
    Case("augment", (3, 9, 8, 3), _augment, 1e-6),
    Case("random numbers, uniform", (3, 33), _random, 0.0),
    Case("random numbers, normal", (DRAWS,), _normal, 0.1),
    Case("random numbers, whole", (400,), _integers, 0.0),
]
