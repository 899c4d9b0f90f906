"""Exercise 06: ReLU, forward and backward."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.grader import Answer, Arguments, Exercise, Property, expect_equal, expect_shape
from tinyalex.learn.grader.draws import Array, halves, numeric_gradient, shapes

any_shape = st.integers(1, 4).flatmap(lambda dimensions: shapes(dimensions, high=3))


@st.composite
def arguments(draw: st.DrawFn, low: int = -3, high: int = 3, slopes: bool = False) -> Arguments:
    """``slopes`` adds dy."""
    shape = draw(any_shape)
    dy = {"dy": draw(halves(shape))} if slopes else {}
    return dy | {"x": draw(halves(shape, low, high))}


@st.composite
def off_the_kink(draw: st.DrawFn) -> Arguments:
    """dy and an x without zeros."""
    a = draw(arguments(slopes=True))
    return a | {"x": np.where(a["x"] == 0, 1.0, a["x"])}


@st.composite
def on_the_kink(draw: st.DrawFn) -> Arguments:
    a = draw(arguments(slopes=True))
    return a | {"x": np.zeros_like(a["x"])}


def ramp(x: Array) -> Array:
    """The definition, one number at a time."""
    y = np.zeros_like(x)
    for at in np.ndindex(x.shape):
        if x[at] > 0:
            y[at] = x[at]
    return y


def shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.relu(**a), a["x"].shape)


def unchanged(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.relu(**a), a["x"])


def cut_off(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.relu(**a), np.zeros_like(a["x"]))


def definition(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.relu(**a), ramp(a["x"]))


def slope_shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.relu_backward(**a), a["x"].shape, "dx")


def gradient(answer: Answer, a: Arguments) -> None:
    """Between kinks ReLU is linear: a step of 1/4 gives the slope exactly."""

    def loss(x: Array) -> float:
        return float(np.sum(a["dy"] * ramp(x)))

    expected = numeric_gradient(loss, a["x"], step=0.25)
    expect_equal(answer.relu_backward(**a), expected, "dx")


def kink(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.relu_backward(**a), np.zeros_like(a["x"]), "dx")


EXERCISE = Exercise(
    name="06_relu",
    title="ReLU, both ways",
    lesson=4,
    minutes=10,
    functions=("relu", "relu_backward"),
    properties=(
        Property(
            name="shape",
            says="y has the shape of x, whatever that is.",
            given=arguments(),
            judge=shape,
            hints=(
                "The same is done to each number: no shape needs to be known.",
                "NumPy compares and selects whole arrays: np.maximum, np.where.",
            ),
        ),
        Property(
            name="positive numbers",
            says="Numbers from 0 up stay as they are.",
            given=arguments(low=0, high=9),
            judge=unchanged,
            hints=(
                "A ReLU bends once, at zero.",
                "Above zero y = x: there is neither an upper limit nor a factor.",
            ),
        ),
        Property(
            name="negative numbers",
            says="Numbers from 0 down become 0.",
            given=arguments(low=-9, high=0),
            judge=cut_off,
            hints=(
                "They neither turn round nor leak through.",
                "The larger of x and 0",
            ),
        ),
        Property(
            name="against the definition",
            says="Each number is treated by itself.",
            given=arguments(),
            judge=definition,
            hints=(
                "Does one number of x change another number of y?",
                "np.maximum(x, 0) looks at each number; x.max() looks at all of them.",
            ),
        ),
        Property(
            name="shape of the slopes",
            says="dx has the shape of x.",
            given=arguments(slopes=True),
            judge=slope_shape,
            hints=("There is one slope for each number of x.", "np.where(condition, dy, 0)"),
        ),
        Property(
            name="gradient",
            says="dx is the slope of sum(dy * y), measured by moving each x up and down a little.",
            given=off_the_kink(),
            judge=gradient,
            hints=(
                "Where x was cut off, moving it changes nothing; where it passed, y moves with it.",
                "Whether a slope passes is decided by x. Its own sign does not matter.",
                "np.where(x > 0, dy, 0)",
            ),
        ),
        Property(
            name="kink",
            says="At x = 0 no slope passes.",
            given=on_the_kink(),
            judge=kink,
            hints=("Which of > and >= does the definition say?", "x > 0"),
        ),
    ),
)
