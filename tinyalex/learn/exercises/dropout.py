"""Exercise 12: dropout, in the paper's convention and in the usual one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.grader import Answer, Arguments, Exercise, Property, expect_equal, expect_shape
from tinyalex.learn.grader.draws import masks, shapes, whole


@st.composite
def arguments(draw: st.DrawFn, ps: tuple[float, ...] = (0.5, 0.25, 0.75, 0.0)) -> Arguments:
    p, dimensions = draw(st.sampled_from(ps)), draw(st.integers(1, 4))
    shape = draw(shapes(4))[-dimensions:]
    return {"x": draw(whole(shape)), "keep": draw(masks(shape)), "p": p}


@st.composite
def both_modes(draw: st.DrawFn) -> Arguments:
    return draw(arguments()) | {"training": draw(st.booleans())}


@st.composite
def nothing_dropped(draw: st.DrawFn) -> Arguments:
    drawn = draw(arguments(ps=(0.0,)))
    return drawn | {
        "keep": np.ones(drawn["x"].shape, bool),
        "training": draw(st.booleans()),
    }


def shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.dropout_paper(**a), a["x"].shape, "dropout_paper's result")
    expect_shape(answer.dropout_inverted(**a), a["x"].shape, "dropout_inverted's result")


def nothing(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.dropout_paper(**a), a["x"], "dropout_paper's result")
    expect_equal(answer.dropout_inverted(**a), a["x"], "dropout_inverted's result")


def equals(
    function: str, training: bool, factor: Callable[[Arguments], float]
) -> Callable[[Answer, Arguments], None]:
    """Each kept number times a factor; all are kept at test time."""

    def judge(answer: Answer, a: Arguments) -> None:
        expected = np.zeros(a["x"].shape)
        for at in np.ndindex(expected.shape):
            if a["keep"][at] or not training:
                expected[at] = a["x"][at] * factor(a)
        got = getattr(answer, function)(**a, training=training)
        expect_equal(got, expected, f"{function}'s result")

    return judge


EXERCISE = Exercise(
    name="12_dropout",
    title="Dropout in both conventions",
    lesson=7,
    minutes=15,
    functions=("dropout_paper", "dropout_inverted"),
    properties=(
        Property(
            name="shape",
            says="The result has the shape of x, whatever that is.",
            given=both_modes(),
            judge=shape,
            hints=(
                "Dropping makes numbers zero; it does not take them out.",
                "x[keep] takes them out; np.where(keep, x, 0) makes the others zero.",
            ),
            examples=20,
        ),
        Property(
            name="nothing dropped",
            says="With p = 0 and everything kept, x stays as it is, in training and in test.",
            given=nothing_dropped(),
            judge=nothing,
            hints=(
                "What are 1 - p and 1 / (1 - p) for p = 0?",
                "p is the probability of being dropped, so 1 - p is that of being kept.",
            ),
        ),
        Property(
            name="paper, training",
            says="dropout_paper in training: where keep is True x stays as it is, else there is 0.",
            given=arguments(),
            judge=equals("dropout_paper", True, lambda a: 1.0),
            hints=(
                "keep is True for what stays.",
                "The paper's convention makes up for the dropped numbers at test time only.",
                "np.where(keep, x, 0.0)",
            ),
        ),
        Property(
            name="paper, test time",
            says="dropout_paper at test time: all of x times 1 - p, whatever keep is.",
            given=arguments(),
            judge=equals("dropout_paper", False, lambda a: float(1 - a["p"])),
            hints=(
                "Nothing is dropped at test time, so more arrives at the next layer than before.",
                "A number came through in a share 1 - p of the training steps.",
                "x * (1 - p)",
            ),
        ),
        Property(
            name="inverted, training",
            says="dropout_inverted in training: what is kept is multiplied by 1 / (1 - p).",
            given=arguments(),
            judge=equals("dropout_inverted", True, lambda a: 1 / (1 - a["p"])),
            hints=(
                "On average, the next layer should see as much as without dropout.",
                "If a quarter is dropped, three quarters must do the work of four: times 4/3.",
                "np.where(keep, x / (1 - p), 0.0)",
            ),
        ),
        Property(
            name="inverted, test time",
            says="dropout_inverted at test time changes nothing.",
            given=arguments(),
            judge=equals("dropout_inverted", False, lambda a: 1.0),
            hints=(
                "Training has made up for it already.",
                "Return x; keep and p have no say here.",
            ),
        ),
    ),
)
