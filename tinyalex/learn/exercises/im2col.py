"""Exercise 02: im2col."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.grader import Answer, Arguments, Exercise, Property, expect_equal, expect_shape
from tinyalex.learn.grader.draws import (
    Array,
    distinct,
    eighths,
    numbered,
    sample,
    windows,
    with_constants,
)


@st.composite
def arguments(draw: st.DrawFn, padding: int = 0, kernel: int = 3) -> Arguments:
    s = draw(windows(padding, kernel))
    return {
        "x": draw(eighths(s.x_shape)),
        "kernel_size": (s.KH, s.KW),
        "stride": s.stride,
        "padding": s.padding,
    }


@st.composite
def one_patch(draw: st.DrawFn) -> Arguments:
    """The kernel is as large as the image; all pixels differ."""
    s = draw(windows())
    x = draw(distinct((s.N, s.C, s.KH, s.KW), first=1))
    return {"x": x, "kernel_size": (s.KH, s.KW), "stride": s.stride, "padding": 0}


@st.composite
def numbered_images(
    draw: st.DrawFn, padding: int = 0, strided: bool = True, extra: int = 2, kernel: int = 3
) -> Arguments:
    """For exercises 18 and 19: the pixels are 1, 2, 3, ..., so that a 0 is always padding."""
    s = draw(windows(padding, kernel, extra=extra))
    return {
        "x": numbered(s.N, s.C, s.H, s.W) + 0.5,
        "kernel_size": (s.KH, s.KW),
        "stride": s.stride if strided else 1,
        "padding": s.padding,
    }


def out_shape(a: Arguments) -> tuple[int, int, int]:
    (N, C, H, W), (KH, KW) = a["x"].shape, a["kernel_size"]
    OH = (H + 2 * a["padding"] - KH) // a["stride"] + 1
    OW = (W + 2 * a["padding"] - KW) // a["stride"] + 1
    return (N, C * KH * KW, OH * OW)


def im2col_by_definition(
    x: Array, kernel_size: tuple[int, int], stride: int, padding: int
) -> Array:
    """One number at a time, in the loops that exercise 18 compiles and is timed against."""
    a = {"x": x, "kernel_size": kernel_size, "stride": stride, "padding": padding}
    (N, C, H, W), (KH, KW) = x.shape, kernel_size
    OW = (W + 2 * padding - KW) // stride + 1
    cols = np.zeros(out_shape(a))
    for n in range(N):
        for c in range(C):
            for p in range(KH):
                for q in range(KW):
                    row = (c * KH + p) * KW + q
                    for patch in range(cols.shape[2]):
                        h = patch // OW * stride + p - padding
                        w = patch % OW * stride + q - padding
                        if 0 <= h < H and 0 <= w < W:  # outside there are zeros
                            cols[n, row, patch] = x[n, c, h, w]
    return cols


def shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.im2col(**a), out_shape(a), "cols")


def definition(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.im2col(**a), im2col_by_definition(**a), "cols")


EXERCISE = Exercise(
    name="02_im2col",
    title="im2col: patches to columns",
    lesson=2,
    minutes=30,
    functions=("im2col",),
    properties=(
        Property(
            name="shape",
            says="cols is (N, C*KH*KW, OH*OW): one row per pixel of a patch, one column per patch.",
            given=arguments(padding=2),
            judge=shape,
            hints=(
                "How many patches does an image have? How many pixels does a patch have, over all "
                "channels?",
                "The kernel may be rectangular: KH goes with H, KW with W.",
                "OH = (H + 2 * padding - KH) // stride + 1; OW is the same with W and KW.",
            ),
        ),
        Property(
            name="all ones",
            says="Without padding, if all pixels are 1, all of cols is 1.",
            given=with_constants(arguments(), x=1),
            judge=definition,
            hints=(
                "Every number of cols is a pixel of x. Which ones did you not fill?",
                "Fill all images, all channels, all p and q, and all patches.",
            ),
        ),
        Property(
            name="1 x 1 kernel",
            says="A kernel of 1 x 1 reads every stride-th pixel, row by row.",
            given=arguments(kernel=1),
            judge=definition,
            hints=(
                "In which order are the patches, and how far apart are they?",
                "Column i * OW + j is the patch that begins at pixel (i * stride, j * stride).",
                "With p = q = 0 the pixels are padded[:, :, ::stride, ::stride], OH x OW of them.",
            ),
        ),
        Property(
            name="one patch",
            says="A kernel as large as the image has one patch; its column is the image, channel "
            "by channel and row by row.",
            given=one_patch(),
            judge=definition,
            hints=(
                "In which order are the pixels of one patch in its column?",
                "As in x.reshape(N, -1): first by channel, then by row, then by column.",
                "The row number is (c * KH + p) * KW + q. An array (N, C, KH, KW, OH, OW) has "
                "this order when you reshape it.",
            ),
        ),
        Property(
            name="against the definition",
            says="Without padding, every number of cols is the pixel in the definition.",
            given=arguments(),
            judge=definition,
            hints=(
                "Which pixel is (p, q) of the patch at (i, j)?",
                "Patches are stride pixels apart, but inside a patch the pixels are neighbours.",
                "padded[n, c, i * stride + p, j * stride + q]; for all patches at once, use a "
                "slice from p to p + stride * OH with step stride.",
            ),
        ),
        Property(
            name="padding",
            says="Outside the image there are zeros, equally many on all four sides.",
            given=arguments(padding=2),
            judge=definition,
            large=lambda: {
                "x": sample(1, 2, 27, 27),
                "kernel_size": (5, 5),
                "stride": 1,
                "padding": 2,
            },
            hints=(
                "What does the first patch see above the image and to its left?",
                "Zeros: the border goes all round, before the first pixel and after the last.",
                "padded[:, :, padding : padding + H, padding : padding + W] = x",
            ),
        ),
    ),
)
