"""Exercise 11: local response normalisation, backward."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.exercises import lrn
from tinyalex.learn.grader import Answer, Arguments, Exercise, Property, expect_equal, expect_shape
from tinyalex.learn.grader.draws import Array, eighths, numeric_gradient, one_hot, sample


@st.composite
def arguments(
    draw: st.DrawFn,
    channels: tuple[int, int] = (1, 5),
    window: tuple[int, ...] = (1, 3, 5),
    alphas: tuple[float, ...] = (1.0, 0.5, 2.0),
    single: bool = False,
) -> Arguments:
    """``single``: one number of dy is 1, all others are 0."""
    a = draw(lrn.arguments(channels, window, alphas))
    shape = a["x"].shape
    return {"dy": draw(one_hot(shape) if single else eighths(shape))} | a


def shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.lrn_backward(**a), a["x"].shape, "dx")


def alpha_zero(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.lrn_backward(**a), a["dy"] / a["k"] ** a["beta"], "dx")


def one_channel(answer: Answer, a: Arguments) -> None:
    x, dy, alpha, beta = a["x"], a["dy"], a["alpha"], a["beta"]
    s = a["k"] + alpha * x * x
    expected = dy * (s**-beta - 2 * alpha * beta * x * x * s ** (-beta - 1))
    expect_equal(answer.lrn_backward(**a), expected, "dx")


def neighbours_only(answer: Answer, a: Arguments) -> None:
    dx = answer.lrn_backward(**a)
    expect_shape(dx, a["x"].shape, "dx")
    n, c, h, w = np.argwhere(a["dy"])[0]
    near = slice(max(0, c - a["size"] // 2), c + a["size"] // 2 + 1)
    expected = np.zeros_like(dx)
    expected[n, near, h, w] = dx[n, near, h, w]
    expect_equal(dx, expected, "dx")


def gradient(answer: Answer, a: Arguments) -> None:
    rest = {name: value for name, value in a.items() if name not in ("dy", "x")}

    def loss(x: Array) -> float:
        return float(np.sum(a["dy"] * lrn.lrn_by_definition(x, **rest)))

    # Central differences in steps of 1e-5: rounding and curvature leave an error below 1e-8.
    expected = numeric_gradient(loss, a["x"])
    expect_equal(answer.lrn_backward(**a), expected, "dx", rtol=1e-6, atol=1e-7)


EXERCISE = Exercise(
    name="11_lrn_backward",
    title="Local response normalisation, backward",
    lesson=6,
    minutes=35,
    functions=("lrn_backward",),
    properties=(
        Property(
            name="shape",
            says="dx has the shape of x.",
            given=arguments(),
            judge=shape,
            hints=("There is one gradient for each number of x.", "dx.shape == x.shape"),
            examples=20,
        ),
        Property(
            name="alpha zero",
            says="If alpha is 0, the other channels do not matter: dx = dy / k**beta.",
            given=arguments(alphas=(0.0,)),
            judge=alpha_zero,
            hints=(
                "What is s if alpha is 0?",
                "Then y = x / k**beta: x times a constant.",
                "The first term is dy * s ** -beta; check the sign of the power.",
            ),
        ),
        Property(
            name="one channel",
            says="With one channel, dx is dy times the derivative of x / (k + alpha * x**2)**beta.",
            given=arguments(channels=(1, 1)),
            judge=one_channel,
            hints=(
                "x is in the numerator and in the denominator: the product rule gives two terms.",
                "d(s ** -beta)/dx = -beta * s ** (-beta - 1) * ds/dx, and ds/dx = 2 * alpha * x.",
                "dx = dy * s ** -beta - 2 * alpha * beta * x * (dy * x * s ** (-beta - 1)); alpha "
                "is not divided by size.",
            ),
        ),
        Property(
            name="neighbours only",
            says="If only one number of dy is not 0, dx is 0 at other pixels and in channels more "
            "than size // 2 away.",
            given=arguments(channels=(2, 5), single=True),
            judge=neighbours_only,
            hints=(
                "Over which axis do you sum, and how far?",
                "Channels are axis 1. The window is clipped at the first and the last channel: it "
                "does not wrap around.",
                "If size is odd, i runs from max(0, c - size // 2) to min(C - 1, c + size // 2).",
            ),
        ),
        Property(
            name="gradient",
            says="dx is the gradient of sum(dy * y), measured by moving each x a little.",
            given=arguments(),
            judge=gradient,
            large=lambda: {
                "dy": sample(1, 96, 1, 1),
                "x": sample(1, 96, 1, 1),
                "size": 5,
                "alpha": 1e-4,
                "beta": 0.75,
                "k": 2.0,
            },
            hints=(
                "A channel also changes the outputs of its neighbours, through their s.",
                "In the sum, dy, x and s belong to channel i; only the x before the sum belongs "
                "to channel c.",
                "First t = dy * x * s ** (-beta - 1) for all channels; then add up t over the "
                "window; then multiply by 2 * alpha * beta * x.",
            ),
        ),
        Property(
            name="even windows",
            says="dx is right for an even size, too; its window has one channel more before i "
            "than after i.",
            given=arguments(window=(2, 4), channels=(2, 5)),
            judge=gradient,
            hints=(
                "The window of channel i is i - size // 2 to i + (size - 1) // 2. Which windows "
                "contain channel c?",
                "If j >= i - size // 2 for every j in window i, then i <= c + size // 2.",
                "i runs from c - (size - 1) // 2 to c + size // 2: the window, reversed.",
            ),
        ),
    ),
)
