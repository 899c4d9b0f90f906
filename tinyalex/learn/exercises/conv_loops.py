"""Exercise 01: a convolution with loops."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.grader import (
    Answer,
    Arguments,
    Exercise,
    Property,
    expect_additive,
    expect_equal,
    expect_shape,
)
from tinyalex.learn.grader.draws import Array, eighths, sample, windows, with_constants, with_other


@st.composite
def arguments(draw: st.DrawFn, padding: int = 0, extra: int = 3) -> Arguments:
    s = draw(windows(padding, extra=extra))
    return {
        "x": draw(eighths(s.x_shape)),
        "weight": draw(eighths(s.weight_shape)),
        "bias": draw(eighths((s.F,))),
        "stride": s.stride,
        "padding": s.padding,
    }


def out_shape(a: Arguments) -> tuple[int, int, int, int]:
    (N, _, H, W), (F, _, KH, KW) = a["x"].shape, a["weight"].shape
    OH = (H + 2 * a["padding"] - KH) // a["stride"] + 1
    OW = (W + 2 * a["padding"] - KW) // a["stride"] + 1
    return (N, F, OH, OW)


def conv2d_by_definition(x: Array, weight: Array, bias: Array, stride: int, padding: int) -> Array:
    """One product at a time."""
    _, _, H, W = x.shape
    y = np.zeros(out_shape({"x": x, "weight": weight, "stride": stride, "padding": padding}))
    for n, f, i, j in np.ndindex(y.shape):
        y[n, f, i, j] = bias[f]
        for c, p, q in np.ndindex(weight.shape[1:]):
            h, w = i * stride + p - padding, j * stride + q - padding
            if 0 <= h < H and 0 <= w < W:  # outside there are zeros
                y[n, f, i, j] += weight[f, c, p, q] * x[n, c, h, w]
    return y


def shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.conv2d(**a), out_shape(a))


def linearity(answer: Answer, a: Arguments) -> None:
    expect_additive(answer.conv2d, conv2d_by_definition, a, "x")


def definition(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.conv2d(**a), conv2d_by_definition(**a))


EXERCISE = Exercise(
    name="01_conv_loops",
    title="Convolution with loops",
    lesson=2,
    minutes=25,
    functions=("conv2d",),
    properties=(
        Property(
            name="shape",
            says="y is (N, F, OH, OW): one number per image, filter and position of the filter.",
            given=arguments(padding=2),
            judge=shape,
            hints=(
                "How many steps can the filter take before it leaves the padded image?",
                "A filter as wide as the padded image fits exactly once: do you add the + 1?",
                "OH = (H + 2 * padding - KH) // stride + 1; OW is the same with W and KW.",
            ),
        ),
        Property(
            name="all ones",
            says="If all pixels and weights are 1, every output is the number of weights, C*KH*KW.",
            given=with_constants(arguments(), x=1, weight=1, bias=0),
            judge=definition,
            hints=(
                "How many products are added up for one output?",
                "The sum includes all channels, and every image and filter has its own outputs.",
                "Inside the four loops over outputs there is a sum over c, p and q.",
            ),
        ),
        Property(
            name="only the bias",
            says="If all weights are 0, every output of filter f is bias[f].",
            given=with_constants(arguments(padding=1), weight=0),
            judge=definition,
            hints=(
                "How often do you add the bias to one output?",
                "Add it once per output: outside the sum over c, p and q.",
            ),
        ),
        Property(
            name="linearity",
            says="Without bias, the output for the sum of two images is the sum of their outputs.",
            given=with_other(with_constants(arguments(padding=1, extra=2), bias=0), "x"),
            judge=linearity,
            hints=(
                "Products and sums are linear. What else do you do to the numbers?",
                "Use no absolute value, maximum or rounding: ReLU is a separate layer.",
            ),
            examples=30,
        ),
        Property(
            name="against the definition",
            says="Without padding, every output is the sum in the definition.",
            given=arguments(),
            judge=definition,
            hints=(
                "Which pixel is under weight[f, c, p, q] when the filter is at (i, j)?",
                "The filter moves by stride in both directions, and it is not flipped.",
                "x[n, c, i * stride + p, j * stride + q]",
            ),
        ),
        Property(
            name="padding",
            says="The image has a border of zeros, equally wide on all four sides.",
            given=arguments(padding=2),
            judge=definition,
            large=lambda: {
                "x": sample(1, 3, 27, 27),
                "weight": sample(2, 3, 5, 5),
                "bias": sample(2),
                "stride": 1,
                "padding": 2,
            },
            hints=(
                "Where in the padded image is the first pixel of x?",
                "At (padding, padding): there are zeros before the first pixel and after the last.",
                "padded[:, :, padding : padding + H, padding : padding + W] = x",
            ),
        ),
    ),
)
