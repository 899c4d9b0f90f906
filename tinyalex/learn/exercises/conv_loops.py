"""Exercise 01: a convolution with loops."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.grader import Answer, Arguments, Exercise, Property, expect_equal, expect_shape
from tinyalex.learn.grader.draws import Array, whole, windows


def convolution(x: Array, weight: Array, bias: Array, stride: int, padding: int) -> Array:
    """The definition, one number at a time."""
    N, C, H, W = x.shape
    F, _, KH, KW = weight.shape
    OH = (H + 2 * padding - KH) // stride + 1
    OW = (W + 2 * padding - KW) // stride + 1
    y = np.zeros((N, F, OH, OW))
    for n, f, i, j in np.ndindex(y.shape):
        total = bias[f]
        for c, p, q in np.ndindex(C, KH, KW):
            h, w = i * stride + p - padding, j * stride + q - padding
            if 0 <= h < H and 0 <= w < W:  # outside there are zeros
                total += weight[f, c, p, q] * x[n, c, h, w]
        y[n, f, i, j] = total
    return y


@st.composite
def arguments(draw: st.DrawFn, padding: int = 0) -> Arguments:
    s = draw(windows(padding))
    return {
        "x": draw(whole(s.x_shape)),
        "weight": draw(whole(s.weight_shape)),
        "bias": draw(whole((s.F,))),
        "stride": s.stride,
        "padding": s.padding,
    }


@st.composite
def ones(draw: st.DrawFn) -> Arguments:
    """All pixels and weights 1, no bias, no padding."""
    s = draw(windows())
    return {
        "x": np.ones(s.x_shape),
        "weight": np.ones(s.weight_shape),
        "bias": np.zeros(s.F),
        "stride": s.stride,
        "padding": 0,
    }


@st.composite
def two_images(draw: st.DrawFn) -> Arguments:
    """``x`` and ``other`` of one shape, to be added; no bias."""
    s = draw(windows(padding=1, more=2))
    return {
        "x": draw(whole(s.x_shape)),
        "other": draw(whole(s.x_shape)),
        "weight": draw(whole(s.weight_shape)),
        "bias": np.zeros(s.F),
        "stride": s.stride,
        "padding": s.padding,
    }


def out_shape(a: Arguments) -> tuple[int, int, int, int]:
    (N, _, H, W), (F, _, KH, KW) = a["x"].shape, a["weight"].shape
    OH = (H + 2 * a["padding"] - KH) // a["stride"] + 1
    OW = (W + 2 * a["padding"] - KW) // a["stride"] + 1
    return (N, F, OH, OW)


def shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.conv2d(**a), out_shape(a))


def all_ones(answer: Answer, a: Arguments) -> None:
    weights = a["weight"][0].size  # C * KH * KW
    expect_equal(answer.conv2d(**a), np.full(out_shape(a), float(weights)))


def only_the_bias(answer: Answer, a: Arguments) -> None:
    a = a | {"weight": np.zeros_like(a["weight"])}
    expected = np.zeros(out_shape(a)) + a["bias"].reshape(1, -1, 1, 1)
    expect_equal(answer.conv2d(**a), expected)


def linearity(answer: Answer, a: Arguments) -> None:
    rest = {name: a[name] for name in ("weight", "bias", "stride", "padding")}
    apart = answer.conv2d(a["x"], **rest), answer.conv2d(a["other"], **rest)
    for y in apart:
        expect_shape(y, out_shape(a))
    both = answer.conv2d(a["x"] + a["other"], **rest)
    expect_equal(both, apart[0] + apart[1], "y of x + other")


def definition(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.conv2d(**a), convolution(**a))


EXERCISE = Exercise(
    name="01_conv_loops",
    title="Convolution with loops",
    lesson=2,
    minutes=25,
    functions=("conv2d",),
    properties=(
        Property(
            name="shape",
            says="y is (N, F, OH, OW): a number for each image, filter and place of the filter.",
            given=arguments(padding=2),
            judge=shape,
            hints=(
                "How often can the filter take a step before it leaves the padded image?",
                "A filter as wide as the padded image fits once: where is the + 1?",
                "OH = (H + 2 * padding - KH) // stride + 1, and OW with W and KW.",
            ),
        ),
        Property(
            name="all ones",
            says="If all pixels and weights are 1, every output is the number of weights, C*KH*KW.",
            given=ones(),
            judge=all_ones,
            hints=(
                "How many products are added up for one output?",
                "The sum runs over channels too, and all images and filters have outputs.",
                "Three sums stand inside the four loops: over c, p and q.",
            ),
        ),
        Property(
            name="only the bias",
            says="If all weights are 0, every output of filter f is bias[f].",
            given=arguments(padding=1),
            judge=only_the_bias,
            hints=(
                "How often is the bias added to one output?",
                "Once for each output: outside the sum over c, p and q.",
            ),
        ),
        Property(
            name="linearity",
            says="Without bias, the output of a sum of two images is the sum of their outputs.",
            given=two_images(),
            judge=linearity,
            hints=(
                "Products and sums keep this; what else happens to the numbers?",
                "No absolute values, no maximum, no rounding: a ReLU is a layer of its own.",
            ),
            examples=30,
        ),
        Property(
            name="against the definition",
            says="Without padding, every output is the sum that the definition says.",
            given=arguments(),
            judge=definition,
            hints=(
                "Which pixel lies under weight[f, c, p, q] when the filter is at (i, j)?",
                "Rows and columns both go in steps of stride, and the filter is not turned round.",
                "x[n, c, i * stride + p, j * stride + q]",
            ),
        ),
        Property(
            name="padding",
            says="The image is framed by zeros, the same number on all four sides.",
            given=arguments(padding=2),
            judge=definition,
            hints=(
                "Where in the padded image does the first real pixel lie?",
                "At (padding, padding): the zeros come before it as well as after the last one.",
                "padded[:, :, padding : padding + H, padding : padding + W] = x",
            ),
        ),
    ),
)
