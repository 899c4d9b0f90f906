"""The inner blocks of a direct convolution, in vector instructions.

The same block in plain Python comes first; it also runs when Numba's compiler is switched off.
Arrays are flat; ``..._at`` is the index of the first number. A block's filters are adjacent in
memory: ``width`` = ``vectors`` * LANES of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic

from tinyalex.backends.numba.vector import LANES, Code, by_hand

Host = np.ndarray[Any, Any]


def _filter_block(
    rows: int, columns: int, vectors: int, x: Host, x_at: int, pitch: int, taps: Host,
    w: Host, w_at: int, bias: Host, bias_at: int, y: Host, y_at: int, step: int,
) -> None:  # fmt: skip
    """Outputs for a block: y[f, p] = bias[f] + sum over k of w[k, f] * x[p, k].

    The pixels are ``rows`` of ``columns``; a pixel's tap k is ``x[pixel + taps[k]]``, rows are
    ``pitch`` apart in x and follow each other in y, filters are ``step`` apart in y. w (K, width).
    """
    width = vectors * LANES
    panel = w[w_at : w_at + len(taps) * width].reshape(len(taps), width)
    for r in range(rows):
        for c in range(columns):
            window = x[x_at + r * pitch + c + taps]
            for f in range(width):
                total = bias[bias_at + f] + np.sum(panel[:, f] * window)
                y[y_at + f * step + r * columns + c] = total


def _tap_block(
    count: int, vectors: int, x: Host, x_at: int, taps: Host, first: int, pixels: Host,
    dy: Host, dy_at: int, dw: Host, dw_at: int,
) -> None:  # fmt: skip
    """Gradients of ``count`` taps: dw[k, f] += sum over p of dy[p, f] * x[p, k].

    Tap k of pixel p is ``x[taps[first + k] + pixels[p]]``; dw (count, width), dy (P, width).
    """
    width, P = vectors * LANES, len(pixels)
    panel = dy[dy_at : dy_at + P * width].reshape(P, width)
    for k in range(count):
        inputs = x[x_at + taps[first + k] + pixels]
        dw[dw_at + k * width : dw_at + (k + 1) * width] += inputs @ panel


def _transpose_block(x: Host, x_at: int, step: int, y: Host, y_at: int, by: int) -> None:
    """Transpose a block of LANES x LANES numbers: rows are ``step`` apart in x, ``by`` in y."""
    for i in range(LANES):
        for j in range(LANES):
            y[y_at + j * by + i] = x[x_at + i * step + j]


def _copy_block(x: Host, x_at: int, y: Host, y_at: int) -> None:
    """Copy LANES numbers."""
    y[y_at : y_at + LANES] = x[x_at : x_at + LANES]


def _copy_partial(x: Host, x_at: int, y: Host, y_at: int, count: int) -> None:
    """Copy ``count`` numbers, fewer than LANES."""
    y[y_at : y_at + count] = x[x_at : x_at + count]


@intrinsic(prefer_literal=True)
def _filter_block_code(
    context: Any, rows: Any, columns: Any, vectors: Any, x: Any, x_at: Any, pitch: Any, taps: Any,
    w: Any, w_at: Any, bias: Any, bias_at: Any, y: Any, y_at: Any, step: Any,
) -> Any:  # fmt: skip
    R, OW, V = (kind.literal_value for kind in (rows, columns, vectors))

    def write(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        code, kinds = Code(context, builder), signature.args
        at = {"x": 4, "w": 8, "bias": 10, "y": 12}
        of_x, of_w, of_bias, of_y = (
            code.address(kinds[i - 1], values[i - 1], values[i]) for i in at.values()
        )
        pixels = []
        for r in range(R):
            row = code.plus(of_x, builder.mul(values[5], code.integer(r)))
            pixels += [code.plus(row, c) for c in range(OW)]
        start = [code.load(code.plus(of_bias, v * LANES)) for v in range(V)]
        table, K = code.address(kinds[6], values[6]), code.length(kinds[6], values[6])
        sums = code.add_products([start] * (R * OW), pixels, table, K, of_w)
        for v in range(V):
            for first in range(0, R * OW, LANES):
                pixel_sums = [sums[p][v] for p in range(first, min(first + LANES, R * OW))]
                for lane, filter_sums in enumerate(code.transpose(pixel_sums)):
                    f = builder.mul(values[13], code.integer(v * LANES + lane))
                    to = code.plus(code.plus(of_y, f), first)
                    code.store(code.extract(filter_sums, len(pixel_sums)), to)
        return context.get_dummy_value()

    numbers = types.int64
    return types.void(
        rows, columns, vectors, x, numbers, numbers, taps, w, numbers, bias, numbers, y, numbers,
        numbers,
    ), write  # fmt: skip


@intrinsic(prefer_literal=True)
def _tap_block_code(
    context: Any, count: Any, vectors: Any, x: Any, x_at: Any, taps: Any, first: Any, pixels: Any,
    dy: Any, dy_at: Any, dw: Any, dw_at: Any,
) -> Any:  # fmt: skip
    T, V = count.literal_value, vectors.literal_value

    def write(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        code, kinds = Code(context, builder), signature.args
        of_x, of_taps, of_dy, of_dw = (
            code.address(kinds[i - 1], values[i - 1], values[i]) for i in (3, 5, 8, 10)
        )
        places = [code.plus(of_x, builder.load(code.plus(of_taps, t))) for t in range(T)]
        to = [[code.plus(of_dw, (t * V + v) * LANES) for v in range(V)] for t in range(T)]
        before = [[code.load(address) for address in row] for row in to]
        table, P = code.address(kinds[6], values[6]), code.length(kinds[6], values[6])
        sums = code.add_products(before, places, table, P, of_dy)
        for addresses, row in zip(to, sums, strict=True):
            for address, vector in zip(addresses, row, strict=True):
                code.store(vector, address)
        return context.get_dummy_value()

    numbers = types.int64
    return types.void(
        count, vectors, x, numbers, taps, numbers, pixels, dy, numbers, dw, numbers
    ), write  # fmt: skip


@intrinsic
def _transpose_block_code(
    context: Any, x: Any, x_at: Any, step: Any, y: Any, y_at: Any, by: Any
) -> Any:
    def write(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        code, kinds = Code(context, builder), signature.args
        of_x = code.address(kinds[0], values[0], values[1])
        of_y = code.address(kinds[3], values[3], values[4])
        rows = []
        for i in range(LANES):
            rows.append(code.load(code.plus(of_x, builder.mul(values[2], code.integer(i)))))
        for j, row in enumerate(code.transpose(rows)):
            code.store(row, code.plus(of_y, builder.mul(values[5], code.integer(j))))
        return context.get_dummy_value()

    numbers = types.int64
    return types.void(x, numbers, numbers, y, numbers, numbers), write


@intrinsic
def _copy_block_code(context: Any, x: Any, x_at: Any, y: Any, y_at: Any) -> Any:
    def write(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        code, kinds = Code(context, builder), signature.args
        source = code.address(kinds[0], values[0], values[1])
        code.store(code.load(source), code.address(kinds[2], values[2], values[3]))
        return context.get_dummy_value()

    return types.void(x, types.int64, y, types.int64), write


@intrinsic
def _copy_partial_code(context: Any, x: Any, x_at: Any, y: Any, y_at: Any, count: Any) -> Any:
    def write(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        code, kinds = Code(context, builder), signature.args
        source = code.address(kinds[0], values[0], values[1])
        to = code.address(kinds[2], values[2], values[3])
        code.copy_masked(source, to, code.mask(values[4]))
        return context.get_dummy_value()

    return types.void(x, types.int64, y, types.int64, types.int64), write


filter_block = by_hand(_filter_block, _filter_block_code)
tap_block = by_hand(_tap_block, _tap_block_code)
transpose_block = by_hand(_transpose_block, _transpose_block_code)
copy_block = by_hand(_copy_block, _copy_block_code)
copy_partial = by_hand(_copy_partial, _copy_partial_code)
