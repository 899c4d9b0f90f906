"""Exercise 17: convolution in groups."""

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
from tinyalex.learn.grader.draws import Array, whole, windows


@st.composite
def arguments(
    draw: st.DrawFn, groups: tuple[int, int] = (1, 3), padding: int = 0, bias: bool = False
) -> Arguments:
    G = draw(st.integers(*groups))
    s = draw(windows(padding, kernel=2, more=2))  # C and F are those of a group
    return {
        "x": draw(whole((s.N, G * s.C, s.H, s.W))),
        "weight": draw(whole((G * s.F, s.C, s.KH, s.KW))),
        "bias": draw(whole((G * s.F,))) if bias else np.zeros(G * s.F),
        "groups": G,
        "stride": s.stride,
        "padding": s.padding,
    }


@st.composite
def ones(draw: st.DrawFn) -> Arguments:
    drawn = draw(arguments())
    return drawn | {"x": np.ones_like(drawn["x"]), "weight": np.ones_like(drawn["weight"])}


@st.composite
def no_weights(draw: st.DrawFn) -> Arguments:
    drawn = draw(arguments(padding=1, bias=True))
    return drawn | {"weight": np.zeros_like(drawn["weight"])}


@st.composite
def one_group_lit(draw: st.DrawFn) -> Arguments:
    """All channels are 0, but those of one group; all weights 1."""
    drawn = draw(arguments(groups=(2, 3)))
    G, C = drawn["groups"], drawn["x"].shape[1]
    lit = draw(st.integers(0, G - 1))
    x = np.zeros_like(drawn["x"])
    x[:, lit * C // G : (lit + 1) * C // G] = 1.0
    return drawn | {"x": x, "weight": np.ones_like(drawn["weight"])}


def out_shape(a: Arguments) -> tuple[int, int, int, int]:
    (N, _, H, W), (F, _, KH, KW) = a["x"].shape, a["weight"].shape
    OH = (H + 2 * a["padding"] - KH) // a["stride"] + 1
    OW = (W + 2 * a["padding"] - KW) // a["stride"] + 1
    return (N, F, OH, OW)


def shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.grouped_conv2d(**a), out_shape(a))


def all_ones(answer: Answer, a: Arguments) -> None:
    seen = a["weight"][0].size  # C/G * KH * KW
    expect_equal(answer.grouped_conv2d(**a), np.full(out_shape(a), float(seen)))


def only_the_bias(answer: Answer, a: Arguments) -> None:
    expected = np.zeros(out_shape(a)) + a["bias"].reshape(1, -1, 1, 1)
    expect_equal(answer.grouped_conv2d(**a), expected)


def groups_apart(answer: Answer, a: Arguments) -> None:
    y = answer.grouped_conv2d(**a)
    expect_shape(y, out_shape(a))
    lit = int(np.argwhere(a["x"].any(axis=(0, 2, 3)))[0, 0]) * a["groups"] // a["x"].shape[1]
    for f in range(y.shape[1]):
        group = f * a["groups"] // y.shape[1]
        if group != lit and y[:, f].any():
            what = (
                f"filter {f} is in group {group} and sees something, but only the channels of "
                f"group {lit} are not 0"
            )
            raise Broken(what, np.zeros(y[:, f].shape), y[:, f])


def definition(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.grouped_conv2d(**a), grouped(**a))


def grouped(x: Array, weight: Array, bias: Array, groups: int, stride: int, padding: int) -> Array:
    """The definition, one number at a time."""
    a = {"x": x, "weight": weight, "stride": stride, "padding": padding}
    _, C, H, W = x.shape
    F, channels, KH, KW = weight.shape
    y = np.zeros(out_shape(a))
    for n, f, i, j in np.ndindex(y.shape):
        first = f // (F // groups) * (C // groups)
        y[n, f, i, j] = bias[f]
        for c, p, q in np.ndindex(channels, KH, KW):
            h, w = i * stride + p - padding, j * stride + q - padding
            if 0 <= h < H and 0 <= w < W:  # outside there are zeros
                y[n, f, i, j] += weight[f, c, p, q] * x[n, first + c, h, w]
    return y


EXERCISE = Exercise(
    name="17_grouped_conv",
    title="Convolution in groups",
    lesson=11,
    minutes=30,
    functions=("grouped_conv2d",),
    properties=(
        Property(
            name="shape",
            says="y is (N, F, OH, OW): F counts the filters of all groups together.",
            given=arguments(padding=2, bias=True),
            judge=shape,
            hints=(
                "weight.shape[0] is F; each group has F / G of them.",
                "The groups' outputs stand behind one another along axis 1.",
                "OH = (H + 2 * padding - KH) // stride + 1, and OW with W and KW.",
            ),
            examples=30,
        ),
        Property(
            name="all ones",
            says="If all pixels and weights are 1, every output is C/G * KH * KW.",
            given=ones(),
            judge=all_ones,
            hints=(
                "How many channels does a filter see?",
                "Those of its own group only: weight.shape[1] of them.",
            ),
        ),
        Property(
            name="only the bias",
            says="If all weights are 0, every output of filter f is bias[f].",
            given=no_weights(),
            judge=only_the_bias,
            hints=(
                "The bias has F numbers, not F / G.",
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
                "Which pixel lies under weight[f, c, p, q] when the filter is at (i, j)?",
                "Rows and columns both go in steps of stride; the filter is not turned round.",
                "x[n, c, i * stride + p, j * stride + q]",
            ),
        ),
        Property(
            name="padding",
            says="The image is framed by zeros, the same number on all four sides.",
            given=arguments(groups=(1, 1), padding=2),
            judge=definition,
            hints=(
                "Where in the padded image does the first real pixel lie?",
                "padded[:, :, padding : padding + H, padding : padding + W] = x",
            ),
        ),
        Property(
            name="groups apart",
            says="If only one group's channels are not 0, the other groups' outputs are 0.",
            given=one_group_lit(),
            judge=groups_apart,
            hints=(
                "To which group does channel c belong, to which does filter f?",
                "Groups are neighbours: the first C / G channels, then the next C / G.",
                "Channels g * C/G to (g + 1) * C/G, filters g * F/G to (g + 1) * F/G.",
            ),
        ),
        Property(
            name="against the definition",
            says="Every output is the sum over the channels of its group.",
            given=arguments(padding=1, bias=True),
            judge=definition,
            hints=(
                "weight[f] belongs to output f; its channel c is channel c of the group.",
                "In x that is channel g * C/G + c, with g = f // (F/G).",
            ),
        ),
    ),
)
