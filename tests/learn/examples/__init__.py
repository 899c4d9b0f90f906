"""Two small exercises for the tests of the grader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.grader import Answer, Exercise, Property, expect_equal, expect_shape

FOLDER = Path(__file__).resolve().parent
Arguments = dict[str, Any]


@st.composite
def rows(draw: st.DrawFn, with_bias: bool = True) -> Arguments:
    n, d = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    integers = st.integers(0, 4)
    values = draw(st.lists(integers, min_size=n * d, max_size=n * d))
    arguments = {"x": np.array(values, float).reshape(n, d)}
    if with_bias:
        arguments["b"] = np.array(draw(st.lists(integers, min_size=d, max_size=d)), float)
    return arguments


def right_shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.add_bias(**a), a["x"].shape)


def zero_bias(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.add_bias(a["x"], np.zeros_like(a["b"])), a["x"])


def by_definition(answer: Answer, a: Arguments) -> None:
    expected = np.array([[v + 2 * w for v, w in zip(row, a["b"], strict=True)] for row in a["x"]])
    expect_equal(answer.add_bias(**a, scale=2.0), expected)


def both(answer: Answer, a: Arguments) -> None:
    m, s = answer.mean_and_sum(a["x"])
    expect_equal(m, sum(a["x"].ravel()) / a["x"].size, "mean")
    expect_equal(s, np.array([sum(row) for row in a["x"]]), "sum")


def only_mean(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.mean(**a), sum(a["x"].ravel()) / a["x"].size, "mean")


def prop(name: str, says: str, given: Any, judge: Any, hints: tuple[str, ...]) -> Property:
    """A property that is judged with few inputs."""
    return Property(name, says, given, judge, hints, examples=25)


HINTS = ("A row is x[n].", "Broadcasting adds b to each row.", "return x + scale * b")

ADD_BIAS = Exercise(
    name="90_add_bias",
    title="add a bias",
    lesson=90,
    minutes=1,
    functions=("add_bias",),
    properties=(
        prop("shape", "y has the shape of x.", rows(), right_shape, HINTS),
        prop("zero bias", "Without a bias, y is x.", rows(), zero_bias, HINTS),
        prop("definition", "y[n, d] = x[n, d] + scale * b[d].", rows(), by_definition, HINTS),
    ),
)
MEAN_AND_SUM = Exercise(
    name="91_mean_and_sum",
    title="mean and sum",
    lesson=91,
    minutes=1,
    functions=("mean", "mean_and_sum"),
    properties=(
        prop("mean", "The mean of all numbers.", rows(False), only_mean, ("Sum, then / N.",)),
        prop("both", "Mean, and the sum of each row.", rows(False), both, ("axis=1",)),
    ),
)
PLACES = {"90_add_bias": f"{__name__}:ADD_BIAS", "91_mean_and_sum": f"{__name__}:MEAN_AND_SUM"}


def solution(exercise: Exercise) -> Path:
    """The file of the exercise's reference solution."""
    return FOLDER / f"{exercise.name}.py"
