"""Exercise 08: max pooling, backward."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.grader.draws import Array, distinct, numeric_gradient, shapes, whole
from tinyalex.learn.grader.spec import (
    Answer,
    Arguments,
    Exercise,
    Property,
    expect_equal,
    expect_shape,
)


def pooled(x: Array, kernel_size: tuple[int, int], stride: int) -> Array:
    """Forward, by the definition."""
    N, C, H, W = x.shape
    KH, KW = kernel_size
    y = np.zeros((N, C, (H - KH) // stride + 1, (W - KW) // stride + 1))
    for n, c, i, j in np.ndindex(y.shape):
        y[n, c, i, j] = max(
            x[n, c, i * stride + p, j * stride + q] for p in range(KH) for q in range(KW)
        )
    return y


def routed(dy: Array, x: Array, kernel_size: tuple[int, int], stride: int) -> Array:
    """Backward, by the definition: look for the first of the largest, row by row."""
    KH, KW = kernel_size
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(dy.shape):
        best, place = -np.inf, (0, 0)
        for p, q in np.ndindex(KH, KW):
            h, w = i * stride + p, j * stride + q
            if x[n, c, h, w] > best:
                best, place = x[n, c, h, w], (h, w)
        dx[n, c, *place] += dy[n, c, i, j]
    return dx


@st.composite
def arguments(
    draw: st.DrawFn, ties: bool = False, apart: bool = False, ones: bool = False
) -> Arguments:
    """With ``apart`` no two windows share a pixel."""
    N, C = draw(shapes(2, high=2))
    KH, KW = draw(shapes(2, high=3))
    stride = draw(st.integers(max(KH, KW) if apart else 1, 3))
    x_shape = (N, C, KH + draw(st.integers(0, 3)), KW + draw(st.integers(0, 3)))
    x = draw(whole(x_shape, 0, 1) if ties else distinct(x_shape, first=1))
    y_shape = pooled(x, (KH, KW), stride).shape
    dy = np.ones(y_shape) if ones else draw(whole(y_shape, -3, 3))
    return {"dy": dy, "x": x, "kernel_size": (KH, KW), "stride": stride}


def shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.max_pool2d_backward(**a), a["x"].shape, "dx")


def definition(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.max_pool2d_backward(**a), routed(**a), "dx")


def nothing_lost(answer: Answer, a: Arguments) -> None:
    """Each image and channel of dx adds up to what dy adds up to."""
    dx = answer.max_pool2d_backward(**a)
    expect_shape(dx, a["x"].shape, "dx")
    expect_equal(dx.sum(axis=(2, 3)), a["dy"].sum(axis=(2, 3)), "the sum of dx")


def gradient(answer: Answer, a: Arguments) -> None:
    def loss(x: Array) -> float:
        return float((a["dy"] * pooled(x, a["kernel_size"], a["stride"])).sum())

    # All pixels differ by 1 at least, so y is linear within the step: only rounding is left.
    expected = numeric_gradient(loss, a["x"], step=0.25)
    expect_equal(answer.max_pool2d_backward(**a), expected, "dx")


EXERCISE = Exercise(
    name="08_pool_backward",
    title="Max pooling, backward",
    lesson=5,
    minutes=30,
    functions=("max_pool2d_backward",),
    properties=(
        Property(
            name="shape",
            says="dx has the shape of x.",
            given=arguments(),
            judge=shape,
            hints=(
                "Pixels that no window reads get 0; they are in dx all the same.",
                "dx = np.zeros_like(x)",
            ),  # fmt: skip
            examples=20,
        ),
        Property(
            name="windows apart",
            says="Where windows share no pixel, the largest of each gets its dy, all others 0.",
            given=arguments(apart=True),
            judge=definition,
            hints=(
                "Which pixel of the window at (i, j) is the largest? Only that one counts.",
                "window.argmax() counts row by row; divmod(..., KW) gives its row and column.",
                "In the image it lies at (i * stride + p, j * stride + q).",
            ),
        ),
        Property(
            name="overlap of ones",
            says="With a dy of ones, dx counts the windows in which a pixel is the largest.",
            given=arguments(ones=True),
            judge=definition,
            hints=(
                "What if a pixel is the largest of two windows?",
                "dx[...] += dy[...], not =.",
            ),
        ),
        Property(
            name="ties",
            says="Of equal pixels the first one, row by row, gets all of dy.",
            given=arguments(ties=True),
            judge=definition,
            hints=(
                "How many pixels of a window may get something? One.",
                "x == y is true for every one of the equals; argmax gives the first.",
            ),
        ),
        Property(
            name="nothing lost",
            says="In each image and channel, dx adds up to what dy adds up to.",
            given=arguments(ties=True),
            judge=nothing_lost,
            hints=(
                "Each number of dy goes to one pixel, whole.",
                "Nothing is divided by the number of pixels or of images.",
            ),  # fmt: skip
        ),
        Property(
            name="gradient",
            says="dx is the slope of sum(dy * y), measured by moving each pixel up and down.",
            given=arguments(),
            judge=gradient,
            hints=(
                "Compare with the definition on the input above: which window moves y?",
                "Rows go with KH and i, columns with KW and j.",
            ),
        ),
    ),
)
