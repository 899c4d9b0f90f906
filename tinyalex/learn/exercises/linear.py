"""Exercise 05: the fully connected layer, forward and backward."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.grader import Answer, Arguments, Exercise, Property, expect_equal, expect_shape
from tinyalex.learn.grader.draws import (
    Array,
    eighths,
    numeric_gradient,
    sample,
    sizes,
    with_constants,
)

INPUTS, GRADIENTS = ("x", "weight", "bias"), ("dx", "dweight", "dbias")


@st.composite
def forward(draw: st.DrawFn) -> Arguments:
    N, inputs, outputs = draw(sizes(3, 3, 3))
    return {
        "x": draw(eighths((N, inputs))),
        "weight": draw(eighths((outputs, inputs))),
        "bias": draw(eighths((outputs,))),
    }


@st.composite
def backward(draw: st.DrawFn) -> Arguments:
    a = draw(forward())
    del a["bias"]  # no gradient depends on it
    return {"dy": draw(eighths((len(a["x"]), len(a["weight"]))))} | a


def large() -> Arguments:
    """Numbers that are not exact in binary."""
    return {"dy": sample(4, 5), "x": sample(4, 6), "weight": sample(5, 6)}


def linear_by_definition(x: Array, weight: Array, bias: Array) -> Array:
    """One product at a time."""
    y = np.zeros((len(x), len(weight)))
    for n, o in np.ndindex(y.shape):
        y[n, o] = bias[o]
        for i in range(x.shape[1]):
            y[n, o] += weight[o, i] * x[n, i]
    return y


def shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.linear(**a), (len(a["x"]), len(a["weight"])))


def definition(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.linear(**a), linear_by_definition(**a))


def gradient_shapes(answer: Answer, a: Arguments) -> None:
    wanted = a["x"].shape, a["weight"].shape, (len(a["weight"]),)
    for name, got, shape in zip(GRADIENTS, answer.linear_backward(**a), wanted, strict=True):
        expect_shape(got, shape, name)


def expect_gradient(answer: Answer, a: Arguments, i: int) -> None:
    """sum(dy * y) is linear in each argument, so that a step of 1 gives the gradient exactly."""
    inputs = {"x": a["x"], "weight": a["weight"], "bias": np.zeros(len(a["weight"]))}

    def loss(value: Array) -> float:
        return float(np.sum(a["dy"] * linear_by_definition(**inputs | {INPUTS[i]: value})))

    expected = numeric_gradient(loss, inputs[INPUTS[i]], step=1.0)
    expect_equal(answer.linear_backward(**a)[i], expected, GRADIENTS[i])


def dx(answer: Answer, a: Arguments) -> None:
    expect_gradient(answer, a, 0)


def dweight(answer: Answer, a: Arguments) -> None:
    expect_gradient(answer, a, 1)


def dbias(answer: Answer, a: Arguments) -> None:
    expect_gradient(answer, a, 2)


EXERCISE = Exercise(
    name="05_linear",
    title="Fully connected layer, forward and backward",
    lesson=3,
    minutes=20,
    functions=("linear", "linear_backward"),
    properties=(
        Property(
            name="shape",
            says="y is (N, O): one number per example and output.",
            given=forward(),
            judge=shape,
            hints=(
                "x is (N, I) and weight is (O, I). Which one must you transpose for the product?",
                "x @ weight.T multiplies (N, I) by (I, O).",
            ),
        ),
        Property(
            name="all ones",
            says="If inputs and weights are 1 and the bias 0, each output is the number of inputs.",
            given=with_constants(forward(), x=1, weight=1, bias=0),
            judge=definition,
            hints=(
                "How many products are added up for one output?",
                "One per input: it is a sum, not a mean.",
            ),
        ),
        Property(
            name="only the bias",
            says="If all weights are 0, output o of every example is bias[o].",
            given=with_constants(forward(), weight=0),
            judge=definition,
            hints=(
                "Do you add the bias once to every example?",
                "bias is (O,) and y is (N, O): in NumPy, y + bias adds bias to each row.",
            ),
        ),
        Property(
            name="against the definition",
            says="Every output is the weighted sum of the inputs, plus the bias.",
            given=forward(),
            judge=definition,
            large=lambda: {"x": sample(2, 4096), "weight": sample(5, 4096), "bias": sample(5)},
            hints=(
                "weight[o, i] connects input i with output o.",
                "Outputs may be negative: ReLU is a separate layer.",
                "x @ weight.T + bias",
            ),
        ),
        Property(
            name="gradient shapes",
            says="dx has the shape of x, dweight that of weight, dbias that of bias.",
            given=backward(),
            judge=gradient_shapes,
            hints=(
                "There is one gradient for each number.",
                "dweight is (O, I), from dy (N, O) and x (N, I). Which one must you transpose?",
                "dy @ weight is (N, I), dy.T @ x is (O, I).",
            ),
        ),
        Property(
            name="bias gradient",
            says="dbias is the gradient of sum(dy * y), measured by moving each bias up and down.",
            given=backward(),
            judge=dbias,
            hints=(
                "Which examples change if bias[o] changes?",
                "All of them: it is a sum over the batch, not a mean. (If the loss is a mean, dy "
                "is already divided by N.)",
                "dy.sum(axis=0)",
            ),
        ),
        Property(
            name="weight gradient",
            says="dweight is the gradient of sum(dy * y), measured by moving each weight up and "
            "down.",
            given=backward(),
            judge=dweight,
            large=large,
            hints=(
                "weight[o, i] is multiplied with x[n, i] in every example n.",
                "Sum dy[n, o] * x[n, i] over the batch: not a mean, and not one example only.",
                "dy.T @ x",
            ),
        ),
        Property(
            name="input gradient",
            says="dx is the gradient of sum(dy * y), measured by moving each input up and down.",
            given=backward(),
            judge=dx,
            large=large,
            hints=(
                "x[n, i] changes every output of its example, through weight[o, i].",
                "Sum over the outputs, for each example separately.",
                "dy @ weight",
            ),
        ),
    ),
)
