"""Exercise 05: the fully connected layer, forward and backward."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.grader import Answer, Arguments, Exercise, Property, expect_equal, expect_shape
from tinyalex.learn.grader.draws import Array, numeric_gradient, shapes, whole

NAMES = ("dx", "dweight", "dbias")


def weighted_sums(x: Array, weight: Array, bias: Array) -> Array:
    """The definition, one number at a time."""
    y = np.zeros((len(x), len(weight)))
    for n, o in np.ndindex(y.shape):
        y[n, o] = bias[o]
        for i in range(x.shape[1]):
            y[n, o] += weight[o, i] * x[n, i]
    return y


@st.composite
def arguments(draw: st.DrawFn, slopes: bool = False) -> Arguments:
    """``slopes`` adds dy."""
    N, inputs, outputs = draw(shapes(3))
    dy = {"dy": draw(whole((N, outputs)))} if slopes else {}
    return dy | {
        "x": draw(whole((N, inputs))),
        "weight": draw(whole((outputs, inputs))),
        "bias": draw(whole((outputs,))),
    }


def forward(a: Arguments) -> Arguments:
    return {name: a[name] for name in ("x", "weight", "bias")}


def backward(a: Arguments) -> Arguments:
    return {name: a[name] for name in ("dy", "x", "weight")}


def shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.linear(**a), (len(a["x"]), len(a["weight"])))


def all_ones(answer: Answer, a: Arguments) -> None:
    x, weight = np.ones_like(a["x"]), np.ones_like(a["weight"])
    expected = np.full((len(x), len(weight)), float(x.shape[1]))
    expect_equal(answer.linear(x=x, weight=weight, bias=0 * a["bias"]), expected)


def only_the_bias(answer: Answer, a: Arguments) -> None:
    expected = np.array([a["bias"]] * len(a["x"]))
    expect_equal(answer.linear(**a | {"weight": np.zeros_like(a["weight"])}), expected)


def definition(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.linear(**a), weighted_sums(**a))


def slope_shapes(answer: Answer, a: Arguments) -> None:
    wanted = a["x"].shape, a["weight"].shape, a["bias"].shape
    for name, got, shape in zip(NAMES, answer.linear_backward(**backward(a)), wanted, strict=True):
        expect_shape(got, shape, name)


def gradient(answer: Answer, a: Arguments, which: int) -> None:
    """sum(dy * y) is linear in each argument, so that a step of 1 gives the slope exactly."""
    varied = ("x", "weight", "bias")[which]

    def loss(value: Array) -> float:
        return float(np.sum(a["dy"] * weighted_sums(**forward(a) | {varied: value})))

    got = answer.linear_backward(**backward(a))[which]
    expect_equal(got, numeric_gradient(loss, a[varied], step=1.0), NAMES[which])


def by_bias(answer: Answer, a: Arguments) -> None:
    gradient(answer, a, 2)


def by_weight(answer: Answer, a: Arguments) -> None:
    gradient(answer, a, 1)


def by_x(answer: Answer, a: Arguments) -> None:
    gradient(answer, a, 0)


EXERCISE = Exercise(
    name="05_linear",
    title="Fully connected layer, both ways",
    lesson=3,
    minutes=20,
    functions=("linear", "linear_backward"),
    properties=(
        Property(
            name="shape",
            says="y is (N, O): a number for each example and output.",
            given=arguments(),
            judge=shape,
            hints=(
                "x is (N, I), weight (O, I). What must be done to one of them before the product?",
                "x @ weight.T is (N, I) times (I, O).",
            ),
        ),
        Property(
            name="all ones",
            says="If inputs and weights are 1 and the bias 0, each output is the number of inputs.",
            given=arguments(),
            judge=all_ones,
            hints=(
                "How many products are added up for one output?",
                "One for each input: a sum and not a mean.",
            ),
        ),
        Property(
            name="only the bias",
            says="If all weights are 0, output o of every example is bias[o].",
            given=arguments(),
            judge=only_the_bias,
            hints=(
                "Is the bias added, once, to every example?",
                "bias is (O,), y (N, O): NumPy's y + bias adds it to each row.",
            ),
        ),
        Property(
            name="against the definition",
            says="Every output is the weighted sum of the inputs, plus the bias.",
            given=arguments(),
            judge=definition,
            hints=(
                "weight[o, i] leads from input i to output o.",
                "Numbers keep their sign; a ReLU is a layer of its own.",
                "x @ weight.T + bias",
            ),
        ),
        Property(
            name="shapes of the slopes",
            says="dx has the shape of x, dweight that of weight, dbias that of the bias.",
            given=arguments(slopes=True),
            judge=slope_shapes,
            hints=(
                "There is one slope for each number.",
                "dweight is (O, I): from dy (N, O) and x (N, I), which is transposed?",
                "dy @ weight is (N, I), dy.T @ x is (O, I).",
            ),
        ),
        Property(
            name="slope of the bias",
            says="dbias is the slope of sum(dy * y), measured by moving each bias up and down.",
            given=arguments(slopes=True),
            judge=by_bias,
            hints=(
                "On how many examples does bias[o] act?",
                "On all: a sum over the batch, and no mean. (A loss that is a mean has divided dy "
                "by N already.)",
                "dy.sum(axis=0)",
            ),
        ),
        Property(
            name="slopes of the weights",
            says="dweight is the slope of sum(dy * y), measured by moving each weight up and down.",
            given=arguments(slopes=True),
            judge=by_weight,
            hints=(
                "weight[o, i] multiplies x[n, i] in every example n.",
                "A sum over the batch of dy[n, o] * x[n, i]: neither a mean nor one example only.",
                "dy.T @ x",
            ),
        ),
        Property(
            name="slopes of the inputs",
            says="dx is the slope of sum(dy * y), measured by moving each input up and down.",
            given=arguments(slopes=True),
            judge=by_x,
            hints=(
                "x[n, i] acts on every output of its example, through weight[o, i].",
                "A sum over the outputs; the examples do not mix.",
                "dy @ weight",
            ),
        ),
    ),
)
