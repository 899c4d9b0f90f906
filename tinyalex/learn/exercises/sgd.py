"""Exercise 16: SGD with momentum and weight decay."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.grader import Answer, Arguments, Exercise, Property, expect_equal, expect_shape
from tinyalex.learn.grader.draws import any_shape, eighths, sample, with_constants

NONE = (0.0,)


@st.composite
def arguments(
    draw: st.DrawFn,
    momenta: tuple[float, ...] = (0.5, 0.25, 0.0),
    decays: tuple[float, ...] = (0.5, 0.25, 0.0),
) -> Arguments:
    """Halves and quarters, so that the results are round numbers."""
    shape = draw(any_shape(dimensions=3))
    return {
        "w": draw(eighths(shape)),
        "v": draw(eighths(shape)),
        "g": draw(eighths(shape)),
        "lr": draw(st.sampled_from((0.5, 0.25, 1.0))),
        "momentum": draw(st.sampled_from(momenta)),
        "weight_decay": draw(st.sampled_from(decays)),
    }


def shape(answer: Answer, a: Arguments) -> None:
    w, v = answer.sgd_step(**a)
    expect_shape(w, a["w"].shape, "w_new")
    expect_shape(v, a["w"].shape, "v_new")


def rule(answer: Answer, a: Arguments) -> None:
    w, v = a["w"].copy(), a["v"].copy()
    for at in np.ndindex(w.shape):
        v[at] = a["momentum"] * v[at] - a["lr"] * (a["weight_decay"] * w[at] + a["g"][at])
        w[at] += v[at]
    w_new, v_new = answer.sgd_step(**a)
    expect_equal(w_new, w, "w_new")
    expect_equal(v_new, v, "v_new")


EXERCISE = Exercise(
    name="16_sgd",
    title="SGD with momentum and weight decay",
    lesson=9,
    minutes=15,
    functions=("sgd_step",),
    properties=(
        Property(
            name="shape",
            says="w_new and v_new have the shape of w, with any number of axes.",
            given=arguments(),
            judge=shape,
            hints=(
                "Each weight is updated separately: do not sum over an array.",
                "Operators on whole arrays (+, -, *) are enough.",
            ),
            examples=20,
        ),
        Property(
            name="from rest",
            says="If v = 0 and weight_decay = 0: v_new = -lr * g and w_new = w - lr * g.",
            given=with_constants(arguments(decays=NONE), v=0),
            judge=rule,
            hints=(
                "The step goes against the gradient, so v_new has the sign of -g.",
                "The learning rate is inside v_new; add the new velocity to w, not the old one.",
                "v_new = -lr * g; w_new = w + v_new.",
            ),
        ),
        Property(
            name="momentum",
            says="If weight_decay = 0: v_new = momentum * v - lr * g and w_new = w + v_new.",
            given=arguments(decays=NONE),
            judge=rule,
            hints=(
                "Which fraction of the old velocity is kept?",
                "Do not multiply g by 1 - momentum; and add exactly v_new to w.",
            ),
        ),
        Property(
            name="weight decay",
            says="If momentum = 0: v_new = -lr * (weight_decay * w + g) and w_new = w + v_new.",
            given=arguments(momenta=NONE),
            judge=rule,
            hints=(
                "Weight decay moves each weight towards 0: it adds weight_decay * w to g.",
                "The decay is multiplied by the learning rate, and it is part of the velocity.",
                "Replace g by weight_decay * w + g.",
            ),
        ),
        Property(
            name="all together",
            says="v_new = momentum * v - lr * (weight_decay * w + g) and w_new = w + v_new.",
            given=arguments(),
            judge=rule,
            large=lambda: {
                "w": sample(4096),
                "v": sample(4096),
                "g": sample(4096)[::-1].copy(),
                "lr": 0.5,
                "momentum": 0.5,
                "weight_decay": 0.25,
            },
            hints=(
                "Do you use the old w for the decay? Do you multiply the decay by momentum?",
                "Write the two lines of the rule exactly as they are.",
            ),
        ),
    ),
)
