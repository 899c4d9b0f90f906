"""Exercise 16: SGD with momentum and weight decay."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.grader import Answer, Arguments, Exercise, Property, expect_equal, expect_shape
from tinyalex.learn.grader.draws import shapes, whole


@st.composite
def arguments(
    draw: st.DrawFn,
    moving: bool = True,
    momenta: tuple[float, ...] = (0.5, 0.25, 0.0),
    decays: tuple[float, ...] = (0.5, 0.25, 0.0),
) -> Arguments:
    """Halves and quarters, so that the steps are round numbers. ``moving``: v is not 0."""
    lr, dimensions = draw(st.sampled_from((0.5, 0.25, 1.0))), draw(st.integers(1, 3))
    shape = draw(shapes(3))[-dimensions:]
    w, v, g = (draw(whole(shape)) for _ in range(3))
    return {
        "w": w,
        "v": v if moving else np.zeros_like(v),
        "g": g,
        "lr": lr,
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


NONE = (0.0,)

EXERCISE = Exercise(
    name="16_sgd",
    title="SGD with momentum and weight decay",
    lesson=9,
    minutes=15,
    functions=("sgd_step",),
    properties=(
        Property(
            name="shape",
            says="w_new and v_new have the shape of w, whatever that is.",
            given=arguments(),
            judge=shape,
            hints=(
                "Every weight moves by itself: nothing is added up over an array.",
                "Three operators between whole arrays are enough.",
            ),
            examples=20,
        ),
        Property(
            name="from rest",
            says="With v = 0 and no decay: v_new = -lr * g and w_new = w - lr * g.",
            given=arguments(moving=False, decays=NONE),
            judge=rule,
            hints=(
                "Downhill is against the slope, so the velocity has the sign of -g.",
                "The learning rate is inside v; w moves by the new velocity, not by the old one.",
                "v_new = -lr * g; w_new = w + v_new.",
            ),
        ),
        Property(
            name="momentum",
            says="Without decay: v_new = momentum * v - lr * g and w_new = w + v_new.",
            given=arguments(decays=NONE),
            judge=rule,
            hints=(
                "What share of the old velocity is kept?",
                "g counts in full, not times 1 - momentum; and w moves by v_new, no further.",
            ),
        ),
        Property(
            name="weight decay",
            says="Without momentum: v_new = -lr * (weight_decay * w + g) and w_new = w + v_new.",
            given=arguments(momenta=NONE),
            judge=rule,
            hints=(
                "Decay pulls each weight towards 0, as if its slope were larger.",
                "The decay is multiplied by the learning rate, and it goes into the velocity.",
                "Put weight_decay * w + g where g was.",
            ),
        ),
        Property(
            name="all together",
            says="v_new = momentum * v - lr * (weight_decay * w + g) and w_new = w + v_new.",
            given=arguments(),
            judge=rule,
            hints=(
                "Is the decay that of the old w? Is it multiplied by the momentum?",
                "Write down the two lines of the rule as they stand.",
            ),
        ),
    ),
)
