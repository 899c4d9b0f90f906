"""Winograd's input and output transforms of a tile in vector instructions, LANES channels at once.

The same block in plain Python comes first; it also runs when Numba's compiler is switched off. The
instructions are generated from the matrices of ``winograd_matrices.py``. Arrays are flat; in an
image's padded copy, a pixel is LANES channels. A tile has n x n pixels for M x M outputs of filters
with r x r taps, n = M + r - 1; each of its n*n numbers goes to a plane of its own, ``size`` apart.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic

from tinyalex.backends.numba.conv import winograd_matrices as winograd
from tinyalex.backends.numba.vector import LANES, Code, Matrix, by_hand

Host = np.ndarray[Any, Any]

M = 4  # outputs of a tile in each direction
INPUT, GRADIENT = 0, 1  # what is transformed: x, or dy for the weight gradient


def _matrix(kind: int, r: int) -> Host:
    """B^T (n, n) for x, A (n, M) for dy."""
    A_T, _, B_T = winograd.matrices(M, r)
    return B_T if kind == INPUT else A_T.T


def _input_transform_block(
    kind: int, r: int, x: Host, x_at: int, pitch: int, planes: Host, at: int, size: int
) -> None:
    """planes[a, b] = (m tile m^T)[a, b], for every lane; rows of the tile are ``pitch`` apart."""
    m = _matrix(kind, r).astype(x.dtype)
    n, edge = m.shape
    place = x_at + pitch * np.arange(edge)[:, None, None] + LANES * np.arange(edge)[:, None]
    tile = x[place + np.arange(LANES)]
    result = np.einsum("ai,bj,ijl->abl", m, m, tile).reshape(n * n, LANES)
    planes[at + size * np.arange(n * n)[:, None] + np.arange(LANES)] = result


def _output_transform_block(
    r: int, planes: Host, at: int, size: int, bias: Host, bias_at: int,
    y: Host, y_at: int, pitch: int,
) -> None:  # fmt: skip
    """y (M x M pixels) = A^T products A + bias, for every lane; the products are in the planes."""
    m = winograd.matrices(M, r)[0].astype(planes.dtype)
    n = m.shape[1]
    products = planes[at + size * np.arange(n * n)[:, None] + np.arange(LANES)]
    result = np.einsum("ia,jb,abl->ijl", m, m, products.reshape(n, n, LANES))
    place = y_at + pitch * np.arange(M)[:, None, None] + LANES * np.arange(M)[:, None]
    y[place + np.arange(LANES)] = result + bias[bias_at : bias_at + LANES]


def _transform(code: Code, m: Matrix, tile: list[list[Any]]) -> list[list[Any]]:
    """m tile m^T."""
    columns = [code.times(m, list(column)) for column in zip(*tile, strict=True)]
    return [code.times(m, list(row)) for row in zip(*columns, strict=True)]


@intrinsic(prefer_literal=True)
def _input_transform_block_code(
    context: Any, kind: Any, r: Any, x: Any, x_at: Any, pitch: Any, planes: Any, at: Any, size: Any
) -> Any:
    m = _matrix(kind.literal_value, r.literal_value).tolist()
    edge = len(m[0])

    def write(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        code, kinds = Code(context, builder), signature.args
        row, to = (code.address(kinds[i], *values[i : i + 2]) for i in (2, 5))
        tile = []
        for _ in range(edge):
            tile.append([code.load(code.plus(row, j * LANES)) for j in range(edge)])
            row = code.plus(row, values[4])
        for results in _transform(code, m, tile):
            for vector in results:
                code.store(vector, to)
                to = code.plus(to, values[7])
        return context.get_dummy_value()

    whole = types.int64
    return types.void(kind, r, x, whole, whole, planes, whole, whole), write


@intrinsic(prefer_literal=True)
def _output_transform_block_code(
    context: Any, r: Any, planes: Any, at: Any, size: Any, bias: Any, bias_at: Any,
    y: Any, y_at: Any, pitch: Any,
) -> Any:  # fmt: skip
    m = winograd.matrices(M, r.literal_value)[0].tolist()
    n = len(m[0])

    def write(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        code, kinds = Code(context, builder), signature.args
        plane, of_bias, row = (code.address(kinds[i], *values[i : i + 2]) for i in (1, 4, 6))
        products: list[list[Any]] = [[] for _ in range(n)]
        for row_of_products in products:
            for _ in range(n):
                row_of_products.append(code.load(plane))
                plane = code.plus(plane, values[3])
        start = code.load(of_bias)
        for results in _transform(code, m, products):
            for j, vector in enumerate(results):
                code.store(builder.fadd(vector, start), code.plus(row, j * LANES))
            row = code.plus(row, values[8])
        return context.get_dummy_value()

    whole = types.int64
    return types.void(r, planes, whole, whole, bias, whole, y, whole, whole), write


input_transform_block = by_hand(_input_transform_block, _input_transform_block_code)
output_transform_block = by_hand(_output_transform_block, _output_transform_block_code)
