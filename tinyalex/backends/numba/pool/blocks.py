"""Pooling in vector instructions: LANES windows at once.

The same block in plain Python comes first; it also runs when Numba's compiler is switched off.
Arrays are flat and have room for whole blocks; ``..._at`` is the index of the first number,
``pitch`` the distance of two rows of a padded feature map. Windows are KH x KW, ``step`` apart
(1 or 2) in a row; these are constants of the compiled code.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic

from tinyalex.backends.numba.vector import BYTES, INTS, LANES, Code, by_hand

Host = np.ndarray[Any, Any]


def _positions(KH: int, KW: int, step: int, at: int, pitch: int) -> Iterator[tuple[int, Host]]:
    """Yield a window's positions, and the indices of LANES windows' numbers there."""
    for position in range(KH * KW):
        i, j = divmod(position, KW)
        yield position, at + i * pitch + j + step * np.arange(LANES)


def _max_block(
    KH: int, KW: int, step: int, x: Host, x_at: int, pitch: int,
    y: Host, y_at: int, argmax: Host, argmax_at: int,
) -> None:  # fmt: skip
    """Each window's first maximum, and its position; a NaN wins."""
    best, places = x[x_at + step * np.arange(LANES)], np.zeros(LANES, np.int32)
    for position, at in _positions(KH, KW, step, x_at, pitch):
        better = (x[at] > best) | np.isnan(x[at])
        best, places = np.where(better, x[at], best), np.where(better, position, places)
    y[y_at : y_at + LANES] = best
    argmax[argmax_at : argmax_at + LANES] = places


def _max_back_block(
    KH: int, KW: int, step: int, dy: Host, dy_at: int, argmax: Host, argmax_at: int,
    dx: Host, dx_at: int, pitch: int,
) -> None:  # fmt: skip
    """Add each dy to its window's maximum."""
    gradients, places = dy[dy_at : dy_at + LANES], argmax[argmax_at : argmax_at + LANES]
    for position, at in _positions(KH, KW, step, dx_at, pitch):
        dx[at] += np.where(places == position, gradients, 0)


def _mean_block(
    KH: int, KW: int, step: int, x: Host, x_at: int, pitch: int,
    sizes: Host, sizes_at: int, y: Host, y_at: int,
) -> None:  # fmt: skip
    """Each window's sum, divided by its number of inputs."""
    total = np.zeros(LANES, x.dtype)
    for _, at in _positions(KH, KW, step, x_at, pitch):
        total += x[at]
    y[y_at : y_at + LANES] = total / sizes[sizes_at : sizes_at + LANES]


def _mean_back_block(
    KH: int, KW: int, step: int, dy: Host, dy_at: int, sizes: Host, sizes_at: int,
    dx: Host, dx_at: int, pitch: int,
) -> None:  # fmt: skip
    """Each input of a window gets an equal share of its dy."""
    share = dy[dy_at : dy_at + LANES] / sizes[sizes_at : sizes_at + LANES]
    for _, at in _positions(KH, KW, step, dx_at, pitch):
        dx[at] += share


def _window_inputs(code: Code, windows: tuple[int, int, int], x: Any, pitch: Any) -> Iterator[Any]:
    """Yield the numbers of LANES windows at each position."""
    KH, KW, step = windows
    for i in range(KH):
        row = code.plus(x, code.b.mul(pitch, code.integer(i)))
        for j in range(0, KW, step):
            yield from code.deinterleave(code.plus(row, j), step)[: KW - j]


def _add_to_windows(
    code: Code, windows: tuple[int, int, int], vectors: list[Any], x: Any, pitch: Any
) -> None:
    """The adjoint of `_window_inputs`: add a vector for each position.

    All additions to a row are summed first. Overlapping writes would make the processor wait.
    """
    KH, KW, step = windows
    zero = code.splat(0.0)
    for i in range(KH):
        row = code.plus(x, code.b.mul(pitch, code.integer(i)))
        here, beyond = [zero] * step, [zero] * step  # beyond: what goes over the last lane
        for j in range(KW):
            lanes, phase = divmod(j, step)
            v = vectors[i * KW + j]
            moved = code.shuffle(zero, v, [LANES - lanes + k for k in range(LANES)])
            here[phase] = code.b.fadd(here[phase], moved)
            if lanes:
                rest = code.shuffle(v, zero, [LANES - lanes + k for k in range(LANES)])
                beyond[phase] = code.b.fadd(beyond[phase], rest)
        code.add_interleaved(here, row)
        if step < KW:
            code.add_interleaved(beyond, code.plus(row, step * LANES))


def _constants(*kinds: Any) -> tuple[int, int, int]:
    KH, KW, step = (kind.literal_value for kind in kinds)
    return KH, KW, step


_N = types.int64


@intrinsic(prefer_literal=True)
def _max_block_code(
    context: Any, KH: Any, KW: Any, step: Any, x: Any, x_at: Any, pitch: Any,
    y: Any, y_at: Any, argmax: Any, argmax_at: Any,
) -> Any:  # fmt: skip
    windows = _constants(KH, KW, step)

    def write(context: Any, b: Any, signature: Any, values: Any) -> Any:
        code, kinds = Code(context, b), signature.args
        of_x, of_y, of_argmax = (code.address(kinds[i], *values[i : i + 2]) for i in (3, 6, 8))
        best, places = None, code.splat(0, INTS)
        for position, v in enumerate(_window_inputs(code, windows, of_x, values[5])):
            if best is None:
                best = v
                continue
            better = b.or_(b.fcmp_ordered(">", v, best), b.fcmp_unordered("uno", v, v))
            best = b.select(better, v, best)
            places = b.select(better, code.splat(position, INTS), places)
        code.store(best, of_y)
        code.store(b.trunc(places, BYTES), of_argmax)
        return context.get_dummy_value()

    return types.void(KH, KW, step, x, _N, _N, y, _N, argmax, _N), write


@intrinsic(prefer_literal=True)
def _max_back_block_code(
    context: Any, KH: Any, KW: Any, step: Any, dy: Any, dy_at: Any, argmax: Any, argmax_at: Any,
    dx: Any, dx_at: Any, pitch: Any,
) -> Any:  # fmt: skip
    windows = _constants(KH, KW, step)

    def write(context: Any, b: Any, signature: Any, values: Any) -> Any:
        code, kinds = Code(context, b), signature.args
        of_dy, of_argmax, of_dx = (code.address(kinds[i], *values[i : i + 2]) for i in (3, 5, 7))
        gradients, places = code.load(of_dy), code.load(of_argmax, BYTES)
        vectors = []
        for position in range(windows[0] * windows[1]):
            here = b.icmp_unsigned("==", places, code.splat(position, BYTES))
            vectors.append(b.select(here, gradients, code.splat(0.0)))
        _add_to_windows(code, windows, vectors, of_dx, values[9])
        return context.get_dummy_value()

    return types.void(KH, KW, step, dy, _N, argmax, _N, dx, _N, _N), write


@intrinsic(prefer_literal=True)
def _mean_block_code(
    context: Any, KH: Any, KW: Any, step: Any, x: Any, x_at: Any, pitch: Any,
    sizes: Any, sizes_at: Any, y: Any, y_at: Any,
) -> Any:  # fmt: skip
    windows = _constants(KH, KW, step)

    def write(context: Any, b: Any, signature: Any, values: Any) -> Any:
        code, kinds = Code(context, b), signature.args
        of_x, of_sizes, of_y = (code.address(kinds[i], *values[i : i + 2]) for i in (3, 6, 8))
        total = code.splat(0.0)
        for v in _window_inputs(code, windows, of_x, values[5]):
            total = b.fadd(total, v)
        code.store(b.fdiv(total, code.load(of_sizes)), of_y)
        return context.get_dummy_value()

    return types.void(KH, KW, step, x, _N, _N, sizes, _N, y, _N), write


@intrinsic(prefer_literal=True)
def _mean_back_block_code(
    context: Any, KH: Any, KW: Any, step: Any, dy: Any, dy_at: Any, sizes: Any, sizes_at: Any,
    dx: Any, dx_at: Any, pitch: Any,
) -> Any:  # fmt: skip
    windows = _constants(KH, KW, step)

    def write(context: Any, b: Any, signature: Any, values: Any) -> Any:
        code, kinds = Code(context, b), signature.args
        of_dy, of_sizes, of_dx = (code.address(kinds[i], *values[i : i + 2]) for i in (3, 5, 7))
        share = b.fdiv(code.load(of_dy), code.load(of_sizes))
        _add_to_windows(code, windows, [share] * (windows[0] * windows[1]), of_dx, values[9])
        return context.get_dummy_value()

    return types.void(KH, KW, step, dy, _N, sizes, _N, dx, _N, _N), write


max_block = by_hand(_max_block, _max_block_code)
max_back_block = by_hand(_max_back_block, _max_back_block_code)
mean_block = by_hand(_mean_block, _mean_block_code)
mean_back_block = by_hand(_mean_back_block, _mean_back_block_code)
