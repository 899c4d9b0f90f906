"""Exercise 23: the backward pass of a convolution in groups."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.exercises import conv_backward
from tinyalex.learn.grader import (
    Answer,
    Arguments,
    Exercise,
    Property,
    expect_additive,
    expect_equal,
    expect_shape,
)
from tinyalex.learn.grader.draws import Array, eighths, sample, windows, with_other

NAMES = ("dx", "dweight", "dbias")


@st.composite
def arguments(
    draw: st.DrawFn, groups: tuple[int, int] = (1, 3), padding: int = 0, kernel: int = 2
) -> Arguments:
    G = draw(st.integers(*groups))
    s = draw(windows(padding, kernel, extra=2))  # C and F are those of one group
    return {
        "dy": draw(eighths((s.N, G * s.F, s.OH, s.OW))),
        "x": draw(eighths((s.N, G * s.C, s.H, s.W))),
        "weight": draw(eighths((G * s.F, s.C, s.KH, s.KW))),
        "groups": G,
        "stride": s.stride,
        "padding": s.padding,
    }


@st.composite
def one_active_group(draw: st.DrawFn) -> Arguments:
    """Only the filters of one group have a gradient that is not 0."""
    a = draw(arguments(groups=(2, 3)))
    filters = len(a["weight"]) // a["groups"]
    first = draw(st.integers(0, a["groups"] - 1)) * filters
    dy = np.zeros_like(a["dy"])
    dy[:, first : first + filters] = 1.0
    return a | {"dy": dy}


def gradients_by_definition(
    dy: Array, x: Array, weight: Array, groups: int, stride: int, padding: int
) -> tuple[Array, Array, Array]:
    """One ordinary convolution per group; the gradients are joined."""
    dys, xs, weights = np.split(dy, groups, 1), np.split(x, groups, 1), np.split(weight, groups)
    each = [
        conv_backward.gradients_by_definition(*group, stride, padding)
        for group in zip(dys, xs, weights, strict=True)
    ]
    dx, dweight, dbias = zip(*each, strict=True)
    return np.concatenate(dx, axis=1), np.concatenate(dweight), np.concatenate(dbias)


def shapes_of(a: Arguments) -> list[tuple[int, ...]]:
    return [a["x"].shape, a["weight"].shape, (len(a["weight"]),)]


def shapes(answer: Answer, a: Arguments) -> None:
    gradients = answer.grouped_conv2d_backward(**a)
    for name, got, shape in zip(NAMES, gradients, shapes_of(a), strict=True):
        expect_shape(got, shape, name)


def linearity(answer: Answer, a: Arguments) -> None:
    for i, name in enumerate(NAMES):
        expect_additive(
            lambda i=i, **b: answer.grouped_conv2d_backward(**b)[i],
            lambda i=i, **b: gradients_by_definition(**b)[i],
            a,
            "dy",
            name,
        )


def expect_gradient(answer: Answer, a: Arguments, i: int) -> None:
    got = answer.grouped_conv2d_backward(**a)[i]
    expect_equal(got, gradients_by_definition(**a)[i], NAMES[i])


def other_groups(answer: Answer, a: Arguments) -> None:
    """Channels whose group has no dy get no gradient."""
    dx, _, _ = answer.grouped_conv2d_backward(**a)
    expect_shape(dx, a["x"].shape, "dx")
    active = np.array([group.any() for group in np.split(a["dy"], a["groups"], 1)])
    has_dy = active.repeat(dx.shape[1] // a["groups"])[None, :, None, None]
    expect_equal(dx, np.where(has_dy, dx, 0.0), "dx")


def dweight(answer: Answer, a: Arguments) -> None:
    expect_gradient(answer, a, 1)


def dbias(answer: Answer, a: Arguments) -> None:
    expect_gradient(answer, a, 2)


def definition(answer: Answer, a: Arguments) -> None:
    for i in range(3):
        expect_gradient(answer, a, i)


EXERCISE = Exercise(
    name="23_grouped_conv_backward",
    title="Convolution in groups, backward",
    lesson=11,
    minutes=35,
    functions=("grouped_conv2d_backward",),
    properties=(
        Property(
            name="shapes",
            says="dx has the shape of x, dweight has the shape of weight, dbias is (F,).",
            given=arguments(padding=1),
            judge=shapes,
            hints=(
                "There is one gradient for each number of x, of weight and of bias.",
                "Join the groups' dx along axis 1, their dweight and dbias along axis 0.",
                "The border of padding is not part of dx: cut it off, also if padding is 0.",
            ),
            examples=30,
        ),
        Property(
            name="bias gradient",
            says="dbias[f] is the sum of dy over all images and positions.",
            given=arguments(),
            judge=dbias,
            hints=(
                "Which outputs change if bias[f] changes?",
                "Groups do not matter for the bias: dy.sum(axis=(0, 2, 3)).",
            ),
            examples=30,
        ),
        Property(
            name="one group",
            says="With groups = 1 it is the backward pass of the ordinary convolution.",
            given=arguments(groups=(1, 1), padding=1),
            judge=definition,
            hints=(
                "Does your exercise 04 pass?",
                "Each dy goes to the pixel and to the weight that were multiplied with each other.",
                "The pixel is padded[n, c, i * stride + p, j * stride + q].",
            ),
        ),
        Property(
            name="linearity",
            says="The gradients for dy + other are the sums of those for dy and for other.",
            given=with_other(arguments(padding=1), "dy"),
            judge=linearity,
            hints=(
                "Backward, dy is only multiplied and added up. What else do you do to it?",
                "Use no absolute value and no maximum: gradients can be negative.",
            ),
            examples=30,
        ),
        Property(
            name="separate groups",
            says="If only one group's dy is not 0, the dx of all other groups is 0.",
            given=one_active_group(),
            judge=other_groups,
            hints=(
                "Which channels did filter f see?",
                "A group is a block of neighbours: filters g * F/G to (g + 1) * F/G - 1 see "
                "channels g * C/G to (g + 1) * C/G - 1.",
                "Its dy adds only to dx[:, g * C/G : (g + 1) * C/G].",
            ),
        ),
        Property(
            name="weight gradient",
            says="Each dweight is the sum of dy times the pixels of its own group.",
            given=arguments(padding=1),
            judge=dweight,
            hints=(
                "weight[f, c] was multiplied with a channel of x. With which one?",
                "With channel g * C/G + c, where g = f // (F/G).",
            ),
        ),
        Property(
            name="against the definition",
            says="All three gradients are the sums of the definition.",
            given=arguments(padding=1),
            judge=definition,
            large=lambda: {
                "dy": sample(1, 4, 13, 13),
                "x": sample(1, 4, 13, 13),
                "weight": sample(4, 2, 3, 3),
                "groups": 2,
                "stride": 1,
                "padding": 1,
            },
            hints=(
                "Is it only wrong with several groups? Then look at which weights each group uses.",
                "Group g uses weight[g * F/G : (g + 1) * F/G] and dy of the same filters.",
                "For each group: exercise 04 with its own dy, x and weight.",
            ),
        ),
    ),
)
