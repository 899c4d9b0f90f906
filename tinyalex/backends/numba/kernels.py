"""The NumPy kernels once more, as loops that Numba compiles.

A kernel works on a slice of a batch, writes into arrays that it is given, and releases Python's
lock, so that several threads run it side by side. Inner loops run along a row with their bounds
worked out before: so the compiler can use vector instructions. Legend as in ``base.py``.
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
    whole = count // LANES * LANES
    for i in range(0, whole, LANES):
        copy_block(x, at + i, y, to + i)
    if whole < count:
        copy_partial(x, at + whole, y, to + whole, count - whole)


# ---------------------------------------------------------------------- convolution


@compiled
def phases_of(x, step, ph, pw, out):
    """Pad an image and put every ``step``-th pixel side by side; the padding of out is zero.

    out[c, h + ph, s, i] is pixel i * step + s of the padded row: what neighbouring windows see in
    the same place lies side by side.
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
    """Columns of one image's output rows from ``first`` on: (C*KH*KW, rows*OW)."""
    C = phases.shape[0]
    rows = cols.shape[1] // OW
    for c in range(C):
        for kh in range(KH):
            for kw in range(KW):
                out = cols[(c * KH + kh) * KW + kw]
                phase, start = kw % sw, kw // sw
                for r in range(rows):
                    row = phases[c, (first + r) * sh + kh, phase]
                    if OW == 8:  # small maps take half of the time when the length is known
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
def columns_of(x, phases, cols, first, KH, KW, sh, sw, ph, pw, OW):
    """Columns of a few images, a group's channels together, and below them a row of ones.

    x (n, C, H, W); phases, room for `phases_of` one image; cols (n, G, C/G*KH*KW + 1, rows*OW).
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
    """Add the columns of one image's output rows back into (C, H, W)."""
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
def add_columns(cols, x, first, KH, KW, sh, sw, ph, pw, OW):
    """Add columns (n, G, K, rows*OW) back into a few images (n, C, H, W)."""
    channels = x.shape[1] // cols.shape[1]
    for n in range(x.shape[0]):
        for g in range(cols.shape[1]):
            some = x[n, g * channels : (g + 1) * channels]
            col2im_rows(cols[n, g], some, first, KH, KW, sh, sw, ph, pw, OW)


@compiled
def add_map_sums(dy, db):
    """Add each map's sum to db (F,): dy (N, F, H, W)."""
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
def relu(x, y):
    """Keep what is positive; a NaN stays."""
    zero = x.dtype.type(0)
    for i in range(x.size):
        y[i] = zero if x[i] < zero else x[i]


@compiled
def relu_backward(dy, y, dx):
    """dy counts where y could move."""
    zero = dy.dtype.type(0)
    for i in range(dy.size):
        dx[i] = dy[i] * dy.dtype.type(y[i] > zero)  # an `if` here costs ten times as much


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
    """Mean loss of softmax and cross-entropy; fills its gradient."""
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
    """Crop, mirror, subtract the mean, shift the colour: uint8 (N, H, W, C) -> (N, C, CH, CW).

    ``images`` is C-contiguous, ``mean`` (C, 1, 1) or (C, CH, CW).
    """
    N, C, CH, CW = x.shape
    H, W = images.shape[1:3]
    flat = images.reshape(-1)
    planes = np.empty((C, CW), np.float32)  # a row, a channel after the other
    means = np.empty((C, CW), np.float32)
    for c in range(C):
        means[c] = mean[c, 0]
    for n in range(N):
        for h in range(CH):
            first = ((n * H + tops[n] + h) * W + lefts[n]) * C
            row = flat[first : first + C * CW]
            # Loops whose steps are known become vector instructions.
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
                    last = np.uint64(CW - 1)  # without a sign, no index can mean the far end
                    for w in range(CW):
                        out[w] = (plane[last - np.uint64(w)] - m[w] + shift) * factor
                else:
                    for w in range(CW):
                        out[w] = (plane[w] - m[w] + shift) * factor
