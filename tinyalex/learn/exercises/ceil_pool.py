"""Exercise 09: max pooling in ceil mode."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.grader.draws import Array, distinct, shapes, whole
from tinyalex.learn.grader.spec import (
    Answer,
    Arguments,
    Broken,
    Exercise,
    Property,
    expect_equal,
    expect_shape,
)


def windows_along(size: int, kernel_size: int, stride: int) -> int:
    """Count them one by one: the next is needed while pixels are left over, and begins inside."""
    count, end = 1, kernel_size
    while end < size and count * stride < size:
        count, end = count + 1, end + stride
    return count


def pooled(x: Array, kernel_size: tuple[int, int], stride: int) -> Array:
    """The definition, one number at a time."""
    N, C, H, W = x.shape
    OH = windows_along(H, kernel_size[0], stride)
    OW = windows_along(W, kernel_size[1], stride)
    y = np.full((N, C, OH, OW), -np.inf)
    for n, c, i, j, p, q in np.ndindex(N, C, OH, OW, *kernel_size):
        h, w = i * stride + p, j * stride + q
        if h < H and w < W:
            y[n, c, i, j] = max(y[n, c, i, j], x[n, c, h, w])
    return y


@st.composite
def lengths(draw: st.DrawFn, stride: int = 4) -> Arguments:
    kernel = draw(st.integers(1, 4))
    more = draw(st.integers(0, 6))
    return {
        "size": kernel + more,
        "kernel_size": kernel,
        "stride": draw(st.integers(1, stride)),
    }


@st.composite
def arguments(draw: st.DrawFn, numbers: str = "distinct", fits: bool = False) -> Arguments:
    """With ``fits`` no pixel is left over and no window is clipped."""
    N, C = draw(shapes(2, high=2))
    KH, KW = draw(shapes(2, high=3))
    stride = draw(st.integers(1, 3))
    more = [draw(st.integers(0, 3)) for _ in range(2)]
    if fits:
        more = [m // stride * stride for m in more]
    shape = (N, C, KH + more[0], KW + more[1])
    drawn = distinct(shape, first=1) if numbers == "distinct" else whole(shape, -3, -1)
    return {"x": draw(drawn), "kernel_size": (KH, KW), "stride": stride}


def count_fits(answer: Answer, a: Arguments) -> None:
    room = (a["size"] - a["kernel_size"]) // a["stride"] * a["stride"]
    size = a["kernel_size"] + room
    count(answer, a | {"size": size})


def count(answer: Answer, a: Arguments) -> None:
    expected, got = windows_along(**a), answer.ceil_output_size(**a)
    if got != expected:
        raise Broken("the number of windows is wrong", expected, got)


def shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.max_pool2d_ceil(**a), pooled(**a).shape)


def definition(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.max_pool2d_ceil(**a), pooled(**a))


EXERCISE = Exercise(
    name="09_ceil_pool",
    title="Max pooling in ceil mode",
    lesson=5,
    minutes=25,
    functions=("ceil_output_size", "max_pool2d_ceil"),
    properties=(
        Property(
            name="windows that fit",
            says="Where no pixel is left over, ceil mode has as many windows as floor mode.",
            given=lengths(stride=3),
            judge=count_fits,
            hints=(
                "One window always fits. How many steps of stride are there behind it?",
                "(size - kernel_size) / stride + 1",
            ),
        ),
        Property(
            name="count",
            says="Pixels that are left over get one more window, if it begins inside the image.",
            given=lengths(),
            judge=count,
            hints=(
                "Round up: -(-a // b) is a / b, rounded up, in whole numbers.",
                "Where does the last window begin? Window number i begins at i * stride.",
                "If (count - 1) * stride >= size, the last window begins outside: one less.",
            ),
            examples=150,
        ),
        Property(
            name="shape",
            says="y is (N, C, OH, OW), by ceil_output_size along the height and along the width.",
            given=arguments(),
            judge=shape,
            hints=(
                "Kernels need not be square: KH goes with H, KW with W.",
                "ceil_output_size(H, KH, stride), ceil_output_size(W, KW, stride)",
            ),
        ),
        Property(
            name="no clipped window",
            says="Where all windows lie inside the image, y has their largest numbers.",
            given=arguments(fits=True),
            judge=definition,
            hints=(
                "Which pixels belong to window (i, j)?",
                "Rows i * stride to i * stride + KH - 1, columns alike with j and KW.",
                "window.max(axis=(2, 3)) is the largest of each image and each channel.",
            ),
        ),
        Property(
            name="clipped windows",
            says="A clipped window has the largest of the pixels that exist.",
            given=arguments(),
            judge=definition,
            hints=(
                "What does a window hold that reaches over the edge?",
                "A slice that ends behind the array ends at its edge: x[..., 2:5] of 4 pixels.",
            ),
        ),
        Property(
            name="negative numbers",
            says="Nothing from outside counts, not even a zero: of negative pixels the largest is "
            "negative.",
            given=arguments(numbers="negative"),
            judge=definition,
            hints=(
                "Which number do you begin with, or put around the image?",
                "Padding with zeros is wrong here; -np.inf, or no padding at all.",
            ),
        ),
    ),
)
