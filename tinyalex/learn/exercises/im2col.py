"""Exercise 02: im2col."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.grader import Answer, Arguments, Exercise, Property, expect_equal, expect_shape
from tinyalex.learn.grader.draws import Array, distinct, numbered, whole, windows


def columns(x: Array, kernel_size: tuple[int, int], stride: int, padding: int) -> Array:
    """The definition, one number at a time."""
    a = {"x": x, "kernel_size": kernel_size, "stride": stride, "padding": padding}
    (N, C, H, W), (KH, KW) = x.shape, kernel_size
    OW = (W + 2 * padding - KW) // stride + 1
    cols = np.zeros(out_shape(a))
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


@st.composite
def arguments(draw: st.DrawFn, padding: int = 0, kernel: int = 3) -> Arguments:
    s = draw(windows(padding, kernel))
    return {
        "x": draw(whole(s.x_shape)),
        "kernel_size": (s.KH, s.KW),
        "stride": s.stride,
        "padding": s.padding,
    }


@st.composite
def one_window(draw: st.DrawFn) -> Arguments:
    """The kernel is as large as the image; all pixels differ."""
    s = draw(windows())
    x = draw(distinct((s.N, s.C, s.KH, s.KW), first=1))
    return {"x": x, "kernel_size": (s.KH, s.KW), "stride": s.stride, "padding": 0}


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


def out_shape(a: Arguments) -> tuple[int, int, int]:
    (N, C, H, W), (KH, KW) = a["x"].shape, a["kernel_size"]
    OH = (H + 2 * a["padding"] - KH) // a["stride"] + 1
    OW = (W + 2 * a["padding"] - KW) // a["stride"] + 1
    return (N, C * KH * KW, OH * OW)


def shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.im2col(**a), out_shape(a), "cols")


def all_ones(answer: Answer, a: Arguments) -> None:
    a = a | {"x": np.ones_like(a["x"])}
    expect_equal(answer.im2col(**a), np.ones(out_shape(a)), "cols")


def one_pixel(answer: Answer, a: Arguments) -> None:
    x, s = a["x"], a["stride"]
    seen = x[:, :, ::s, ::s]
    expect_equal(answer.im2col(**a), seen.reshape(*x.shape[:2], -1), "cols")


def whole_image(answer: Answer, a: Arguments) -> None:
    x = a["x"]
    expect_equal(answer.im2col(**a), x.reshape(len(x), -1, 1), "cols")


def definition(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.im2col(**a), columns(**a), "cols")


EXERCISE = Exercise(
    name="02_im2col",
    title="im2col: windows to columns",
    lesson=2,
    minutes=30,
    functions=("im2col",),
    properties=(
        Property(
            name="shape",
            says="cols is (N, C*KH*KW, OH*OW): a row for each pixel of a window, a column for "
            "each window.",
            given=arguments(padding=2),
            judge=shape,
            hints=(
                "How many windows has an image? How many pixels has a window, over all channels?",
                "Kernels need not be square: KH goes with H, KW with W.",
                "OH = (H + 2 * padding - KH) // stride + 1, and OW with W and KW.",
            ),
        ),
        Property(
            name="all ones",
            says="Without padding, the columns of an image of ones are all ones.",
            given=arguments(),
            judge=all_ones,
            hints=(
                "Every number of cols is a pixel of x. Which ones did you not fill?",
                "Fill all images, all channels, all p and q, all windows.",
            ),
        ),
        Property(
            name="kernel of one pixel",
            says="A kernel of 1 x 1 sees every stride-th pixel, row by row.",
            given=arguments(kernel=1),
            judge=one_pixel,
            hints=(
                "In which order do the windows stand, and how far apart are they?",
                "Column i * OW + j is the window whose corner is (i * stride, j * stride).",
                "With p = q = 0 the pixels are padded[:, :, ::stride, ::stride], OH x OW of them.",
            ),
        ),
        Property(
            name="kernel of the whole image",
            says="A kernel as large as the image has one window; its column is the image, "
            "channel by channel and row by row.",
            given=one_window(),
            judge=whole_image,
            hints=(
                "In which order do the pixels of one window stand in its column?",
                "As in x.reshape(N, -1): channels first, then rows, then columns.",
                "Row number (c * KH + p) * KW + q; an array (N, C, KH, KW, OH, OW), reshaped, "
                "has this order.",
            ),
        ),
        Property(
            name="against the definition",
            says="Without padding, every number of cols is the pixel that the definition says.",
            given=arguments(),
            judge=definition,
            hints=(
                "Which pixel is (p, q) of the window at (i, j)?",
                "The window moves by stride, but within the window pixels are neighbours.",
                "padded[n, c, i * stride + p, j * stride + q]; for all windows at once, a slice "
                "from p to p + stride * OH in steps of stride.",
            ),
        ),
        Property(
            name="padding",
            says="Pixels outside the image are zeros, the same number on all four sides.",
            given=arguments(padding=2),
            judge=definition,
            hints=(
                "What does the first window see above and to the left of the image?",
                "Zeros all around: before the first pixel as well as after the last.",
                "padded[:, :, padding : padding + H, padding : padding + W] = x",
            ),
        ),
    ),
)
