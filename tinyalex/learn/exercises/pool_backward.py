"""Exercise 08: the backward pass of max pooling."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.exercises.max_pool import largest
from tinyalex.learn.grader import Answer, Arguments, Exercise, Property, expect_equal, expect_shape
from tinyalex.learn.grader.draws import Array, distinct, numeric_gradient, whole, windows


@st.composite
def arguments(draw: st.DrawFn, ties: bool = False, more: int = 3) -> Arguments:
    """Without ties, no two numbers of x are equal."""
    s = draw(windows(square=True, more=more))
    return {
        "dy": draw(whole((s.N, s.C, s.OH, s.OW))),
        "x": draw(whole(s.x_shape, 0, 2) if ties else distinct(s.x_shape)),
        "kernel_size": s.KH,
        "stride": s.stride,
    }


@st.composite
def one_window(draw: st.DrawFn) -> Arguments:
    """The window is the image."""
    s = draw(windows(square=True))
    return {
        "dy": draw(whole((s.N, s.C, 1, 1))),
        "x": draw(distinct((s.N, s.C, s.KH, s.KW))),
        "kernel_size": s.KH,
        "stride": s.stride,
    }


@st.composite
def two_slopes(draw: st.DrawFn) -> Arguments:
    """``dy`` and ``other``, to be added."""
    a = draw(arguments())
    return {"dy": a.pop("dy"), "other": draw(whole(largest(**a).shape))} | a


def shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.max_pool2d_backward(**a), a["x"].shape, "dx")


def to_the_largest(answer: Answer, a: Arguments) -> None:
    x, dy = a["x"], a["dy"]
    expected = np.zeros_like(x)
    for n, c, h, w in np.ndindex(x.shape):
        if x[n, c, h, w] == x[n, c].max():
            expected[n, c, h, w] = dy[n, c, 0, 0]
    expect_equal(answer.max_pool2d_backward(**a), expected, "dx")


def linearity(answer: Answer, a: Arguments) -> None:
    rest = {name: a[name] for name in ("x", "kernel_size", "stride")}
    apart = [answer.max_pool2d_backward(a[name], **rest) for name in ("dy", "other")]
    for dx in apart:
        expect_shape(dx, a["x"].shape, "dx")
    both = answer.max_pool2d_backward(a["dy"] + a["other"], **rest)
    expect_equal(both, apart[0] + apart[1], "dx of dy + other")


def nothing_lost(answer: Answer, a: Arguments) -> None:
    dx = answer.max_pool2d_backward(**a)
    expect_shape(dx, a["x"].shape, "dx")
    expect_equal(dx.sum(axis=(2, 3)), a["dy"].sum(axis=(2, 3)), "dx.sum(axis=(2, 3))")


def gradient(answer: Answer, a: Arguments) -> None:
    """Numbers are at least 1 apart: moved by 1/4, the largest stays so and the slope is exact."""

    def loss(x: Array) -> float:
        return float(np.sum(a["dy"] * largest(x, a["kernel_size"], a["stride"])))

    expected = numeric_gradient(loss, a["x"], step=0.25)
    expect_equal(answer.max_pool2d_backward(**a), expected, "dx")


def first_of_equals(answer: Answer, a: Arguments) -> None:
    dy, x, kernel, stride = a["dy"], a["x"], a["kernel_size"], a["stride"]
    expected = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dy.shape):
        best = (n, c, i * stride, j * stride)
        for p, q in np.ndindex(kernel, kernel):
            at = (n, c, i * stride + p, j * stride + q)
            if x[at] > x[best]:
                best = at
        expected[best] += dy[n, c, i, j]
    expect_equal(answer.max_pool2d_backward(**a), expected, "dx")


EXERCISE = Exercise(
    name="08_pool_backward",
    title="Max pooling, backward",
    lesson=5,
    minutes=25,
    functions=("max_pool2d_backward",),
    properties=(
        Property(
            name="shape",
            says="dx has the shape of x.",
            given=arguments(),
            judge=shape,
            hints=("There is one slope for each number of x.", "Begin with np.zeros_like(x)."),
        ),
        Property(
            name="one window",
            says="With one window, its dy goes to the largest number, and zeros to all others.",
            given=one_window(),
            judge=to_the_largest,
            hints=(
                "Which number moved the output?",
                "Look for it in each channel of each image by itself.",
                "np.argmax(window) counts through the rows: divmod(it, kernel_size) is (p, q).",
            ),
        ),
        Property(
            name="linearity",
            says="The slopes for dy + other are the sums of those for dy and for other.",
            given=two_slopes(),
            judge=linearity,
            hints=(
                "Backward, dy is moved and added up only; what else happens to it?",
                "No absolute values, no maximum: where dy goes is decided by x.",
            ),
        ),
        Property(
            name="nothing is lost",
            says="In each channel, the numbers of dx add up to the same as those of dy.",
            given=arguments(),
            judge=nothing_lost,
            hints=(
                "What if one number is the largest of two windows?",
                "It gets the dy of both: += and not =.",
            ),
        ),
        Property(
            name="gradient",
            says="dx is the slope of sum(dy * y), measured by moving each x up and down a little.",
            given=arguments(more=2),
            judge=gradient,
            hints=(
                "Where in the image does window (i, j) lie?",
                "Its corner is (i * stride, j * stride); p and q count from there.",
                "dx[n, c, i * stride + p, j * stride + q] += dy[n, c, i, j]",
            ),
            examples=30,
        ),
        Property(
            name="ties",
            says="If the largest number stands in a window several times, the first gets all.",
            given=arguments(ties=True),
            judge=first_of_equals,
            hints=(
                "How many numbers of a window can get its dy?",
                "One: the first, row by row. x == y is true for all of them.",
                "np.argmax gives the first of equals; a loop does with > in place of >=.",
            ),
        ),
    ),
)
