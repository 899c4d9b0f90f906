"""Exercise 04: the backward pass of a convolution."""

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

NAMES = ("dx", "dweight", "dbias")


@st.composite
def arguments(draw: st.DrawFn, padding: int = 0, kernel: int = 3) -> Arguments:
    s = draw(windows(padding, kernel, extra=2))
    return {
        "dy": draw(eighths(s.y_shape)),
        "x": draw(eighths(s.x_shape)),
        "weight": draw(eighths(s.weight_shape)),
        "stride": s.stride,
        "padding": s.padding,
    }


def large() -> Arguments:
    return {
        "dy": sample(1, 3, 13, 13),
        "x": sample(1, 2, 13, 13),
        "weight": sample(3, 2, 3, 3),
        "stride": 1,
        "padding": 1,
    }


def gradients_by_definition(
    dy: Array, x: Array, weight: Array, stride: int, padding: int
) -> tuple[Array, Array, Array]:
    """Each dy goes to the weight and to the pixel that were multiplied; outside there are zeros."""
    _, _, H, W = x.shape
    dx, dweight, dbias = np.zeros(x.shape), np.zeros(weight.shape), np.zeros(len(weight))
    for n, f, i, j in np.ndindex(dy.shape):
        dbias[f] += dy[n, f, i, j]
        for c, p, q in np.ndindex(weight.shape[1:]):
            h, w = i * stride + p - padding, j * stride + q - padding
            if 0 <= h < H and 0 <= w < W:
                dx[n, c, h, w] += dy[n, f, i, j] * weight[f, c, p, q]
                dweight[f, c, p, q] += dy[n, f, i, j] * x[n, c, h, w]
    return dx, dweight, dbias


def shapes(answer: Answer, a: Arguments) -> None:
    wanted = a["x"].shape, a["weight"].shape, (len(a["weight"]),)
    for name, got, shape in zip(NAMES, answer.conv2d_backward(**a), wanted, strict=True):
        expect_shape(got, shape, name)


def linearity(answer: Answer, a: Arguments) -> None:
    for i, name in enumerate(NAMES):
        expect_additive(
            lambda i=i, **b: answer.conv2d_backward(**b)[i],
            lambda i=i, **b: gradients_by_definition(**b)[i],
            a,
            "dy",
            name,
        )


def expect_gradient(answer: Answer, a: Arguments, i: int) -> None:
    expect_equal(answer.conv2d_backward(**a)[i], gradients_by_definition(**a)[i], NAMES[i])


def dx(answer: Answer, a: Arguments) -> None:
    expect_gradient(answer, a, 0)


def dweight(answer: Answer, a: Arguments) -> None:
    expect_gradient(answer, a, 1)


def dbias(answer: Answer, a: Arguments) -> None:
    expect_gradient(answer, a, 2)


def adjoint(answer: Answer, a: Arguments) -> None:
    """Without bias, y is linear in x and in weight."""
    dx, dweight, _ = answer.conv2d_backward(**a)
    expect_shape(dx, a["x"].shape, "dx")
    expect_shape(dweight, a["weight"].shape, "dweight")
    expect_equal(np.sum(dx * a["x"]), np.sum(dweight * a["weight"]), "sum(dx * x)")


EXERCISE = Exercise(
    name="04_conv_backward",
    title="Convolution, backward",
    lesson=3,
    minutes=40,
    functions=("conv2d_backward",),
    properties=(
        Property(
            name="shapes",
            says="dx has the shape of x, dweight has the shape of weight, dbias is (F,).",
            given=arguments(padding=2),
            judge=shapes,
            hints=(
                "There is one gradient for each number of x, of weight and of bias.",
                "The border of padding is not part of dx: cut it off, also if padding is 0.",
                "dpadded[:, :, padding : padding + H, padding : padding + W]",
            ),
        ),
        Property(
            name="bias gradient",
            says="dbias[f] is the sum of dy over all images and positions.",
            given=arguments(),
            judge=dbias,
            hints=(
                "Which outputs change if bias[f] changes?",
                "Those of every image, too: it is a sum over n, i and j, not a mean.",
                "dy.sum(axis=(0, 2, 3))",
            ),
        ),
        Property(
            name="all ones",
            says="If everything is 1, each weight's gradient is its number of uses, N * OH * OW.",
            given=with_constants(arguments(), dy=1, x=1, weight=1),
            judge=dweight,
            hints=(
                "How many outputs change if one weight changes?",
                "One per position and image: it is a sum over n, i and j, not a mean.",
                "For one p and q: np.einsum('nfij,ncij->fc', dy, the pixels that weight[:, :, p, "
                "q] was multiplied with)",
            ),
        ),
        Property(
            name="linearity",
            says="The gradients for dy + other are the sums of those for dy and for other.",
            given=with_other(arguments(padding=1, kernel=2), "dy"),
            judge=linearity,
            hints=(
                "Backward, dy is only multiplied and added up. What else do you do to it?",
                "Use no absolute value and no maximum: gradients can be negative.",
            ),
            examples=30,
        ),
        Property(
            name="weight gradient",
            says="Each dweight is the sum of dy times the pixels that the weight was multiplied "
            "with.",
            given=arguments(padding=1),
            judge=dweight,
            large=large,
            hints=(
                "Which pixel was multiplied with weight[f, c, p, q] for the output (i, j)?",
                "padded[n, c, i * stride + p, j * stride + q]: pad x as in the forward pass.",
                "For all outputs at once: padded[:, :, p : p + stride * OH : stride, "
                "q : q + stride * OW : stride]",
            ),
        ),
        Property(
            name="input gradient",
            says="Each dx is the sum of dy times the weights that the pixel was multiplied with.",
            given=arguments(padding=1),
            judge=dx,
            large=large,
            hints=(
                "A pixel is under the filter at several positions. Do you use all of them?",
                "Add up (+=), over all filters too; dx[n] depends on dy[n] only.",
                "For one p and q: dpadded[:, :, rows, columns] += np.einsum('nfij,fc->ncij', dy, "
                "weight[:, :, p, q]); then cut off the border.",
            ),
        ),
        Property(
            name="adjoint",
            says="Without a bias, sum(dx * x) and sum(dweight * weight) both equal sum(dy * y).",
            given=arguments(padding=2),
            judge=adjoint,
            hints=(
                "Is it only wrong with a wide border of padding?",
                "Leave out the border on all four sides, in dx and in dweight.",
            ),
        ),
    ),
)
