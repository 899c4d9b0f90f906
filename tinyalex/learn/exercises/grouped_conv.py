"""Exercise 17: convolution in groups."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.exercises.conv_loops import conv2d_by_definition, out_shape
from tinyalex.learn.grader import Answer, Arguments, Exercise, Property, expect_equal, expect_shape
from tinyalex.learn.grader.draws import Array, eighths, sample, windows, with_constants


@st.composite
def arguments(
    draw: st.DrawFn, groups: tuple[int, int] = (1, 3), padding: int = 0, bias: bool = False
) -> Arguments:
    G = draw(st.integers(*groups))
    s = draw(windows(padding, kernel=2, extra=2))  # C and F are those of one group
    return {
        "x": draw(eighths((s.N, G * s.C, s.H, s.W))),
        "weight": draw(eighths((G * s.F, s.C, s.KH, s.KW))),
        "bias": draw(eighths((G * s.F,))) if bias else np.zeros(G * s.F),
        "groups": G,
        "stride": s.stride,
        "padding": s.padding,
    }


@st.composite
def one_active_group(draw: st.DrawFn) -> Arguments:
    """Only the channels of one group are 1, all others are 0; all weights are 1."""
    a = draw(with_constants(arguments(groups=(2, 3)), x=0, weight=1))
    channels = a["weight"].shape[1]
    first = draw(st.integers(0, a["groups"] - 1)) * channels
    a["x"][:, first : first + channels] = 1.0
    return a


def grouped_conv2d_by_definition(
    x: Array, weight: Array, bias: Array, groups: int, stride: int, padding: int
) -> Array:
    """One ordinary convolution per group; the outputs are joined along the channels."""
    xs, weights, biases = np.split(x, groups, 1), np.split(weight, groups), np.split(bias, groups)
    each = zip(xs, weights, biases, strict=True)
    return np.concatenate([conv2d_by_definition(*g, stride, padding) for g in each], axis=1)


def shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.grouped_conv2d(**a), out_shape(a))


def definition(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.grouped_conv2d(**a), grouped_conv2d_by_definition(**a))


EXERCISE = Exercise(
    name="17_grouped_conv",
    title="Convolution in groups",
    lesson=11,
    minutes=30,
    functions=("grouped_conv2d",),
    properties=(
        Property(
            name="shape",
            says="y is (N, F, OH, OW); F is the number of filters of all groups together.",
            given=arguments(padding=2, bias=True),
            judge=shape,
            hints=(
                "weight.shape[0] is F; each group has F / G of the filters.",
                "Join the outputs of the groups along axis 1.",
                "OH = (H + 2 * padding - KH) // stride + 1; OW is the same with W and KW.",
            ),
            examples=30,
        ),
        Property(
            name="all ones",
            says="If all pixels and weights are 1, every output is C/G * KH * KW.",
            given=with_constants(arguments(), x=1, weight=1),
            judge=definition,
            hints=(
                "How many channels does a filter see?",
                "Only those of its own group: weight.shape[1] of them.",
            ),
        ),
        Property(
            name="only the bias",
            says="If all weights are 0, every output of filter f is bias[f].",
            given=with_constants(arguments(padding=1, bias=True), weight=0),
            judge=definition,
            hints=(
                "bias has F numbers, not F / G.",
                "Add bias.reshape(1, F, 1, 1) once, at the end.",
            ),
            examples=30,
        ),
        Property(
            name="one group",
            says="With groups = 1 it is the ordinary convolution.",
            given=arguments(groups=(1, 1)),
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
            given=arguments(groups=(1, 1), padding=2),
            judge=definition,
            hints=(
                "Where in the padded image is the first pixel of x?",
                "padded[:, :, padding : padding + H, padding : padding + W] = x",
            ),
        ),
        Property(
            name="separate groups",
            says="If only the channels of one group are not 0, the outputs of all other groups are "
            "0.",
            given=one_active_group(),
            judge=definition,
            hints=(
                "Which group does channel c belong to? And filter f?",
                "A group is a block of neighbours: the first C / G channels, then the next C / G.",
                "Channels g * C/G to (g + 1) * C/G - 1, filters g * F/G to (g + 1) * F/G - 1.",
            ),
        ),
        Property(
            name="against the definition",
            says="Every output is the sum over the channels of its group.",
            given=arguments(padding=1, bias=True),
            judge=definition,
            large=lambda: {
                "x": sample(1, 4, 13, 13),
                "weight": sample(6, 2, 3, 3),
                "bias": sample(6),
                "stride": 1,
                "padding": 1,
                "groups": 2,
            },
            hints=(
                "weight[f] belongs to output f; its channel c is channel c of the group.",
                "In x that is channel g * C/G + c, with g = f // (F/G).",
            ),
        ),
    ),
)
