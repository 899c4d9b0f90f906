"""The fully connected layer on bfloat16 arrays, by cuBLAS; CuPy multiplies the other ones."""

from __future__ import annotations

import numpy as np

from tinyalex.backends.base import Array
from tinyalex.backends.cuda import elementwise
from tinyalex.backends.cuda.arrays import CudaArrays
from tinyalex.backends.cuda.launch import launch, threads_for


def forward(backend: CudaArrays, x: Array, w: Array, b: Array) -> Array:
    """Multiply x (N, in) by w (out, in), and add b (out,): (N, out), rounded once."""
    N, F = len(x), len(w)
    sums = backend.empty((1, N, F), np.float32)
    backend.matmul_into(x[None], w.mT[None], sums)
    y = backend.empty((N, F), x.dtype)
    threads = threads_for(F)
    launch(elementwise.add_bias, (N, -(-F // threads)), threads, sums, b, y, F)
    return y


def backward(
    backend: CudaArrays, dy: Array, x: Array, w: Array, needs_dx: bool
) -> tuple[Array | None, Array, Array]:
    """Gradients of `forward`: dx (None unless needed), and in float32 dw and db."""
    dw = backend.empty((1, *w.shape), np.float32)
    backend.matmul_into(dy.mT[None], x[None], dw)
    db = backend.from_bfloat16(dy).sum(axis=0)
    if not needs_dx:
        return None, dw[0], db
    dx = backend.empty((1, *x.shape), x.dtype)
    backend.matmul_into(dy[None], w[None], dx)
    return dx[0], dw[0], db
