"""Exercise 03: col2im."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.exercises.im2col import columns
from tinyalex.learn.grader import (
    Answer,
    Arguments,
    Broken,
    Exercise,
    Property,
    expect_equal,
    expect_shape,
)
from tinyalex.learn.grader.draws import Windows, places, whole, windows


def settings(s: Windows) -> Arguments:
    return {
        "x_shape": s.x_shape,
        "kernel_size": (s.KH, s.KW),
        "stride": s.stride,
        "padding": s.padding,
    }


def cols_shape(s: Windows) -> tuple[int, int, int]:
    return (s.N, s.C * s.KH * s.KW, s.OH * s.OW)


# Kernels up to 2 x 2 only: columns hold each pixel many times, and should stay readable.
@st.composite
def arguments(draw: st.DrawFn, padding: int = 1) -> Arguments:
    s = draw(windows(padding, kernel=2, more=3 - padding))
    return {"cols": draw(whole(cols_shape(s)))} | settings(s)


@st.composite
def ones(draw: st.DrawFn) -> Arguments:
    s = draw(windows())
    return {"cols": np.ones(cols_shape(s))} | settings(s)


@st.composite
def one_number(draw: st.DrawFn) -> Arguments:
    """One number of cols is 1, all others are 0."""
    s = draw(windows(padding=2))
    cols = np.zeros(cols_shape(s))
    cols[draw(places(cols.shape))] = 1.0
    return {"cols": cols} | settings(s)


@st.composite
def two_columns(draw: st.DrawFn) -> Arguments:
    s = draw(windows(padding=1, kernel=2, more=2))
    shape = cols_shape(s)
    return {"cols": draw(whole(shape)), "other": draw(whole(shape))} | settings(s)


@st.composite
def columns_and_image(draw: st.DrawFn) -> Arguments:
    s = draw(windows(padding=1, kernel=2, more=2))
    return {"cols": draw(whole(cols_shape(s))), "x": draw(whole(s.x_shape))} | settings(s)


def shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.col2im(**a), a["x_shape"], "dx")


def lands(answer: Answer, a: Arguments) -> None:
    _, _, H, W = a["x_shape"]
    (KH, KW), stride, padding = a["kernel_size"], a["stride"], a["padding"]
    n, row, window = (int(at) for at in np.argwhere(a["cols"])[0])
    OW = (W + 2 * padding - KW) // stride + 1
    h = window // OW * stride + row // KW % KH - padding
    w = window % OW * stride + row % KW - padding
    expected = np.zeros(a["x_shape"])
    if 0 <= h < H and 0 <= w < W:
        expected[n, row // (KH * KW), h, w] = 1.0
    expect_equal(answer.col2im(**a), expected, "dx")


def counts(answer: Answer, a: Arguments) -> None:
    _, _, H, W = a["x_shape"]
    (KH, KW), stride = a["kernel_size"], a["stride"]
    expected = np.zeros(a["x_shape"])
    for top in range(0, H - KH + 1, stride):
        for left in range(0, W - KW + 1, stride):
            expected[:, :, top : top + KH, left : left + KW] += 1
    expect_equal(answer.col2im(**a), expected, "dx")


def linearity(answer: Answer, a: Arguments) -> None:
    rest = {name: a[name] for name in ("x_shape", "kernel_size", "stride", "padding")}
    apart = answer.col2im(a["cols"], **rest), answer.col2im(a["other"], **rest)
    for dx in apart:
        expect_shape(dx, a["x_shape"], "dx")
    both = answer.col2im(a["cols"] + a["other"], **rest)
    expect_equal(both, apart[0] + apart[1], "dx of cols + other")


def adjoint(answer: Answer, a: Arguments) -> None:
    x, rest = a["x"], {name: one for name, one in a.items() if name != "x"}
    forward = columns(x, a["kernel_size"], a["stride"], a["padding"])
    dx = answer.col2im(**rest)
    expect_shape(dx, x.shape, "dx")
    expected, got = float(np.sum(forward * a["cols"])), float(np.sum(x * dx))
    if not np.isclose(got, expected):
        raise Broken(
            f"sum(x * dx) is {got:.6g}, sum(im2col(x) * cols) {expected:.6g}", expected, got
        )


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
                "The frame of padding is not part of dx.",
                "Mind padding = 0: a slice 0:-0 is empty.",
                "padded[:, :, padding : padding + H, padding : padding + W]",
            ),
        ),
        Property(
            name="one number",
            says="A single 1 in cols lands on the one pixel from which im2col would copy it, or "
            "on the padding.",
            given=one_number(),
            judge=lands,
            hints=(
                "From which pixel does im2col copy this number? Which c, p, q, i, j is it?",
                "Its row is (c * KH + p) * KW + q, its column i * OW + j.",
                "cols.reshape(N, C, KH, KW, OH, OW)[:, :, p, q] belongs to the pixels from p (and "
                "q) on, in steps of stride; then cut off the frame.",
            ),
            examples=80,
        ),
        Property(
            name="all ones",
            says="If cols is all ones, dx counts the windows that hold each pixel.",
            given=ones(),
            judge=counts,
            hints=(
                "What happens to a pixel that two windows hold?",
                "What the windows say is added up, neither overwritten nor averaged: += and not =.",
            ),
        ),
        Property(
            name="linearity",
            says="The dx of a sum of two columns is the sum of their dx.",
            given=two_columns(),
            judge=linearity,
            hints=(
                "Numbers are only moved and added up; what else happens to them?",
                "No absolute values, no maximum: slopes can be negative.",
            ),
        ),
        Property(
            name="adjoint of im2col",
            says="For any x, sum(im2col(x) * cols) is sum(x * dx): col2im is im2col transposed.",
            given=columns_and_image(),
            judge=adjoint,
            hints=(
                "Every number that im2col copies from a pixel must come back to this pixel.",
                "Write im2col's assignment the other way round, with +=.",
            ),
        ),
    ),
)
