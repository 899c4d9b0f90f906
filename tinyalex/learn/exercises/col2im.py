"""Exercise 03: col2im."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.exercises.im2col import im2col_by_definition
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
    Array,
    Shape,
    eighths,
    one_hot,
    sample,
    windows,
    with_constants,
    with_other,
)


@st.composite
def arguments(
    draw: st.DrawFn, padding: int = 1, kernel: int = 2, extra: int = 2, single: bool = False
) -> Arguments:
    """``single``: one number of cols is 1, all others are 0."""
    s = draw(windows(padding, kernel, extra=extra))
    shape = (s.N, s.C * s.KH * s.KW, s.OH * s.OW)
    return {
        "cols": draw(one_hot(shape) if single else eighths(shape)),
        "x_shape": s.x_shape,
        "kernel_size": (s.KH, s.KW),
        "stride": s.stride,
        "padding": s.padding,
    }


@st.composite
def with_image(draw: st.DrawFn) -> Arguments:
    a = draw(arguments())
    return a | {"x": draw(eighths(a["x_shape"]))}


def col2im_by_definition(
    cols: Array, x_shape: Shape, kernel_size: tuple[int, int], stride: int, padding: int
) -> Array:
    """One number at a time."""
    (_, C, H, W), (KH, KW) = x_shape, kernel_size
    OW = (W + 2 * padding - KW) // stride + 1
    dx = np.zeros(x_shape)
    for n, c, p, q, patch in np.ndindex(len(cols), C, KH, KW, cols.shape[2]):
        h, w = patch // OW * stride + p - padding, patch % OW * stride + q - padding
        if 0 <= h < H and 0 <= w < W:
            dx[n, c, h, w] += cols[n, (c * KH + p) * KW + q, patch]
    return dx


def shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.col2im(**a), a["x_shape"], "dx")


def definition(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.col2im(**a), col2im_by_definition(**a), "dx")


def linearity(answer: Answer, a: Arguments) -> None:
    expect_additive(answer.col2im, col2im_by_definition, a, "cols", "dx")


def adjoint(answer: Answer, a: Arguments) -> None:
    x, rest = a["x"], {name: value for name, value in a.items() if name != "x"}
    cols = im2col_by_definition(x, a["kernel_size"], a["stride"], a["padding"])
    dx = answer.col2im(**rest)
    expect_shape(dx, x.shape, "dx")
    expect_equal(np.sum(x * dx), np.sum(cols * a["cols"]), "sum(x * dx)")


EXERCISE = Exercise(
    name="03_col2im",
    title="col2im: columns back to pixels",
    lesson=3,
    minutes=25,
    functions=("col2im",),
    properties=(
        Property(
            name="shape",
            says="dx has the shape x_shape, with and without padding.",
            given=arguments(),
            judge=shape,
            hints=(
                "The border of padding is not part of dx.",
                "Take care with padding = 0: the slice 0:-0 is empty.",
                "padded[:, :, padding : padding + H, padding : padding + W]",
            ),
        ),
        Property(
            name="one number",
            says="A single 1 in cols is added to the pixel that im2col copies there; if that is "
            "padding, dx is 0.",
            given=arguments(padding=2, kernel=3, extra=3, single=True),
            judge=definition,
            hints=(
                "Which pixel does im2col copy to this number? What are its c, p, q, i and j?",
                "Its row is (c * KH + p) * KW + q, its column i * OW + j.",
                "cols.reshape(N, C, KH, KW, OH, OW)[:, :, p, q] belongs to the padded pixels that "
                "start at (p, q) and are stride apart; cut off the border at the end.",
            ),
            examples=80,
        ),
        Property(
            name="all ones",
            says="If all of cols is 1, dx is the number of patches that contain each pixel.",
            given=with_constants(arguments(padding=0, kernel=3, extra=3, single=True), cols=1),
            judge=definition,
            hints=(
                "What happens to a pixel that is in two patches?",
                "Its numbers are added up, not overwritten or averaged: use += and not =.",
            ),
        ),
        Property(
            name="linearity",
            says="The dx of the sum of two arrays cols is the sum of their dx.",
            given=with_other(arguments(), "cols"),
            judge=linearity,
            hints=(
                "Numbers are only moved and added up. What else do you do to them?",
                "Use no absolute value and no maximum: gradients can be negative.",
            ),
        ),
        Property(
            name="transpose of im2col",
            says="For any x, sum(x * dx) is sum(im2col(x) * cols): col2im is im2col transposed.",
            given=with_image(),
            judge=adjoint,
            large=lambda: {
                "cols": sample(1, 18, 169),
                "x_shape": (1, 2, 13, 13),
                "kernel_size": (3, 3),
                "stride": 1,
                "padding": 1,
                "x": sample(1, 2, 13, 13),
            },
            hints=(
                "Every number that im2col copies from a pixel must come back to that pixel.",
                "Swap the two sides of im2col's assignment, and use += for =.",
            ),
        ),
    ),
)
