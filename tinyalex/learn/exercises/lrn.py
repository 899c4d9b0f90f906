"""Exercise 10: local response normalisation."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.grader import Answer, Arguments, Exercise, Property, expect_equal, expect_shape
from tinyalex.learn.grader.draws import Array, eighths, sample, sizes, with_constants


@st.composite
def arguments(
    draw: st.DrawFn,
    channels: tuple[int, int] = (1, 6),
    window: tuple[int, ...] = (1, 3, 5),
    alphas: tuple[float, ...] = (1.0, 0.5),
) -> Arguments:
    """Alpha is about 1: with the paper's 1e-4, rounding would hide a wrong window."""
    N, H, W = draw(sizes(2, 2, 2))
    return {
        "x": draw(eighths((N, draw(st.integers(*channels)), H, W))),
        "size": draw(st.sampled_from(window)),
        "alpha": draw(st.sampled_from(alphas)),
        "beta": draw(st.sampled_from((1.0, 0.75, 0.5))),
        "k": draw(st.sampled_from((1.0, 2.0))),
    }


def lrn_by_definition(x: Array, size: int, alpha: float, beta: float, k: float) -> Array:
    """One number at a time; an even window has one channel more before than after."""
    C = x.shape[1]
    y = np.zeros_like(x)
    for n, i, h, w in np.ndindex(x.shape):
        channels = range(max(0, i - size // 2), min(C, i + (size - 1) // 2 + 1))
        energy = sum(x[n, j, h, w] ** 2 for j in channels)
        y[n, i, h, w] = x[n, i, h, w] / (k + alpha * energy) ** beta
    return y


def shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.local_response_norm(**a), a["x"].shape)


def definition(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.local_response_norm(**a), lrn_by_definition(**a))


EXERCISE = Exercise(
    name="10_lrn",
    title="Local response normalisation",
    lesson=6,
    minutes=25,
    functions=("local_response_norm",),
    properties=(
        Property(
            name="shape",
            says="y has the shape of x.",
            given=arguments(),
            judge=shape,
            hints=(
                "Each number is divided; none is added or removed, and x itself does not change.",
                "The sum over neighbours keeps the number of channels.",
            ),
        ),
        Property(
            name="alpha zero",
            says="If alpha is 0, the other channels do not matter: y = x / k**beta.",
            given=arguments(alphas=(0.0,)),
            judge=definition,
            hints=(
                "What is the divisor if alpha is 0?",
                "The power beta applies to the whole bracket, including k.",
                "x / (k + alpha * energy) ** beta",
            ),
        ),
        Property(
            name="one channel",
            says="A single channel has no neighbours: y = x / (k + alpha * x**2)**beta.",
            given=arguments(channels=(1, 1)),
            judge=definition,
            hints=(
                "What is the sum over the window if there is only one channel?",
                "x**2 of the same image and pixel. Do you divide alpha, or forget the square?",
                "alpha times the sum of squares, not divided by size.",
            ),
        ),
        Property(
            name="all ones",
            says="If all of x is 1, the energy of channel i is the number of channels in its "
            "window.",
            given=with_constants(arguments(channels=(2, 6)), x=1),
            judge=definition,
            hints=(
                "How many channels are in the window of the first channel? And in the middle?",
                "The window is clipped at both ends: it does not wrap around to the other end.",
                "From max(0, i - size // 2) to min(C - 1, i + size // 2), inclusive.",
            ),
        ),
        Property(
            name="against the definition",
            says="Each number is divided by (k + alpha * energy)**beta.",
            given=arguments(),
            judge=definition,
            large=lambda: {
                "x": 50 * sample(1, 96, 3, 3),
                "size": 5,
                "alpha": 1e-4,
                "beta": 0.75,
                "k": 2.0,
            },
            hints=(
                "Whose squares do you add up for channel i?",
                "Those of x[n, j, h, w], before any of them is divided.",
                "(x**2)[:, first:end].sum(axis=1)",
            ),
        ),
    ),
)
