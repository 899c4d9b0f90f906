"""Direct convolution as compiled loops around the blocks of ``direct_blocks.py``.

Filters are stored in panels (K, width): for each of the K taps, the weights of ``width`` filters,
padded with zeros. A tap's place is an offset in the padded image that `phases_of` makes, so one
table serves any kernel, stride and padding. Legend: ``functional/arrays.py``; B panels per group.

The sizes of a block are constants of the compiled code: a row of blocks is compiled for each shape,
and the loops around it are given its address.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from tinyalex.backends.numba.compile import FLOATS, INTEGERS, NUMBER, TO_FLOATS, Inner, compiled
from tinyalex.backends.numba.conv.direct_blocks import filter_block, tap_block, transpose_block
from tinyalex.backends.numba.kernels import copy_line, phases_of
from tinyalex.backends.numba.vector import LANES

SAME_SET = 1024  # numbers: at this distance, all addresses share a set of the L1 cache


@compiled
def padded_of(x, step, ph, pw, out):
    """Like `phases_of`; with step 1, rows are copied by vectors."""
    if step > 1:
        phases_of(x, step, ph, pw, out)
        return
    C, H, W = x.shape
    height, width = out.shape[1], out.shape[3]
    source, target = x.reshape(-1), out.reshape(-1)
    for c in range(C):
        for h in range(H):
            copy_line(source, (c * H + h) * W, target, (c * height + h + ph) * width + pw, W)


@compiled
def transpose(x, step, rows, y):
    """y[j, i] = x[i * step + j], x flat; beyond ``rows``, y is padded with zeros."""
    columns, by = y.shape
    out = y.reshape(-1)
    whole = rows // LANES * LANES
    for i in range(0, whole, LANES):
        for j in range(0, columns - LANES + 1, LANES):
            transpose_block(x, i * step + j, step, out, j * by + i, by)
        for j in range(columns // LANES * LANES, columns):
            for k in range(i, i + LANES):
                y[j, k] = x[k * step + j]
    for j in range(columns):
        for i in range(whole, rows):
            y[j, i] = x[i * step + j]
        for i in range(rows, by):
            y[j, i] = 0


@compiled
def panels_of_filters(w, panels, start):
    """w (G, F/G, K) to panels (G, B, K, width): panel ``start`` of each group."""
    G, F, K = w.shape
    width = panels.shape[3]
    first = start * width
    for g in range(G):
        transpose(w.reshape(-1)[(g * F + first) * K :], K, min(width, F - first), panels[g, start])


@compiled
def panels_of_channels(w, panels, start):
    """w (G, F/G, C/G, taps) to panels (G, B, F/G*taps, width) of channels, for dx."""
    G, F, C, taps = w.shape
    width = panels.shape[3]
    first = start * width
    rows = min(width, C - first)
    for g in range(G):
        for f in range(F):
            weights = w.reshape(-1)[((g * F + f) * C + first) * taps :]
            transpose(weights, taps, rows, panels[g, start, f * taps : (f + 1) * taps])


_ROW = Inner(
    FLOATS, NUMBER, NUMBER, NUMBER, INTEGERS, FLOATS, NUMBER, FLOATS, NUMBER,
    TO_FLOATS, NUMBER, NUMBER,
)  # fmt: skip
_call_row = _ROW.call


@cache
def row_of_blocks(rows: int, columns: int, vectors: int) -> Any:
    """For `forward`: rows x columns pixels of vectors * LANES filters at a time."""

    def direct_row(x, pixel, pitch, OW, taps, w, w_at, bias, bias_at, y, to, step):
        """OW pixels of as many rows as a block has."""
        for column in range(0, OW, columns):
            ow = min(column, OW - columns)  # the last block repeats some pixels
            filter_block(
                rows, columns, vectors, x, pixel + ow, pitch, taps,
                w, w_at, bias, bias_at, y, to + ow, step,
            )  # fmt: skip

    return _ROW.address(direct_row)


@compiled
def forward(x, phases, sh, sw, ph, pw, taps, w, bias, y, room, start, stop, rows, row_of_blocks):
    """y (n, G, F/G, OH, OW) = x (n, C, H, W) convolved with panels w, plus bias.

    Only panels start to stop (of all groups). ``phases`` is a buffer for one padded image,
    ``room`` for a row of blocks, of ``rows`` rows of pixels. A panel goes through ``room`` if it is
    not full, or if its feature maps in y would evict each other from the cache.
    """
    G, F, OH, OW = y.shape[1:]
    B, K, width = w.shape[1:]
    flat, panels, out = phases.reshape(-1), w.reshape(-1), y.reshape(-1)
    pitch = phases.shape[2] * phases.shape[3]
    group = phases.shape[0] // G * phases.shape[1] * pitch
    phases[:] = 0
    for n in range(x.shape[0]):
        padded_of(x[n], sw, ph, pw, phases)
        for panel in range(start, stop):
            g, first = panel // B, panel % B * width
            at, of_bias = panel * K * width, panel * width
            through_room = first + width > F or OH * OW % SAME_SET == 0
            target, step = (room, rows * OW) if through_room else (out, OH * OW)
            for row in range(0, OH, rows):
                oh = min(row, OH - rows)  # the last block repeats some pixels
                to = (((n * G + g) * F + first) * OH + oh) * OW
                start_at = 0 if through_room else to
                pixel = g * group + oh * sh * pitch
                _call_row(
                    row_of_blocks, flat, pixel, sh * pitch, OW, taps,
                    panels, at, bias, of_bias, target, start_at, step,
                )  # fmt: skip
                if through_room:
                    for f in range(min(width, F - first)):
                        copy_line(room, f * rows * OW, out, to + f * OH * OW, rows * OW)


_TAPS = Inner(
    FLOATS, NUMBER, INTEGERS, INTEGERS, FLOATS, TO_FLOATS, NUMBER, TO_FLOATS, NUMBER, NUMBER,
)  # fmt: skip
_call_taps = _TAPS.call


@cache
def blocks_of_taps(count: int, vectors: int) -> Any:
    """For `weight_gradient`: ``count`` taps of vectors * LANES filters at a time."""
    width = vectors * LANES

    def direct_taps(x, x_at, taps, pixels, dy, db, db_at, dw, dw_at, K):
        """The gradients of K taps, and of the bias."""
        for p in range(pixels.size):
            for f in range(width):
                db[db_at + f] += dy[p * width + f]
        for k in range(0, K, count):
            tap_block(count, vectors, x, x_at, taps, k, pixels, dy, 0, dw, dw_at + k * width)

    return _TAPS.address(direct_taps)


@compiled
def weight_gradient(x, phases, sh, sw, ph, pw, taps, pixels, dy, panels, dw, db, blocks_of_taps):
    """dw (G, B, K rounded up, width) and db (G*B*width) += the gradients of n images.

    taps has as many entries as dw has rows; ``panels`` (P, width) is a buffer for dy.
    """
    G, F, P = dy.shape[1:]
    B, K, width = dw.shape[1:]
    flat, dy_T, out = phases.reshape(-1), panels.reshape(-1), dw.reshape(-1)
    source = dy.reshape(-1)
    group = phases.size // G
    phases[:] = 0
    for n in range(x.shape[0]):
        padded_of(x[n], sw, ph, pw, phases)
        for panel in range(G * B):
            g, first = panel // B, panel % B * width
            filters = min(width, F - first)
            transpose(source[((n * G + g) * F + first) * P :], P, filters, panels)
            _call_taps(
                blocks_of_taps, flat, g * group, taps, pixels, dy_T,
                db, panel * width, out, panel * K * width, K,
            )  # fmt: skip
