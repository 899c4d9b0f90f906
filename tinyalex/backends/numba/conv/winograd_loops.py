"""Winograd's fast convolution as compiled loops; matrices, source: ``winograd_matrices.py``.

Legend: an image is cut into TH x TW overlapping tiles of n x n pixels for M x M outputs: n = 6
for filters of 3 x 3, n = 8 for 5 x 5. T tiles in a slice of the batch. LANES channels are processed
at once, in copies of an image where they are adjacent. The input transform writes each of a tile's
n*n numbers to a plane of its own, (T, channels). One matrix product per plane with the transformed
filters (C, F) gives a plane of products; the output transform makes pixels of these. A plane's
channels are padded to whole vectors.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from tinyalex.backends.numba.compile import FLOATS, NUMBER, TO_FLOATS, Inner, compiled
from tinyalex.backends.numba.conv.direct_loops import transpose
from tinyalex.backends.numba.conv.winograd_blocks import (
    M,
    input_transform_block,
    output_transform_block,
)
from tinyalex.backends.numba.kernels import copy_line
from tinyalex.backends.numba.vector import LANES


@compiled
def channels_adjacent(x, at, H, W, lanes, ph, pw, room, padded, HP, WP):
    """padded[h + ph, w + pw, lane] = channel ``lane`` of those at x[at], as far as padded goes.

    x flat; padded flat, (HP, WP, LANES), zero outside the image; room (H*W, LANES).
    """
    transpose(x[at:], H * W, lanes, room)
    across = min(W, WP - pw) * LANES
    for h in range(min(H, HP - ph)):
        copy_line(room.reshape(-1), h * W * LANES, padded, ((h + ph) * WP + pw) * LANES, across)


_TO_PLANES = Inner(FLOATS, NUMBER, NUMBER, TO_FLOATS, NUMBER, NUMBER, NUMBER, NUMBER)
_TO_PIXELS = Inner(FLOATS, NUMBER, NUMBER, NUMBER, FLOATS, NUMBER, TO_FLOATS, NUMBER, NUMBER)
_call_to_planes, _call_to_pixels = _TO_PLANES.call, _TO_PIXELS.call


@cache
def tiles_to_planes(kind: int, r: int) -> Any:
    """For `input_transform`: a row of tiles, which are ``step`` apart in the planes."""

    def tiles_to_planes(x, at, pitch, planes, to, step, size, TW):
        for tw in range(TW):
            corner = at + tw * M * LANES
            input_transform_block(kind, r, x, corner, pitch, planes, to + tw * step, size)

    return _TO_PLANES.address(tiles_to_planes)


@cache
def tiles_to_pixels(r: int) -> Any:
    """For `output_transform`: a row of tiles, which are ``step`` apart in the planes."""

    def tiles_to_pixels(planes, at, step, size, bias, first, pixels, pitch, TW):
        for tw in range(TW):
            to = tw * M * LANES
            output_transform_block(r, planes, at + tw * step, size, bias, first, pixels, to, pitch)

    return _TO_PIXELS.address(tiles_to_pixels)


@compiled
def input_transform(x, first, count, ph, pw, TH, TW, planes, size, edge, to_planes):
    """Channels first to first + count of x (N, C, H, W) to planes (N*TH*TW, whole vectors).

    Tiles of ``edge`` x ``edge`` pixels start M pixels apart, ph rows above and pw columns left of
    the image; outside the image there are zeros.
    """
    N, C, H, W = x.shape
    HP, WP = (TH - 1) * M + edge, (TW - 1) * M + edge
    source = x.reshape(-1)
    blocks = (count + LANES - 1) // LANES
    room = np.empty((H * W, LANES), x.dtype)
    padded = np.zeros(HP * WP * LANES, x.dtype)
    for i in range(N):
        for block in range(blocks):
            lanes = min(LANES, count - block * LANES)
            at = (i * C + first + block * LANES) * H * W
            channels_adjacent(source, at, H, W, lanes, ph, pw, room, padded, HP, WP)
            for th in range(TH):
                corner, to = th * WP * M * LANES, ((i * TH + th) * TW * blocks + block) * LANES
                step = blocks * LANES
                _call_to_planes(to_planes, padded, corner, WP * LANES, planes, to, step, size, TW)


@compiled
def output_transform(planes, size, bias, TH, TW, y, first, count, to_pixels):
    """Channels first to first + count of y (N, F, OH, OW) from planes of products, plus bias.

    bias (F,) is followed by at least one vector of padding.
    """
    N, F, OH, OW = y.shape
    out = y.reshape(-1)
    blocks = (count + LANES - 1) // LANES
    strip = M * TW * M  # pixels
    pixels = np.empty((strip, LANES), y.dtype)
    lines = np.empty((LANES, strip), y.dtype)
    of_pixels, of_lines = pixels.reshape(-1), lines.reshape(-1)
    for i in range(N):
        for block in range(blocks):
            start = first + block * LANES
            lanes = min(LANES, count - block * LANES)
            for th in range(TH):
                at = ((i * TH + th) * TW * blocks + block) * LANES
                step, pitch = blocks * LANES, TW * M * LANES
                _call_to_pixels(
                    to_pixels, planes, at, step, size, bias, start, of_pixels, pitch, TW
                )
                transpose(of_pixels, pixels.shape[1], strip, lines)
                rows = min(M, OH - th * M)
                for f in range(lanes):
                    to = (((i * F + start + f) * OH) + th * M) * OW
                    if OW == TW * M:
                        copy_line(of_lines, f * strip, out, to, rows * OW)
                        continue
                    for j in range(rows):
                        copy_line(of_lines, f * strip + j * TW * M, out, to + j * OW, OW)


@compiled
def filters_last(w, first, last, out):
    """w (F, C, taps) to out (C, taps, F), for channels first to last - 1."""
    F, C, taps = w.shape
    target = out.reshape(C * taps, F)[first * taps : last * taps]
    transpose(w.reshape(-1)[first * taps :], C * taps, F, target)


@compiled
def channels_last(w, first, last, out):
    """w (F, C, taps) to out (F, taps, C), for filters first to last - 1."""
    for f in range(first, last):
        transpose(w[f].reshape(-1), w.shape[2], w.shape[1], out[f])
