"""The operations of `tinyalex.functional` as loops that Numba compiles.

A kernel works on a slice of a batch, writes into arrays that it is given, and releases Python's
lock, so that several threads can run it at the same time. Inner loops run along a row, with bounds
computed beforehand, so that the compiler can vectorise them. Legend: ``functional/arrays.py``.
"""

from __future__ import annotations

import math

import numpy as np

from tinyalex.backends.numba.compile import compiled
from tinyalex.backends.numba.conv.direct_blocks import copy_block, copy_partial
from tinyalex.backends.numba.vector import LANES


@compiled
def copy_line(x, at, y, to, count):
    """y[to : to + count] = x[at : at + count], by vectors; flat arrays."""
    in_blocks = count // LANES * LANES
    for i in range(0, in_blocks, LANES):
        copy_block(x, at + i, y, to + i)
    if in_blocks < count:
        copy_partial(x, at + in_blocks, y, to + in_blocks, count - in_blocks)


# ---------------------------------------------------------------------- convolution


@compiled
def phases_of(x, step, ph, pw, out):
    """Pad an image and deinterleave its rows by ``step``; out comes with zeros as padding.

    out[c, h + ph, s, i] is pixel i * step + s of the padded row: pixels that neighbouring windows
    read for the same tap are adjacent in memory.
    """
    C, H, W = x.shape
    for c in range(C):
        for h in range(H):
            for s in range(step):
                skipped = (pw - s + step - 1) // step  # entries of the left padding
                start = skipped * step + s - pw
                source = x[c, h, min(start, W) :]
                target = out[c, h + ph, s, skipped:]
                for i in range((source.size + step - 1) // step):
                    target[i] = source[i * step]


@compiled
def im2col_rows(phases, cols, first, KH, KW, sh, sw, OW):
    """The im2col matrix (C*KH*KW, rows*OW) of one image, starting at output row ``first``."""
    C = phases.shape[0]
    rows = cols.shape[1] // OW
    for c in range(C):
        for kh in range(KH):
            for kw in range(KW):
                out = cols[(c * KH + kh) * KW + kw]
                phase, start = kw % sw, kw // sw
                for r in range(rows):
                    row = phases[c, (first + r) * sh + kh, phase]
                    if OW == 8:  # twice as fast with a constant length
                        for i in range(8):
                            out[r * 8 + i] = row[start + i]
                    elif OW == 4:
                        for i in range(4):
                            out[r * 4 + i] = row[start + i]
                    else:
                        source, target = row[start : start + OW], out[r * OW : (r + 1) * OW]
                        for i in range(OW):
                            target[i] = source[i]


@compiled
def im2col_images(x, phases, cols, first, KH, KW, sh, sw, ph, pw, OW):
    """The im2col matrices of n images, one per group, each with a last row of ones.

    x (n, C, H, W); phases, a buffer for `phases_of`; cols (n, G, C/G*KH*KW + 1, rows*OW).
    """
    channels = x.shape[1] // cols.shape[1]
    phases[:] = 0
    for n in range(x.shape[0]):
        phases_of(x[n], sw, ph, pw, phases)
        for g in range(cols.shape[1]):
            of_group = phases[g * channels : (g + 1) * channels]
            im2col_rows(of_group, cols[n, g], first, KH, KW, sh, sw, OW)
            cols[n, g, -1] = 1


@compiled
def col2im_rows(cols, x, first, KH, KW, sh, sw, ph, pw, OW):
    """Add the im2col matrix of some output rows back into one image (C, H, W)."""
    C, H, W = x.shape
    rows = cols.shape[1] // OW
    for c in range(C):
        for kh in range(KH):
            for kw in range(KW):
                low = min(OW, max(0, -((kw - pw) // sw)))
                high = max(low, min(OW, (W - 1 + pw - kw) // sw + 1))
                row = cols[(c * KH + kh) * KW + kw]
                for r in range(rows):
                    h = (first + r) * sh + kh - ph
                    if h < 0 or h >= H or low == high:
                        continue
                    start = low * sw + kw - pw
                    target = x[c, h, start:]
                    for i in range(high - low):
                        target[i * sw] += row[r * OW + low + i]


@compiled
def col2im_images(cols, x, first, KH, KW, sh, sw, ph, pw, OW):
    """Add im2col matrices (n, G, C/G*KH*KW + 1, rows*OW), not the last row, back into images."""
    channels = x.shape[1] // cols.shape[1]
    for n in range(x.shape[0]):
        for g in range(cols.shape[1]):
            of_group = x[n, g * channels : (g + 1) * channels]
            col2im_rows(cols[n, g], of_group, first, KH, KW, sh, sw, ph, pw, OW)


@compiled
def add_map_sums(dy, db):
    """Add each feature map's sum to db (F,): dy (N, F, H, W)."""
    N, F, H, W = dy.shape
    for n in range(N):
        for f in range(F):
            total = 0.0
            for h in range(H):
                for w in range(W):
                    total += dy[n, f, h, w]
            db[f] += total


# ---------------------------------------------------------------------- element by element


@compiled
def to_bfloat16(x, y):
    """Bits of float32 to bits of bfloat16: the nearest, of two equally near the even one."""
    for i in range(x.size):
        bits = x[i]
        if bits & np.uint32(0x7FFFFFFF) > np.uint32(0x7F800000):  # NaN, which rounding could end
            y[i] = np.uint16(bits >> np.uint32(16)) | np.uint16(0x40)
        else:
            half = np.uint32(0x7FFF) + (bits >> np.uint32(16) & np.uint32(1))
            y[i] = np.uint16((bits + half) >> np.uint32(16))


@compiled
def from_bfloat16(x, y):
    """Bits of bfloat16 to bits of float32."""
    for i in range(x.size):
        y[i] = np.uint32(x[i]) << np.uint32(16)


@compiled
def relu(x, y):
    """y = max(x, 0); a NaN stays a NaN."""
    zero = x.dtype.type(0)
    for i in range(x.size):
        y[i] = zero if x[i] < zero else x[i]


@compiled
def relu_backward(dy, y, dx):
    """dx = dy where y is positive, else 0."""
    zero = dy.dtype.type(0)
    for i in range(dy.size):
        dx[i] = dy[i] * dy.dtype.type(y[i] > zero)  # an `if` here is ten times as slow


@compiled
def sgd_step(w, g, v, lr, momentum, weight_decay):
    """One pass over weight, gradient and velocity."""
    lr, momentum = w.dtype.type(lr), w.dtype.type(momentum)
    weight_decay = w.dtype.type(weight_decay)
    for i in range(w.size):
        v[i] = momentum * v[i] - lr * (weight_decay * w[i] + g[i])
        w[i] += v[i]


@compiled
def cross_entropy(logits, labels, dlogits):
    """Return the mean cross-entropy of softmax(logits); write its gradient to dlogits."""
    N, classes = logits.shape
    loss = 0.0
    for n in range(N):
        z, p = logits[n], dlogits[n]
        largest = z[0]
        for i in range(1, classes):
            largest = z[i] if z[i] > largest else largest
        total = 0.0
        for i in range(classes):
            p[i] = math.exp(z[i] - largest)
            total += p[i]
        for i in range(classes):
            p[i] /= total * N
        label = labels[n]
        p[label] -= 1.0 / N
        loss += math.log(total) - (z[label] - largest)
    return loss / N


@compiled
def augment(images, tops, lefts, mirrors, mean, colour, scale, x):
    """Crop, flip, subtract the mean, shift the colour: uint8 (N, H, W, C) -> (N, C, CH, CW).

    ``images`` is C-contiguous, ``mean`` (C, 1, 1) or (C, CH, CW).
    """
    N, C, CH, CW = x.shape
    H, W = images.shape[1:3]
    flat = images.reshape(-1)
    planes = np.empty((C, CW), np.float32)  # one row, its channels deinterleaved
    means = np.empty((C, CW), np.float32)
    for c in range(C):
        means[c] = mean[c, 0]
    for n in range(N):
        for h in range(CH):
            first = ((n * H + tops[n] + h) * W + lefts[n]) * C
            row = flat[first : first + C * CW]
            # With a constant stride, the compiler vectorises these loops.
            if C == 3:
                red, green, blue = planes[0], planes[1], planes[2]
                for w in range(CW):
                    red[w] = np.float32(row[3 * w])
                    green[w] = np.float32(row[3 * w + 1])
                    blue[w] = np.float32(row[3 * w + 2])
            else:
                for c in range(C):
                    for w in range(CW):
                        planes[c, w] = np.float32(row[C * w + c])
            for c in range(C):
                out, plane = x[n, c, h], planes[c]
                m = means[c] if mean.shape[1] == 1 else mean[c, h]
                shift, factor = colour[n, c], scale[c]
                if mirrors[n]:
                    last = np.uint64(
                        CW - 1
                    )  # unsigned: the compiler need not handle negative indices
                    for w in range(CW):
                        out[w] = (plane[last - np.uint64(w)] - m[w] + shift) * factor
                else:
                    for w in range(CW):
                        out[w] = (plane[w] - m[w] + shift) * factor
