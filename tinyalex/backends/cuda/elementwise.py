# mypy: disable-error-code="no-untyped-def, no-untyped-call, attr-defined, misc"
"""GPU kernels that visit each number once: ReLU, dropout, the optimizer, the loss, augmentation.

The definitions are in `tinyalex.functional`, under the same names. Flat kernels process `EACH`
numbers per thread.
"""

from __future__ import annotations

import math

import numpy as np
from numba import cuda

from tinyalex.backends.cuda.floats import load, store
from tinyalex.backends.cuda.launch import div

EACH = 4
ROW_THREADS = 128  # threads that share one row of logits


@cuda.jit
def convert(x, y, size):
    """From one dtype to the other; bfloat16 is rounded to."""
    i = cuda.blockIdx.x * (EACH * cuda.blockDim.x) + cuda.threadIdx.x
    for _ in range(EACH):
        if i < size:
            store(y, i, load(x, i))
        i += cuda.blockDim.x


@cuda.jit
def add_bias(sums, b, y, F):
    """A number to each column of ``sums`` (N, F): ``grid = (N, pieces of a row)``."""
    f = cuda.blockIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    if f < F:
        i = cuda.blockIdx.x * F + f
        store(y, i, sums[i] + b[f])


@cuda.jit
def dropout(x, draw, y, mask, size, p, kept):
    """``kept`` is what a number that is kept is multiplied by."""
    i = cuda.blockIdx.x * (EACH * cuda.blockDim.x) + cuda.threadIdx.x
    for _ in range(EACH):
        if i < size:
            factor = kept if draw[i] >= p else np.float32(0)
            mask[i] = factor
            store(y, i, load(x, i) * factor)
        i += cuda.blockDim.x


@cuda.jit
def dropout_backward(dy, mask, dx, size):
    i = cuda.blockIdx.x * (EACH * cuda.blockDim.x) + cuda.threadIdx.x
    for _ in range(EACH):
        if i < size:
            store(dx, i, load(dy, i) * mask[i])
        i += cuda.blockDim.x


@cuda.jit
def relu(x, y, size):
    i = cuda.blockIdx.x * (EACH * cuda.blockDim.x) + cuda.threadIdx.x
    for _ in range(EACH):
        if i < size:
            value = load(x, i)
            store(y, i, value if value > np.float32(0) or math.isnan(value) else np.float32(0))
        i += cuda.blockDim.x


@cuda.jit
def relu_backward(dy, y, dx, size):
    i = cuda.blockIdx.x * (EACH * cuda.blockDim.x) + cuda.threadIdx.x
    for _ in range(EACH):
        if i < size:
            store(dx, i, load(dy, i) if load(y, i) > np.float32(0) else np.float32(0))
        i += cuda.blockDim.x


@cuda.jit
def sgd_step(w, g, v, size, lr, momentum, weight_decay):
    i = cuda.blockIdx.x * (EACH * cuda.blockDim.x) + cuda.threadIdx.x
    for _ in range(EACH):
        if i < size:
            weight = w[i]
            velocity = momentum * v[i] - lr * (weight_decay * weight + g[i])
            v[i] = velocity
            w[i] = weight + velocity
        i += cuda.blockDim.x


@cuda.jit
def cross_entropy(logits, labels, losses, dlogits, N, classes):
    """One block per row, ``grid = (N,)``, `ROW_THREADS` threads; sums in float64.

    A label out of range makes the row's loss NaN: to raise, the host would have to wait.
    """
    shared = cuda.shared.array(ROW_THREADS, np.float64)
    t = cuda.threadIdx.x
    start = cuda.blockIdx.x * classes
    largest = -math.inf
    for i in range(t, classes, ROW_THREADS):
        z = np.float64(logits[start + i])
        if z > largest or math.isnan(z):  # a NaN stays: no number is greater
            largest = z
    shared[t] = largest
    cuda.syncthreads()
    half = ROW_THREADS // 2
    while half > 0:
        if t < half and not shared[t] >= shared[t + half] and not math.isnan(shared[t]):
            shared[t] = shared[t + half]
        cuda.syncthreads()
        half //= 2
    largest = shared[0]
    cuda.syncthreads()
    total = 0.0
    for i in range(t, classes, ROW_THREADS):
        e = math.exp(logits[start + i] - largest)
        total += e
        dlogits[start + i] = e
    shared[t] = total
    cuda.syncthreads()
    half = ROW_THREADS // 2
    while half > 0:
        if t < half:
            shared[t] += shared[t + half]
        cuda.syncthreads()
        half //= 2
    total = shared[0]
    label = np.int64(labels[cuda.blockIdx.x])
    for i in range(t, classes, ROW_THREADS):
        onehot = 1.0 if i == label else 0.0
        dlogits[start + i] = (dlogits[start + i] / total - onehot) / N
    if t == 0:
        if label >= 0 and label < classes:
            losses[cuda.blockIdx.x] = math.log(total) - (logits[start + label] - largest)
        else:
            losses[cuda.blockIdx.x] = math.nan


@cuda.jit
def augment(
    images, tops, lefts, mirrors, mean, colour, scale, x, H, W, C, CH, CW, mean_step, mean_p
):
    """``grid = (images, blocks of pixels)``; one thread per pixel, for all channels."""
    p = cuda.blockIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    if p >= CH * CW:
        return
    n = cuda.blockIdx.x
    h = div(p, CW)
    w = p - h * CW
    if mirrors[n]:
        w = CW - 1 - w
    source = ((n * H + tops[n] + h) * W + lefts[n] + w) * C
    target = n * C * (CH * CW) + p
    for c in range(C):
        value = np.float32(images[source + c]) - mean[c * mean_step + p * mean_p]
        x[target] = (value + colour[n * C + c]) * scale[c]
        target += CH * CW
