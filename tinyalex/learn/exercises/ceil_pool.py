"""Exercise 09: max pooling in ceil mode."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.exercises._whole import expect_whole
from tinyalex.learn.grader import Answer, Arguments, Exercise, Property, expect_equal, expect_shape
from tinyalex.learn.grader.draws import (
    LARGE,
    Array,
    eighths,
    sample,
    scales,
    windows,
    with_constants,
)


@st.composite
def touching(draw: st.DrawFn, remainder: bool) -> Arguments:
    """Windows without gaps; the last one fits exactly, or lacks pixels (``remainder``)."""
    kernel_size = draw(st.integers(2 if remainder else 1, 5))
    stride = draw(st.integers(2 if remainder else 1, kernel_size))
    more = draw(st.integers(0, 4)) * stride
    more += draw(st.integers(1, stride - 1)) if remainder else 0
    return {"size": kernel_size + more, "kernel_size": kernel_size, "stride": stride}


@st.composite
def with_gaps(draw: st.DrawFn) -> Arguments:
    """Between two windows there are pixels that are in no window."""
    kernel_size = draw(st.integers(1, 3))
    stride = kernel_size + draw(st.integers(1, 3))
    size = kernel_size + draw(st.integers(0, 9))
    return {"size": size, "kernel_size": kernel_size, "stride": stride}


@st.composite
def images(draw: st.DrawFn) -> Arguments:
    s = draw(windows(square=True))
    x = draw(eighths(s.x_shape)) * draw(scales(LARGE))
    return {"x": x, "kernel_size": s.KH, "stride": s.stride}


def size_by_definition(size: int, kernel_size: int, stride: int) -> int:
    """Add windows until every pixel is in one, or the next would begin outside."""
    count = 1
    while (count - 1) * stride + kernel_size < size and count * stride < size:
        count += 1
    return count


def max_pool2d_by_definition(x: Array, kernel_size: int, stride: int) -> Array:
    """One window at a time."""
    N, C, H, W = x.shape
    y = np.zeros((N, C, *(size_by_definition(size, kernel_size, stride) for size in (H, W))))
    for n, c, i, j in np.ndindex(y.shape):
        rows = range(i * stride, min(i * stride + kernel_size, H))
        columns = range(j * stride, min(j * stride + kernel_size, W))
        y[n, c, i, j] = max(x[n, c, h, w] for h in rows for w in columns)
    return y


def output_size(answer: Answer, a: Arguments) -> None:
    expect_whole(answer.ceil_output_size(**a), size_by_definition(**a), "the output size")


def shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.max_pool2d_ceil(**a), max_pool2d_by_definition(**a).shape)


def definition(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.max_pool2d_ceil(**a), max_pool2d_by_definition(**a))


EXERCISE = Exercise(
    name="09_ceil_pool",
    title="Max pooling in ceil mode",
    lesson=5,
    minutes=20,
    functions=("ceil_output_size", "max_pool2d_ceil"),
    properties=(
        Property(
            name="sizes that fit",
            says="If the last window ends at the last pixel, no other window is added.",
            given=touching(remainder=False),
            judge=output_size,
            hints=(
                "How many windows does an image have that is as large as the window?",
                "Rounding up changes nothing if the division has no remainder.",
                "ceil((size - kernel_size) / stride) + 1; -(-a // b) rounds a / b up.",
            ),
        ),
        Property(
            name="sizes with a remainder",
            says="If pixels are left over, one more window covers them; it extends past the edge.",
            given=touching(remainder=True),
            judge=output_size,
            hints=(
                "// rounds down. What must happen to the pixels that are left over?",
                "Round up: -(-(size - kernel_size) // stride) + 1.",
            ),
        ),
        Property(
            name="windows begin inside",
            says="A window that would begin outside the image is left out.",
            given=with_gaps(),
            judge=output_size,
            hints=(
                "Here the stride is larger than the window. Where would the last window begin?",
                "At (out - 1) * stride; the last pixel of the image is size - 1.",
                "if (out - 1) * stride >= size: out -= 1",
            ),
        ),
        Property(
            name="shape",
            says="y is (N, C, OH, OW), with OH from H and OW from W.",
            given=images(),
            judge=shape,
            hints=(
                "Do you call ceil_output_size once for the height and once for the width?",
                "OH = ceil_output_size(H, kernel_size, stride); OW is the same with W.",
            ),
        ),
        Property(
            name="all minus ones",
            says="If all pixels are -1, all outputs are -1, also at the edge.",
            given=with_constants(images(), x=-1),
            judge=definition,
            hints=(
                "What does a clipped window see past the edge?",
                "It sees nothing there, not zeros. If you pad, pad with -np.inf.",
                "NumPy clips a slice that ends outside the array.",
            ),
        ),
        Property(
            name="against the definition",
            says="Every output is the largest pixel of its window; only pixels inside count.",
            given=images(),
            judge=definition,
            large=lambda: {"x": sample(1, 2, 28, 28), "kernel_size": 3, "stride": 2},
            hints=(
                "Where does the last window begin?",
                "At (i * stride, j * stride), like all others: it is clipped, not moved back.",
                "x[:, :, top : top + kernel_size, left : left + kernel_size].max(axis=(2, 3))",
            ),
        ),
    ),
)
