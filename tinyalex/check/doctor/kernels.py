"""One call of every kernel that a backend has; together they launch every kernel of a GPU."""

from __future__ import annotations

import numpy as np

from tinyalex.backends import Array, Backend
from tinyalex.check.doctor.compare import Case, Results, noise
from tinyalex.layers import Conv2d, SoftmaxCrossEntropy

IMAGES = (2, 4, 7, 6)
WINDOW, STEP, AROUND = (3, 2), (2, 1), (1, 0)
POOLED = (3, 3)  # windows of 3 x 2 every 2 rows and columns, the last ones clipped
MAPS = (2, 7, 3, 4)
DRAWS = 2000


def _im2col(b: Backend, dtype: str) -> Results:
    return (b.im2col(noise(b, IMAGES, 0, dtype), WINDOW, STEP, AROUND),)


def _col2im(b: Backend, dtype: str) -> Results:
    cols = noise(b, (2, 24, 20), 0, dtype)  # (N, C*KH*KW, OH*OW)
    return (b.col2im(cols, IMAGES, WINDOW, STEP, AROUND),)


def _conv2d(b: Backend, dtype: str) -> Results:
    """Both directions at two strides: dx goes two ways on a GPU."""
    results: list[Array] = []
    for stride in ((1, 1), (2, 1)):
        layer = Conv2d(4, 6, 3, stride, padding=1, groups=2, seed=1)
        x, w, bias = noise(b, IMAGES, 0, dtype), *map(b.asarray, layer.params.values())
        w, bias = b.asarray(w, dtype), b.asarray(bias, dtype)
        layer.params = {"weight": w, "bias": bias}
        layer.backend = b
        how = stride, layer.padding, layer.groups
        y = b.conv2d(x, w, bias, *how)
        y = layer.forward(x) if y is None else y
        dy = noise(b, tuple(y.shape), 1, dtype)
        back = b.conv2d_backward(dy, x, w, *how, True)
        if back is None:
            layer.forward(x)
            back = layer.backward(dy), layer.grads["weight"], layer.grads["bias"]
        results += [y, *back]
    return tuple(results)


def _max_pool(b: Backend, dtype: str) -> Results:
    x = noise(b, IMAGES, 0, dtype)
    y, where = b.max_pool(x, WINDOW, (2, 2), POOLED)
    dy = noise(b, tuple(y.shape), 1, dtype)
    return y, where, b.max_pool_backward(dy, where, IMAGES, WINDOW, (2, 2))


def _avg_pool(b: Backend, dtype: str) -> Results:
    y = b.avg_pool(noise(b, IMAGES, 0, dtype), WINDOW, (2, 2), POOLED)
    dy = noise(b, tuple(y.shape), 1, dtype)
    return y, b.avg_pool_backward(dy, IMAGES, WINDOW, (2, 2))


def _cross_map_norm(b: Backend, dtype: str) -> Results:
    x, dy = noise(b, MAPS, 0, dtype), noise(b, MAPS, 1, dtype)
    y, scale = b.cross_map_norm(x, 5, 0.3, 0.75, 2.0)
    return y, scale, b.cross_map_norm_backward(dy, x, scale, 5, 0.3, 0.75)


def _same_map_norm(b: Backend, dtype: str) -> Results:
    x, dy = noise(b, MAPS, 0, dtype), noise(b, MAPS, 1, dtype)
    y, scale = b.same_map_norm(x, 3, 0.3, 0.75, 1.0)
    return y, scale, b.same_map_norm_backward(dy, x, scale, 3, 0.3, 0.75)


def _relu(b: Backend, dtype: str) -> Results:
    x, dy = noise(b, (3, 50), 0, dtype), noise(b, (3, 50), 1, dtype)
    y = b.relu(x)
    dx = b.relu_backward(dy, y)
    return y, dx, b.relu(x, inplace=True), b.relu_backward(dy, y, inplace=True)


def _sgd_step(b: Backend, dtype: str) -> Results:
    w, g, v = (noise(b, (7, 13), seed, dtype) for seed in range(3))
    b.sgd_step(w, g, v, 0.1, 0.9, 5e-4)
    return w, v


def _cross_entropy(b: Backend, dtype: str) -> Results:
    logits, labels = noise(b, (3, 20), 0, dtype), b.asarray(np.array([0, 19, 7]))
    found = b.cross_entropy(logits, labels)
    if found is None:
        loss = SoftmaxCrossEntropy()
        loss.backend = b
        found = loss.forward(logits, labels), loss.backward()
    return found


def _augment(b: Backend, dtype: str) -> Results:
    """uint8 to float32, whatever ``dtype`` says."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (3, 9, 8, 3), np.uint8)
    tops, lefts, mirrors = np.array([0, 2, 1]), np.array([2, 0, 1]), np.array([True, False, True])
    images, tops, lefts, mirrors = map(b.asarray, (images, tops, lefts, mirrors))
    mean, colour = noise(b, (3, 7, 6), 1, "float32"), noise(b, (3, 3), 2, "float32")
    scale = b.asarray(np.array([0.5, 1, 2], np.float32))
    return (b.augment(images, tops, lefts, mirrors, (7, 6), mean, colour, scale),)


def _random(b: Backend, dtype: str) -> Results:
    """Uniform numbers are the same everywhere; both widths."""
    return tuple(
        b.asarray(b.generator(5, 6).random((3, 33), kind), "float32")
        for kind in ("float32", "float64")
    )


def _normal(b: Backend, dtype: str) -> Results:
    """Mean and spread only: each backend makes them in its own way."""
    draw = b.to_host(b.generator(7).normal((DRAWS,), std=3.0)).astype(np.float64)
    return (np.array([draw.mean(), draw.std()], np.float32),)


def _integers(b: Backend, dtype: str) -> Results:
    """Which numbers come, not when."""
    draw = b.to_host(b.generator(8).integers(-2, 3, 400))
    return (np.unique(draw),)


KERNELS = [
    Case("im2col", IMAGES, _im2col, 0.0),
    Case("col2im", (2, 24, 20), _col2im),
    Case("conv2d, both ways", IMAGES, _conv2d),
    Case("max_pool, both ways", IMAGES, _max_pool),
    Case("avg_pool, both ways", IMAGES, _avg_pool),
    Case("cross_map_norm, both ways", MAPS, _cross_map_norm),
    Case("same_map_norm, both ways", MAPS, _same_map_norm),
    Case("relu, both ways", (3, 50), _relu, 0.0),
    Case("sgd_step", (7, 13), _sgd_step),
    Case("cross_entropy", (3, 20), _cross_entropy),
    Case("augment", (3, 9, 8, 3), _augment, 1e-6),
    Case("random numbers, uniform", (3, 33), _random, 0.0),
    Case("random numbers, normal", (DRAWS,), _normal, 0.1),
    Case("random numbers, whole", (400,), _integers, 0.0),
]
