"""Exercise 08: the backward pass of max pooling."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.exercises.max_pool import max_pool2d_by_definition
from tinyalex.learn.grader import (
    Answer,
    Arguments,
    Exercise,
    Property,
    expect_additive,
    expect_equal,
    expect_shape,
)
from tinyalex.learn.grader.draws import (
    LARGE,
    Array,
    distinct,
    eighths,
    numeric_gradient,
    sample,
    scales,
    windows,
    with_other,
)


@st.composite
def arguments(
    draw: st.DrawFn, ties: bool = False, extra: int = 3, steps: bool = False
) -> Arguments:
    """Without ties, no two numbers of x are equal; with ``steps``, they are about 1 apart.

    In some of the inputs, all numbers of x are negative.
    """
    s = draw(windows(square=True, extra=extra))
    x = draw(eighths(s.x_shape, 0, 2) if ties else distinct(s.x_shape))
    return {
        "dy": draw(eighths((s.N, s.C, s.OH, s.OW))),
        "x": (x - draw(st.sampled_from((0, 0, x.size)))) * (1.0 if steps else draw(scales(LARGE))),
        "kernel_size": s.KH,
        "stride": s.stride,
    }


def gradient_by_definition(dy: Array, x: Array, kernel_size: int, stride: int) -> Array:
    """One window at a time; the first maximum of a window gets its dy."""
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dy.shape):
        top, left = i * stride, j * stride
        pixels = [(n, c, top + p, left + q) for p, q in np.ndindex(kernel_size, kernel_size)]
        dx[max(pixels, key=lambda at: x[at])] += dy[n, c, i, j]  # max returns the first of equals
    return dx


def shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.max_pool2d_backward(**a), a["x"].shape, "dx")


def definition(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.max_pool2d_backward(**a), gradient_by_definition(**a), "dx")


def linearity(answer: Answer, a: Arguments) -> None:
    expect_additive(answer.max_pool2d_backward, gradient_by_definition, a, "dy", "dx")


def same_sums(answer: Answer, a: Arguments) -> None:
    dx = answer.max_pool2d_backward(**a)
    expect_shape(dx, a["x"].shape, "dx")
    expect_equal(dx.sum(axis=(2, 3)), a["dy"].sum(axis=(2, 3)), "dx.sum(axis=(2, 3))")


def gradient(answer: Answer, a: Arguments) -> None:
    """Numbers are at least 1 apart: a step of 1/4 keeps the argmax, and the gradient is exact."""

    def loss(x: Array) -> float:
        return float(np.sum(a["dy"] * max_pool2d_by_definition(x, a["kernel_size"], a["stride"])))

    expected = numeric_gradient(loss, a["x"], step=0.25)
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
            hints=("There is one gradient for each number of x.", "Start with np.zeros_like(x)."),
        ),
        Property(
            name="one window",
            says="With a single window, the largest number gets its dy and all others get 0.",
            given=arguments(extra=0),
            judge=definition,
            hints=(
                "Which number of the window changes the output? All can be negative.",
                "Find the largest number separately for each channel of each image.",
                "np.argmax(window) counts row by row: divmod(index, kernel_size) is (p, q).",
            ),
        ),
        Property(
            name="linearity",
            says="The gradient for dy + other is the sum of those for dy and for other.",
            given=with_other(arguments(), "dy"),
            judge=linearity,
            hints=(
                "Backward, dy is only moved and added up. What else do you do to it?",
                "Use no absolute value and no maximum of dy: x decides where dy goes.",
            ),
        ),
        Property(
            name="nothing is lost",
            says="In each channel, the sum of dx is the sum of dy.",
            given=arguments(),
            judge=same_sums,
            hints=(
                "What if one number is the largest of two windows?",
                "It gets the dy of both: use += and not =.",
            ),
        ),
        Property(
            name="gradient",
            says="dx is the gradient of sum(dy * y), measured by moving each x a little.",
            given=arguments(extra=2, steps=True),
            judge=gradient,
            hints=(
                "Where in the image is window (i, j)?",
                "Its corner is (i * stride, j * stride); p and q are counted from there.",
                "dx[n, c, i * stride + p, j * stride + q] += dy[n, c, i, j]",
            ),
            examples=30,
        ),
        Property(
            name="ties",
            says="If a window has its largest number several times, the first one gets all of dy.",
            given=arguments(ties=True),
            judge=definition,
            large=lambda: {
                "dy": sample(1, 2, 6, 6),
                "x": sample(1, 2, 13, 13),
                "kernel_size": 3,
                "stride": 2,
            },
            hints=(
                "How many numbers of a window can get its dy?",
                "Only the first, row by row. x == y is true for all of them.",
                "np.argmax returns the first; in a loop, compare with > and not with >=.",
            ),
        ),
    ),
)
