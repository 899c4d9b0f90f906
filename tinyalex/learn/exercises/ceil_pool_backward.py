"""Exercise 22: the backward pass of max pooling in ceil mode."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.exercises.ceil_pool import max_pool2d_by_definition, size_by_definition
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
    sizes,
    with_other,
)


@st.composite
def arguments(
    draw: st.DrawFn, ties: bool = False, low: int = 0, clipped: bool = False, extra: int = 3
) -> Arguments:
    """Without ties, no two numbers of x are equal.

    ``clipped``: four windows that do not overlap; the last ones lack a row, a column, or both.
    """
    N, C = draw(sizes(2, 2))
    kernel_size = draw(st.integers(2 if clipped else 1, 3))
    stride = kernel_size if clipped else draw(st.integers(1, 3))
    most = stride - 1 if clipped else extra
    H, W = (kernel_size + draw(st.integers(int(clipped), most)) for _ in range(2))
    OH, OW = (size_by_definition(size, kernel_size, stride) for size in (H, W))
    x_shape = (N, C, H, W)
    scale = draw(scales(LARGE)) if clipped else 1.0
    return {
        "dy": draw(eighths((N, C, OH, OW))),
        "x": draw(eighths(x_shape, 0, 2) if ties else distinct(x_shape, low)) * scale,
        "kernel_size": kernel_size,
        "stride": stride,
    }


def gradient_by_definition(dy: Array, x: Array, kernel_size: int, stride: int) -> Array:
    """One window at a time; the first maximum among its pixels inside the image gets its dy."""
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dy.shape):
        rows = range(i * stride, min(i * stride + kernel_size, x.shape[2]))
        columns = range(j * stride, min(j * stride + kernel_size, x.shape[3]))
        pixels = [(n, c, h, w) for h in rows for w in columns]
        dx[max(pixels, key=lambda at: x[at])] += dy[n, c, i, j]  # max returns the first of equals
    return dx


def shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.max_pool2d_ceil_backward(**a), a["x"].shape, "dx")


def definition(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.max_pool2d_ceil_backward(**a), gradient_by_definition(**a), "dx")


def linearity(answer: Answer, a: Arguments) -> None:
    expect_additive(answer.max_pool2d_ceil_backward, gradient_by_definition, a, "dy", "dx")


def same_sums(answer: Answer, a: Arguments) -> None:
    dx = answer.max_pool2d_ceil_backward(**a)
    expect_shape(dx, a["x"].shape, "dx")
    expect_equal(dx.sum(axis=(2, 3)), a["dy"].sum(axis=(2, 3)), "dx.sum(axis=(2, 3))")


def gradient(answer: Answer, a: Arguments) -> None:
    """Numbers are at least 1 apart: a step of 1/4 keeps the argmax, and the gradient is exact."""

    def loss(x: Array) -> float:
        return float(np.sum(a["dy"] * max_pool2d_by_definition(x, a["kernel_size"], a["stride"])))

    expected = numeric_gradient(loss, a["x"], step=0.25)
    expect_equal(answer.max_pool2d_ceil_backward(**a), expected, "dx")


EXERCISE = Exercise(
    name="22_ceil_pool_backward",
    title="Max pooling in ceil mode, backward",
    lesson=5,
    minutes=25,
    functions=("max_pool2d_ceil_backward",),
    properties=(
        Property(
            name="shape",
            says="dx has the shape of x.",
            given=arguments(extra=0),
            judge=shape,
            hints=("There is one gradient for each number of x.", "Start with np.zeros_like(x)."),
        ),
        Property(
            name="one window",
            says="With a single window, the largest number gets its dy and all others get 0.",
            given=arguments(extra=0),
            judge=definition,
            hints=(
                "Which number of the window changes the output?",
                "Find the largest number separately for each channel of each image.",
                "np.argmax(window) counts row by row: divmod(index, width) is (p, q).",
            ),
        ),
        Property(
            name="clipped windows",
            says="At the edge, the largest pixel inside the image gets dy, even if it is negative.",
            given=arguments(low=-99, clipped=True),
            judge=definition,
            hints=(
                "What does a clipped window see past the edge?",
                "It sees nothing there, not zeros. If you pad, pad with -np.inf.",
                "A clipped window is less wide: divide the argmax by window.shape[-1], not by "
                "kernel_size.",
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
                "Does every window give its dy to a pixel, also a window at the edge?",
                "What if one number is the largest of two windows? It gets the dy of both: use +=.",
                "Loop over all of dy: its OH and OW count the clipped windows, too.",
            ),
        ),
        Property(
            name="gradient",
            says="dx is the gradient of sum(dy * y), measured by moving each x a little.",
            given=arguments(extra=2),
            judge=gradient,
            hints=(
                "Where in the image is window (i, j)?",
                "Its corner is (i * stride, j * stride), at the edge too: it is clipped, not moved "
                "back.",
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
                "dy": sample(1, 2, 14, 14),
                "x": sample(1, 2, 28, 28),
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
