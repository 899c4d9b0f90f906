"""Exercise 04: the backward pass of a convolution."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.grader import (
    Answer,
    Arguments,
    Broken,
    Exercise,
    Property,
    expect_equal,
    expect_shape,
)
from tinyalex.learn.grader.draws import whole, windows

NAMES = ("dx", "dweight", "dbias")


@st.composite
def arguments(draw: st.DrawFn, padding: int = 0) -> Arguments:
    s = draw(windows(padding, more=2))
    return {
        "dy": draw(whole(s.y_shape)),
        "x": draw(whole(s.x_shape)),
        "weight": draw(whole(s.weight_shape)),
        "stride": s.stride,
        "padding": s.padding,
    }


@st.composite
def ones(draw: st.DrawFn) -> Arguments:
    """x, weight and dy are all 1, and nothing is padded."""
    s = draw(windows())
    return {
        "dy": np.ones(s.y_shape),
        "x": np.ones(s.x_shape),
        "weight": np.ones(s.weight_shape),
        "stride": s.stride,
        "padding": 0,
    }


@st.composite
def two_slopes(draw: st.DrawFn) -> Arguments:
    """``dy`` and ``other``, to be added."""
    s = draw(windows(padding=1, kernel=2, more=2))
    return {
        "dy": draw(whole(s.y_shape)),
        "other": draw(whole(s.y_shape)),
        "x": draw(whole(s.x_shape)),
        "weight": draw(whole(s.weight_shape)),
        "stride": s.stride,
        "padding": s.padding,
    }


def shapes(answer: Answer, a: Arguments) -> None:
    wanted = a["x"].shape, a["weight"].shape, (len(a["weight"]),)
    for name, got, shape in zip(NAMES, answer.conv2d_backward(**a), wanted, strict=True):
        expect_shape(got, shape, name)


def dbias(answer: Answer, a: Arguments) -> None:
    expected = np.zeros(len(a["weight"]))
    for n, f, i, j in np.ndindex(a["dy"].shape):
        expected[f] += a["dy"][n, f, i, j]
    expect_equal(answer.conv2d_backward(**a)[2], expected, "dbias")


def all_ones(answer: Answer, a: Arguments) -> None:
    N, _, OH, OW = a["dy"].shape
    _, dweight, _ = answer.conv2d_backward(**a)
    expect_equal(dweight, np.full(a["weight"].shape, float(N * OH * OW)), "dweight")


def linearity(answer: Answer, a: Arguments) -> None:
    rest = {name: a[name] for name in ("x", "weight", "stride", "padding")}
    one, two = (answer.conv2d_backward(a[name], **rest) for name in ("dy", "other"))
    both = answer.conv2d_backward(a["dy"] + a["other"], **rest)
    for name, first, second, got, like in zip(
        NAMES, one, two, both, (a["x"], a["weight"], one[2]), strict=True
    ):
        expect_shape(first, like.shape, name)
        expect_shape(second, like.shape, name)
        expect_equal(got, first + second, f"{name} of dy + other")


def slopes(answer: Answer, a: Arguments, which: int) -> None:
    """Each dy goes to the weight and to the pixel that met; what stands outside is zero."""
    dy, x, weight = a["dy"], a["x"], a["weight"]
    stride, padding = a["stride"], a["padding"]
    _, _, H, W = x.shape
    dx, dweight = np.zeros(x.shape), np.zeros(weight.shape)
    for n, f, i, j in np.ndindex(dy.shape):
        for c, p, q in np.ndindex(weight.shape[1:]):
            h, w = i * stride + p - padding, j * stride + q - padding
            if 0 <= h < H and 0 <= w < W:
                dx[n, c, h, w] += dy[n, f, i, j] * weight[f, c, p, q]
                dweight[f, c, p, q] += dy[n, f, i, j] * x[n, c, h, w]
    got = answer.conv2d_backward(**a)[which]
    expect_equal(got, (dx, dweight)[which], NAMES[which])


def dweight(answer: Answer, a: Arguments) -> None:
    slopes(answer, a, 1)


def dx(answer: Answer, a: Arguments) -> None:
    slopes(answer, a, 0)


def adjoint(answer: Answer, a: Arguments) -> None:
    """Without bias, y is linear in x and in weight: sum(dy * y) can be had in three ways."""
    dx, dweight, _ = answer.conv2d_backward(**a)
    for name, slope, factor in (("dx", dx, "x"), ("dweight", dweight, "weight")):
        expect_shape(slope, a[factor].shape, name)
    by_x, by_weight = float(np.sum(dx * a["x"])), float(np.sum(dweight * a["weight"]))
    if not np.isclose(by_x, by_weight):
        what = f"sum(dx * x) is {by_x:.6g}, sum(dweight * weight) {by_weight:.6g}"
        raise Broken(f"{what}: both must be sum(dy * y)", by_weight, by_x)


EXERCISE = Exercise(
    name="04_conv_backward",
    title="Convolution, backward",
    lesson=3,
    minutes=40,
    functions=("conv2d_backward",),
    properties=(
        Property(
            name="shapes",
            says="dx has the shape of x, dweight that of weight, dbias is (F,).",
            given=arguments(padding=2),
            judge=shapes,
            hints=(
                "There is one slope for each number of x, of weight and of bias.",
                "The frame of padding is not part of dx: cut it off, also where padding is 0.",
                "dpadded[:, :, padding : padding + H, padding : padding + W]",
            ),
        ),
        Property(
            name="slope of the bias",
            says="dbias[f] is the sum of dy over all images and places.",
            given=arguments(),
            judge=dbias,
            hints=(
                "On how many outputs does bias[f] act?",
                "On those of every image too: the sum runs over n, i and j, and is no mean.",
                "dy.sum(axis=(0, 2, 3))",
            ),
        ),
        Property(
            name="all ones",
            says="If everything is 1, each weight's slope counts its outputs, N * OH * OW.",
            given=ones(),
            judge=all_ones,
            hints=(
                "On how many outputs does one weight act?",
                "On each place of each image: the sum runs over n, i and j, and is no mean.",
                "For one p and q: np.einsum('nfij,ncij->fc', dy, pixels that (p, q) met)",
            ),
        ),
        Property(
            name="linearity",
            says="The slopes for dy + other are the sums of those for dy and for other.",
            given=two_slopes(),
            judge=linearity,
            hints=(
                "Backward, dy is multiplied and added up only; what else happens to it?",
                "No absolute values, no maximum: slopes can be negative.",
            ),
            examples=30,
        ),
        Property(
            name="slopes of the weights",
            says="dweight is the sum of dy times the pixels that each weight met.",
            given=arguments(padding=1),
            judge=dweight,
            hints=(
                "Which pixel did weight[f, c, p, q] meet at the output (i, j)?",
                "padded[n, c, i * stride + p, j * stride + q]: a padded one, as forward.",
                "For all outputs at once: padded[:, :, p : p + stride * OH : stride, "
                "q : q + stride * OW : stride]",
            ),
        ),
        Property(
            name="slopes of the pixels",
            says="dx is the sum of dy times the weights that each pixel met.",
            given=arguments(padding=1),
            judge=dx,
            hints=(
                "A pixel lies under several places of the filter: what of all but the last?",
                "Add up (+=), over all filters too; dx[n] comes from dy[n] only.",
                "For one p and q: dpadded[:, :, rows, columns] += np.einsum('nfij,fc->ncij', dy, "
                "weight[:, :, p, q]); then cut off the frame.",
            ),
        ),
        Property(
            name="adjoint",
            says="sum(dx * x) and sum(dweight * weight) are both sum(dy * y) without the bias.",
            given=arguments(padding=2),
            judge=adjoint,
            hints=(
                "Does it happen with a wide frame of padding only?",
                "Both slopes must leave out what lies in the frame, on all four sides.",
            ),
        ),
    ),
)
