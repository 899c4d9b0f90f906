"""Exercise 12: dropout, in the paper's convention and in the usual one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.grader import Answer, Arguments, Exercise, Property, expect_equal, expect_shape
from tinyalex.learn.grader.draws import any_shape, booleans, eighths, sample, with_constants


@st.composite
def arguments(
    draw: st.DrawFn, training: bool | None = None, ps: tuple[float, ...] = (0.5, 0.25, 0.75, 0.0)
) -> Arguments:
    shape = draw(any_shape())
    return {
        "x": draw(eighths(shape)),
        "keep": draw(booleans(shape)),
        "p": draw(st.sampled_from(ps)),
        "training": draw(st.booleans()) if training is None else training,
    }


def shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.dropout_paper(**a), a["x"].shape, "dropout_paper's result")
    expect_shape(answer.dropout_inverted(**a), a["x"].shape, "dropout_inverted's result")


def unchanged(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.dropout_paper(**a), a["x"], "dropout_paper's result")
    expect_equal(answer.dropout_inverted(**a), a["x"], "dropout_inverted's result")


def scales_by(
    factor: Callable[[float], float], function: str
) -> Callable[[Answer, Arguments], None]:
    """Kept numbers are multiplied by ``factor(p)``; at test time, all numbers are."""

    def judge(answer: Answer, a: Arguments) -> None:
        kept = a["keep"] | (not a["training"])
        expected = np.where(kept, a["x"] * factor(a["p"]), 0.0)
        expect_equal(getattr(answer, function)(**a), expected, f"{function}'s result")

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
            says="The result has the shape of x, with any number of axes.",
            given=arguments(),
            judge=shape,
            hints=(
                "Dropping a number sets it to 0; it does not remove it from the array.",
                "x[keep] removes numbers; np.where(keep, x, 0) sets them to 0.",
            ),
            examples=20,
        ),
        Property(
            name="nothing dropped",
            says="If p = 0 and keep is True everywhere, x does not change, in training and at test "
            "time.",
            given=with_constants(arguments(ps=(0.0,)), keep=True),
            judge=unchanged,
            hints=(
                "What are 1 - p and 1 / (1 - p) for p = 0?",
                "p is the probability of being dropped, so 1 - p is the probability of being kept.",
            ),
        ),
        Property(
            name="paper, training",
            says="dropout_paper in training: where keep is True, x does not change; elsewhere it "
            "becomes 0.",
            given=arguments(training=True),
            judge=scales_by(lambda p: 1.0, "dropout_paper"),
            large=lambda: {
                "x": sample(2, 4096),
                "keep": sample(2, 4096) > 0,
                "p": 0.5,
                "training": True,
            },
            hints=(
                "keep is True for the numbers that stay.",
                "The paper's convention corrects for the dropped numbers only at test time.",
                "np.where(keep, x, 0.0)",
            ),
        ),
        Property(
            name="paper, test time",
            says="dropout_paper at test time: all of x times 1 - p; keep is ignored.",
            given=arguments(training=False),
            judge=scales_by(lambda p: 1 - p, "dropout_paper"),
            hints=(
                "Nothing is dropped at test time, so the next layer gets more than in training.",
                "In training, each number was kept in a fraction 1 - p of the steps.",
                "x * (1 - p)",
            ),
        ),
        Property(
            name="inverted, training",
            says="dropout_inverted in training: kept numbers are multiplied by 1 / (1 - p).",
            given=arguments(training=True),
            judge=scales_by(lambda p: 1 / (1 - p), "dropout_inverted"),
            hints=(
                "On average, the next layer should get as much as without dropout.",
                "If one quarter is dropped, the other three quarters are multiplied by 4/3.",
                "np.where(keep, x / (1 - p), 0.0)",
            ),
        ),
        Property(
            name="inverted, test time",
            says="dropout_inverted at test time changes nothing.",
            given=arguments(training=False),
            judge=scales_by(lambda p: 1.0, "dropout_inverted"),
            hints=(
                "Training has already corrected for it.",
                "Return x; ignore keep and p.",
            ),
        ),
    ),
)
