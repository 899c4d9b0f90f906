"""Exercise 27: the learning rate falls on a plateau of the validation error."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.exercises._whole import expect_whole
from tinyalex.learn.grader import (
    Answer,
    Arguments,
    Exercise,
    Property,
    expect_equal,
    expect_shape,
)
from tinyalex.learn.grader.draws import Array, eighths, scales

RATES = (0.5, 1.0, 0.25)
DROPS = 3


@st.composite
def arguments(draw: st.DrawFn, drops: int = 2) -> Arguments:
    """Errors in eighths, so that many are equal; too few for more than ``drops`` drops."""
    patience = draw(st.integers(1, 3))
    E = draw(st.integers(1, (drops + 1) * patience + 1))
    return {
        "errors": draw(eighths((E,), 0, 1)) * draw(scales(1e-6)),  # any step down counts
        "lr": draw(st.sampled_from(RATES)),
        "patience": patience,
    }


@st.composite
def falling(draw: st.DrawFn) -> Arguments:
    """Each epoch is better than the one before."""
    E = draw(st.integers(1, 5))
    errors = np.arange(E, 0, -1) / 8
    return {"errors": errors, "lr": draw(st.sampled_from(RATES)), "patience": 1}


def flat(a: Arguments) -> Arguments:
    """The error never changes."""
    return a | {"errors": np.full_like(a["errors"], a["errors"][0])}


def errors_only(a: Arguments) -> Arguments:
    return {"errors": a["errors"]}


def rates_by_definition(errors: Array, lr: float, patience: int) -> Array:
    """Looks back from each epoch: how many epochs since the last drop brought nothing?"""
    rates, since, drops = [], 0, 0
    for epoch in range(len(errors)):
        rates.append(lr / 10**drops)
        in_vain = 0
        for earlier in range(epoch, since - 1, -1):
            if earlier == 0 or errors[earlier] < min(errors[:earlier]):
                break
            in_vain += 1
        if in_vain >= patience and drops < DROPS:
            since, drops = epoch + 1, drops + 1
    return np.array(rates)


def shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.learning_rates(**a), a["errors"].shape, "the learning rates", np.float64)


def rates(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.learning_rates(**a), rates_by_definition(**a), "rates")


def best(answer: Answer, a: Arguments) -> None:
    errors = a["errors"]
    expected = min(range(len(errors)), key=lambda epoch: errors[epoch])  # the first of equals
    expect_whole(answer.best_epoch(**a), expected, "the best epoch")


EXERCISE = Exercise(
    name="27_plateau",
    title="When to lower the learning rate",
    lesson=13,
    minutes=25,
    functions=("learning_rates", "best_epoch"),
    properties=(
        Property(
            name="shape",
            says="learning_rates returns one number per epoch.",
            given=arguments(),
            judge=shape,
            hints=(
                "The last epoch has a learning rate, too.",
                "np.zeros(len(errors)), filled in a loop over the epochs.",
            ),
            examples=20,
        ),
        Property(
            name="always better",
            says="As long as each epoch is better than all before, the learning rate stays lr.",
            given=falling(),
            judge=rates,
            hints=(
                "The first epoch is always the best so far.",
                "Begin with best = np.inf, so that any first error is below it.",
            ),
            examples=20,
        ),
        Property(
            name="never better",
            says="If the error never changes, the learning rate falls after each `patience` epochs "
            "that follow the first.",
            given=arguments().map(flat),
            judge=rates,
            hints=(
                "Is an error that is *equal* to the best one an improvement?",
                "It falls *after* the epoch: the next epoch is the first to have the new one.",
                "After a drop the counter begins at 0 again.",
            ),
        ),
        Property(
            name="best of all, not of the last",
            says="An epoch brings something only if it is below all earlier errors.",
            given=arguments(),
            judge=rates,
            hints=(
                "An error can fall below the one before and still be worse than the best.",
                "Keep the best error in a variable. A drop of the learning rate does not reset it.",
                "An improvement sets the counter back to 0.",
            ),
            examples=150,
        ),
        Property(
            name="three drops",
            says="The learning rate is divided at most three times.",
            given=arguments(drops=5).map(flat),
            judge=rates,
            hints=(
                "Count the drops.",
                "if waited == patience and drops < 3: ...",
            ),
        ),
        Property(
            name="best epoch",
            says="best_epoch is the index of the lowest error; of equal ones, the first.",
            given=arguments().map(errors_only),
            judge=best,
            hints=(
                "The index is asked for, not the error. It is counted from 0.",
                "int(np.argmin(errors)) returns the first of equal ones.",
            ),
        ),
    ),
)
