"""Exercise 06: ReLU, forward and backward."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.grader import Answer, Arguments, Exercise, Property, expect_equal, expect_shape
from tinyalex.learn.grader.draws import (
    Array,
    any_shape,
    eighths,
    numeric_gradient,
    sample,
    scales,
    with_constants,
)


@st.composite
def forward(draw: st.DrawFn, low: int = -3, high: int = 3) -> Arguments:
    """Also thousands and thousandths: only the sign counts, not the size."""
    return {"x": draw(eighths(draw(any_shape()), low, high)) * draw(scales(1e6, 1e-6))}


@st.composite
def backward(draw: st.DrawFn) -> Arguments:
    shape = draw(any_shape())
    x = draw(eighths(shape)) * draw(scales(1e-6))  # a small positive number is positive
    return {"dy": draw(eighths(shape)), "x": x}


def without_zeros(a: Arguments) -> Arguments:
    return a | {"x": np.where(a["x"] == 0, np.abs(a["x"]).max() or 1.0, a["x"])}


def relu_by_definition(x: Array) -> Array:
    """One number at a time."""
    y = np.zeros_like(x)
    for at in np.ndindex(x.shape):
        if x[at] > 0:
            y[at] = x[at]
    return y


def shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.relu(**a), a["x"].shape)


def definition(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.relu(**a), relu_by_definition(a["x"]))


def gradient_shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.relu_backward(**a), a["x"].shape, "dx")


def gradient(answer: Answer, a: Arguments) -> None:
    """Away from zero ReLU is linear: a step that does not reach zero gives the gradient."""

    def loss(x: Array) -> float:
        return float(np.sum(a["dy"] * relu_by_definition(x)))

    step = np.abs(a["x"]).min() / 2
    expected = numeric_gradient(loss, a["x"], step)
    expect_equal(answer.relu_backward(**a), expected, "dx")


def zero_gradient(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.relu_backward(**a), np.zeros_like(a["x"]), "dx")


EXERCISE = Exercise(
    name="06_relu",
    title="ReLU, forward and backward",
    lesson=4,
    minutes=10,
    functions=("relu", "relu_backward"),
    properties=(
        Property(
            name="shape",
            says="y has the shape of x, with any number of axes.",
            given=forward(),
            judge=shape,
            hints=(
                "The same happens to each number: your code does not need to know the shape.",
                "NumPy compares and selects whole arrays: np.maximum, np.where.",
            ),
        ),
        Property(
            name="positive numbers",
            says="Numbers that are 0 or larger do not change.",
            given=forward(low=0, high=9),
            judge=definition,
            hints=(
                "The graph of ReLU has one corner, at zero.",
                "Above zero y = x: there is no upper limit and no factor.",
            ),
        ),
        Property(
            name="negative numbers",
            says="Numbers that are 0 or smaller become 0.",
            given=forward(low=-9, high=0),
            judge=definition,
            hints=(
                "They do not change sign, and they are not just made smaller.",
                "The larger of x and 0",
            ),
        ),
        Property(
            name="against the definition",
            says="Each number of y depends only on the same number of x.",
            given=forward(),
            judge=definition,
            large=lambda: {"x": sample(2, 4096)},
            hints=(
                "Does one number of x change another number of y?",
                "np.maximum(x, 0) looks at each number; x.max() looks at all of them.",
            ),
        ),
        Property(
            name="gradient shape",
            says="dx has the shape of x.",
            given=backward(),
            judge=gradient_shape,
            hints=("There is one gradient for each number of x.", "np.where(condition, dy, 0)"),
        ),
        Property(
            name="gradient",
            says="dx is the gradient of sum(dy * y), measured by moving each x a little.",
            given=backward().map(without_zeros),
            judge=gradient,
            large=lambda: {"dy": sample(30), "x": sample(30)[::-1] + 1 / 14},
            hints=(
                "Where x is negative, moving it changes nothing; where x is positive, y moves too.",
                "x decides whether a gradient passes. The sign of dy does not matter.",
                "np.where(x > 0, dy, 0)",
            ),
        ),
        Property(
            name="at zero",
            says="Where x = 0, dx is 0.",
            given=with_constants(backward(), x=0),
            judge=zero_gradient,
            hints=("Does the definition say > or >=?", "x > 0"),
        ),
    ),
)
