"""Exercise 07: max pooling."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.grader.draws import Array, distinct, shapes, whole
from tinyalex.learn.grader.spec import (
    Answer,
    Arguments,
    Exercise,
    Property,
    expect_equal,
    expect_shape,
)


def pooled(x: Array, kernel_size: tuple[int, int], stride: int) -> Array:
    """The definition, one window at a time."""
    KH, KW = kernel_size
    y = np.zeros(out_shape(x, kernel_size, stride))
    for n, c, i, j in np.ndindex(y.shape):
        y[n, c, i, j] = max(
            x[n, c, i * stride + p, j * stride + q] for p in range(KH) for q in range(KW)
        )
    return y


def out_shape(x: Array, kernel_size: tuple[int, int], stride: int) -> tuple[int, ...]:
    N, C, H, W = x.shape
    KH, KW = kernel_size
    return (N, C, (H - KH) // stride + 1, (W - KW) // stride + 1)


@st.composite
def arguments(
    draw: st.DrawFn, numbers: str = "distinct", kernel: int = 3, fills: bool = False
) -> Arguments:
    """With ``fills`` the windows lie side by side and fill the image; kernels are square then."""
    N, C = draw(shapes(2, high=2))
    KH, KW = draw(shapes(2, high=kernel))
    stride = draw(st.integers(1, 3))
    H, W = KH + draw(st.integers(0, 3)), KW + draw(st.integers(0, 3))
    if fills:
        KW = stride = KH
        H, W = KH * draw(st.integers(1, 2)), KH * draw(st.integers(1, 2))
    shape = (N, C, H, W)
    drawn = {
        "distinct": distinct(shape, first=1),
        "ties": whole(shape, 0, 1),
        "negative": whole(shape, -3, -1),
    }[numbers]
    return {"x": draw(drawn), "kernel_size": (KH, KW), "stride": stride}


def shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.max_pool2d(**a), out_shape(**a))


def one_pixel(answer: Answer, a: Arguments) -> None:
    s = a["stride"]
    expect_equal(answer.max_pool2d(**a), a["x"][:, :, ::s, ::s])


def grows(answer: Answer, a: Arguments) -> None:
    """max(x + 5) is max(x) + 5."""
    expected = answer.max_pool2d(**a) + 5.0
    expect_equal(answer.max_pool2d(**a | {"x": a["x"] + 5.0}), expected)


def definition(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.max_pool2d(**a), pooled(**a))


EXERCISE = Exercise(
    name="07_max_pool",
    title="Max pooling",
    lesson=5,
    minutes=20,
    functions=("max_pool2d",),
    properties=(
        Property(
            name="shape",
            says="y is (N, C, OH, OW): a number for each window that lies inside the image.",
            given=arguments(),
            judge=shape,
            hints=(
                "How many windows fit along the height, how many along the width?",
                "OH = (H - KH) // stride + 1, and OW with W and KW.",
            ),
        ),
        Property(
            name="kernel of one pixel",
            says="A window of one pixel keeps it: every stride-th pixel of every stride-th row.",
            given=arguments(kernel=1),
            judge=one_pixel,
            hints=(
                "Where does window (i, j) begin?",
                "At row i * stride and column j * stride.",
            ),
        ),
        Property(
            name="side by side",
            says="Of windows that lie side by side and fill the image, each has its largest number.",
            given=arguments(fills=True),
            judge=definition,
            hints=(
                "Which pixels belong to a window? All of them count, in both directions.",
                "Rows i * stride to i * stride + KH - 1, columns alike with j and KW.",
                "Take the maximum over height and width only, not over channels or images.",
            ),
        ),
        Property(
            name="against the definition",
            says="Windows may overlap or leave gaps; each has its largest number.",
            given=arguments(),
            judge=definition,
            hints=(
                "The windows are stride apart, whatever the kernel's size.",
                "For one p and q, x[:, :, p : p + stride * OH : stride, q : q + stride * OW : stride] "
                "holds that pixel of all windows.",
            ),
        ),
        Property(
            name="negative numbers",
            says="Of negative pixels the largest is negative.",
            given=arguments(numbers="negative"),
            judge=definition,
            hints=(
                "Which number does your maximum begin with?",
                "Not with 0: with -np.inf, or with the window's first pixel.",
            ),
        ),
        Property(
            name="grows with x",
            says="If all pixels grow by 5, so does every maximum.",
            given=arguments(numbers="ties"),
            judge=grows,
            hints=("Is anything added up, or averaged?", "A maximum has no scale of its own."),
        ),
    ),
)
