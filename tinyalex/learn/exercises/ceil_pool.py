"""Exercise 09: max pooling in ceil mode."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.grader import Answer, Arguments, Exercise, Property, expect_equal, expect_shape
from tinyalex.learn.grader.draws import whole, windows

small = st.integers(1, 5)


def count(size: int, kernel_size: int, stride: int) -> int:
    """Add windows until every pixel is in one, or the next would begin outside."""
    windows_so_far = 1
    while True:
        begin = windows_so_far * stride  # of the next one
        covered = begin - stride + kernel_size
        if covered >= size or begin >= size:
            return windows_so_far
        windows_so_far += 1


@st.composite
def sizes(draw: st.DrawFn, rest: bool) -> Arguments:
    """Overlapping or touching windows; the last one fits, or lacks some pixels (``rest``)."""
    kernel_size = draw(st.integers(2, 5) if rest else small)
    stride = draw(st.integers(2 if rest else 1, kernel_size))
    more = draw(st.integers(0, 4)) * stride + (draw(st.integers(1, stride - 1)) if rest else 0)
    return {"size": kernel_size + more, "kernel_size": kernel_size, "stride": stride}


@st.composite
def gaps(draw: st.DrawFn) -> Arguments:
    """Between two windows there are pixels that no window sees."""
    kernel_size = draw(st.integers(1, 3))
    stride = kernel_size + draw(st.integers(1, 3))
    size = kernel_size + draw(st.integers(0, 9))
    return {"size": size, "kernel_size": kernel_size, "stride": stride}


@st.composite
def images(draw: st.DrawFn) -> Arguments:
    s = draw(windows(square=True))
    return {"x": draw(whole(s.x_shape)), "kernel_size": s.KH, "stride": s.stride}


def out_shape(a: Arguments) -> tuple[int, int, int, int]:
    N, C, H, W = a["x"].shape
    OH, OW = (count(size, a["kernel_size"], a["stride"]) for size in (H, W))
    return (N, C, OH, OW)


def windows_counted(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.ceil_output_size(**a), count(**a), "the output size")


def shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.max_pool2d_ceil(**a), out_shape(a))


def minus_ones(answer: Answer, a: Arguments) -> None:
    x = np.full(a["x"].shape, -1.0)
    expect_equal(answer.max_pool2d_ceil(**a | {"x": x}), np.full(out_shape(a), -1.0))


def definition(answer: Answer, a: Arguments) -> None:
    x, kernel, stride = a["x"], a["kernel_size"], a["stride"]
    _, _, H, W = x.shape
    expected = np.zeros(out_shape(a))
    for n, c, i, j in np.ndindex(expected.shape):
        rows = range(i * stride, min(i * stride + kernel, H))
        columns = range(j * stride, min(j * stride + kernel, W))
        expected[n, c, i, j] = max(x[n, c, h, w] for h in rows for w in columns)
    expect_equal(answer.max_pool2d_ceil(**a), expected)


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
            given=sizes(rest=False),
            judge=windows_counted,
            hints=(
                "How many windows has an image that is as large as the window?",
                "Rounding up changes nothing where the division leaves no rest.",
                "ceil((size - kernel_size) / stride) + 1; -(-a // b) rounds a / b up.",
            ),
        ),
        Property(
            name="sizes with a rest",
            says="If pixels are left over, one more window covers them and reaches over the edge.",
            given=sizes(rest=True),
            judge=windows_counted,
            hints=(
                "// rounds down. What must happen to the pixels that are left over?",
                "Round up: -(-(size - kernel_size) // stride) + 1.",
            ),
        ),
        Property(
            name="windows begin inside",
            says="A window that would begin outside the image is left out.",
            given=gaps(),
            judge=windows_counted,
            hints=(
                "The stride is larger than the window here. Where would the last window begin?",
                "At (out - 1) * stride; the image's last pixel is size - 1.",
                "if (out - 1) * stride >= size: out -= 1",
            ),
        ),
        Property(
            name="shape",
            says="y is (N, C, OH, OW), with OH from H and OW from W.",
            given=images(),
            judge=shape,
            hints=(
                "Do you use ceil_output_size, once for the height and once for the width?",
                "OH = ceil_output_size(H, kernel_size, stride), and OW with W.",
            ),
        ),
        Property(
            name="all minus ones",
            says="The largest of minus ones is minus one, also in a clipped window.",
            given=images(),
            judge=minus_ones,
            hints=(
                "What does a clipped window see beyond the edge?",
                "Nothing, and no zeros; if you pad, pad with -np.inf.",
                "A slice that ends beyond the array is clipped by NumPy itself.",
            ),
        ),
        Property(
            name="against the definition",
            says="Every output is the largest number of its window, as far as that exists.",
            given=images(),
            judge=definition,
            hints=(
                "Where does the last window begin?",
                "At (i * stride, j * stride), as all others: it is clipped and not moved back.",
                "x[:, :, top : top + kernel_size, left : left + kernel_size].max(axis=(2, 3))",
            ),
        ),
    ),
)
