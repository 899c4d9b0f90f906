"""Exercise 07: overlapping max pooling."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.grader import Answer, Arguments, Exercise, Property, expect_equal, expect_shape
from tinyalex.learn.grader.draws import Array, distinct, whole, windows


def largest(x: Array, kernel_size: int, stride: int) -> Array:
    """The definition, one number at a time."""
    N, C, H, W = x.shape
    y = np.zeros((N, C, (H - kernel_size) // stride + 1, (W - kernel_size) // stride + 1))
    for n, c, i, j in np.ndindex(y.shape):
        y[n, c, i, j] = max(
            x[n, c, i * stride + p, j * stride + q] for p, q in np.ndindex(kernel_size, kernel_size)
        )
    return y


@st.composite
def arguments(draw: st.DrawFn) -> Arguments:
    s = draw(windows(square=True))
    return {"x": draw(whole(s.x_shape)), "kernel_size": s.KH, "stride": s.stride}


@st.composite
def one_window(draw: st.DrawFn) -> Arguments:
    """The window is the image; no two numbers are equal."""
    s = draw(windows(square=True))
    x = draw(distinct((s.N, s.C, s.KH, s.KW)))
    return {"x": x, "kernel_size": s.KH, "stride": s.stride}


@st.composite
def one_negative_window(draw: st.DrawFn) -> Arguments:
    a = draw(one_window())
    return a | {"x": a["x"] - a["x"].size}


def out_shape(a: Arguments) -> tuple[int, int, int, int]:
    N, C, H, W = a["x"].shape
    kernel, stride = a["kernel_size"], a["stride"]
    return (N, C, (H - kernel) // stride + 1, (W - kernel) // stride + 1)


def shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.max_pool2d(**a), out_shape(a))


def all_ones(answer: Answer, a: Arguments) -> None:
    a = a | {"x": np.ones_like(a["x"])}
    expect_equal(answer.max_pool2d(**a), np.ones(out_shape(a)))


def whole_image(answer: Answer, a: Arguments) -> None:
    x = a["x"]
    expected = np.zeros((*x.shape[:2], 1, 1))
    for n, c, h, w in np.ndindex(x.shape):
        expected[n, c, 0, 0] = max(expected[n, c, 0, 0], x[n, c, h, w])
    expect_equal(answer.max_pool2d(**a), expected)


def definition(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.max_pool2d(**a), largest(**a))


EXERCISE = Exercise(
    name="07_max_pool",
    title="Overlapping max pooling",
    lesson=5,
    minutes=15,
    functions=("max_pool2d",),
    properties=(
        Property(
            name="shape",
            says="y is (N, C, OH, OW): a number for each window of each channel.",
            given=arguments(),
            judge=shape,
            hints=(
                "How often can a window take a step before it leaves the image?",
                "OH = (H - kernel_size) // stride + 1, and OW with W.",
            ),
        ),
        Property(
            name="all ones",
            says="The largest of ones is one.",
            given=arguments(),
            judge=all_ones,
            hints=(
                "Which windows did you not fill, or what did you do beside finding the largest?",
                "Fill all images, all channels, all windows.",
            ),
        ),
        Property(
            name="one window",
            says="A window as large as the image keeps the largest number of each channel.",
            given=one_window(),
            judge=whole_image,
            hints=(
                "The largest of which numbers? Channels and images do not mix.",
                "Over rows and columns of the window: max(axis=(2, 3)).",
            ),
        ),
        Property(
            name="negative numbers",
            says="The largest of negative numbers is negative too.",
            given=one_negative_window(),
            judge=definition,
            hints=(
                "With what do you compare the first number of a window?",
                "Not with 0: begin with the first number itself or with -np.inf, and pad nothing.",
            ),
        ),
        Property(
            name="against the definition",
            says="Every output is the largest number of its window.",
            given=arguments(),
            judge=definition,
            hints=(
                "Where does window (i, j) begin, and where does it end?",
                "It begins at (i * stride, j * stride): stride and kernel_size are different "
                "things, and windows overlap where the stride is smaller.",
                "x[:, :, top : top + kernel_size, left : left + kernel_size]",
            ),
        ),
    ),
)
