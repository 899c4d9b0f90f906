"""Im2col as exercises 18 and 19 mean it: its definition, and inputs for it."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.grader.draws import Array, windows
from tinyalex.learn.grader.draws_more import numbered
from tinyalex.learn.grader.spec import Arguments


@st.composite
def images(
    draw: st.DrawFn, padding: int = 0, strided: bool = True, more: int = 2, kernel: int = 3
) -> Arguments:
    """Images whose pixels are 1, 2, 3, ...: a 0 can only come from the padding."""
    s = draw(windows(padding, kernel, more=more))
    return {
        "x": numbered(s.N, s.C, s.H, s.W),
        "kernel_size": (s.KH, s.KW),
        "stride": s.stride if strided else 1,
        "padding": s.padding,
    }


def cols_shape(a: Arguments) -> tuple[int, int, int]:
    (N, C, H, W), (KH, KW) = a["x"].shape, a["kernel_size"]
    OH = (H + 2 * a["padding"] - KH) // a["stride"] + 1
    OW = (W + 2 * a["padding"] - KW) // a["stride"] + 1
    return (N, C * KH * KW, OH * OW)


def columns(x: Array, kernel_size: tuple[int, int], stride: int, padding: int) -> Array:
    """The definition, one number at a time."""
    a = {"x": x, "kernel_size": kernel_size, "stride": stride, "padding": padding}
    (N, C, H, W), (KH, KW) = x.shape, kernel_size
    OW = (W + 2 * padding - KW) // stride + 1
    cols = np.zeros(cols_shape(a))
    for n in range(N):
        for c in range(C):
            for p in range(KH):
                for q in range(KW):
                    row = (c * KH + p) * KW + q
                    for place in range(cols.shape[2]):
                        h = place // OW * stride + p - padding
                        w = place % OW * stride + q - padding
                        if 0 <= h < H and 0 <= w < W:
                            cols[n, row, place] = x[n, c, h, w]
    return cols
