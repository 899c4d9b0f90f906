"""Exercise 07: overlapping max pooling."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.grader import Answer, Arguments, Exercise, Property, expect_equal, expect_shape
from tinyalex.learn.grader.draws import (
    LARGE,
    Array,
    distinct,
    eighths,
    sample,
    scales,
    windows,
    with_constants,
)


@st.composite
def arguments(draw: st.DrawFn, gaps: bool = True) -> Arguments:
    """Without ``gaps``, the stride is at most the window's width."""
    s = draw(windows(square=True))
    stride = s.stride if gaps else min(s.stride, s.KH)
    return {"x": draw(eighths(s.x_shape)), "kernel_size": s.KH, "stride": stride}


@st.composite
def one_window(draw: st.DrawFn) -> Arguments:
    """The window is the image; no two numbers are equal."""
    s = draw(windows(square=True))
    x = draw(distinct((s.N, s.C, s.KH, s.KW)))
    return {"x": x, "kernel_size": s.KH, "stride": s.stride}


@st.composite
def negative(draw: st.DrawFn) -> Arguments:
    """All numbers are negative, also far below any constant that stands for "nothing"."""
    a = draw(one_window())
    return a | {"x": (a["x"] - a["x"].size) * draw(scales(LARGE))}


def max_pool2d_by_definition(x: Array, kernel_size: int, stride: int) -> Array:
    """One window at a time."""
    N, C, H, W = x.shape
    y = np.zeros((N, C, (H - kernel_size) // stride + 1, (W - kernel_size) // stride + 1))
    for n, c, i, j in np.ndindex(y.shape):
        y[n, c, i, j] = max(
            x[n, c, i * stride + p, j * stride + q] for p, q in np.ndindex(kernel_size, kernel_size)
        )
    return y


def shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.max_pool2d(**a), max_pool2d_by_definition(**a).shape)


def definition(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.max_pool2d(**a), max_pool2d_by_definition(**a))


EXERCISE = Exercise(
    name="07_max_pool",
    title="Overlapping max pooling",
    lesson=5,
    minutes=15,
    functions=("max_pool2d",),
    properties=(
        Property(
            name="shape",
            says="y is (N, C, OH, OW): one number per window and channel.",
            given=arguments(gaps=False),
            judge=shape,
            hints=(
                "How many steps can a window take before it leaves the image?",
                "OH = (H - kernel_size) // stride + 1; OW is the same with W.",
            ),
        ),
        Property(
            name="all ones",
            says="If all pixels are 1, all outputs are 1.",
            given=with_constants(arguments(), x=1),
            judge=definition,
            hints=(
                "Which outputs did you not fill? Do you do more than find the largest number?",
                "Fill all images, all channels and all windows.",
            ),
        ),
        Property(
            name="one window",
            says="A window as large as the image keeps the largest number of each channel.",
            given=one_window(),
            judge=definition,
            hints=(
                "Which numbers do you compare? Only those of the same channel and image.",
                "Over rows and columns of the window: max(axis=(2, 3)).",
            ),
        ),
        Property(
            name="negative numbers",
            says="If all numbers of a window are negative, the output is negative.",
            given=negative(),
            judge=definition,
            hints=(
                "What do you compare the first number of a window with?",
                "Do not start with 0 and do not pad with 0. Start with the first number, or with "
                "-np.inf.",
            ),
        ),
        Property(
            name="against the definition",
            says="Every output is the largest number of its window.",
            given=arguments(),
            judge=definition,
            large=lambda: {"x": sample(1, 2, 55, 55), "kernel_size": 3, "stride": 2},
            hints=(
                "Where does window (i, j) begin, and where does it end?",
                "It begins at (i * stride, j * stride). The stride is not the kernel size: windows "
                "overlap if the stride is smaller.",
                "x[:, :, top : top + kernel_size, left : left + kernel_size]",
            ),
        ),
    ),
)
