"""Exercise 10: local response normalisation."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.grader import Answer, Arguments, Exercise, Property, expect_equal, expect_shape
from tinyalex.learn.grader.draws import Array, shapes, whole

# Alpha is about 1: with the paper's 1e-4 a mistake in the window would hide in the rounding.
ALPHAS, BETAS, KS = (1.0, 0.5), (1.0, 0.75, 0.5), (1.0, 2.0)


@st.composite
def arguments(
    draw: st.DrawFn, channels: tuple[int, int] = (1, 6), alphas: tuple[float, ...] = ALPHAS
) -> Arguments:
    N, H, W = draw(shapes(3, high=2))
    C = draw(st.integers(*channels))
    return {
        "x": draw(whole((N, C, H, W))),
        "size": draw(st.sampled_from((1, 3, 5))),
        "alpha": draw(st.sampled_from(alphas)),
        "beta": draw(st.sampled_from(BETAS)),
        "k": draw(st.sampled_from(KS)),
    }


def normalised(x: Array, size: int, alpha: float, beta: float, k: float) -> Array:
    """The definition, one number at a time."""
    N, C, H, W = x.shape
    y = np.zeros_like(x)
    for n, i, h, w in np.ndindex(x.shape):
        energy: Any = 0.0
        for j in range(i - size // 2, i + size // 2 + 1):
            if 0 <= j < C:
                energy += x[n, j, h, w] ** 2
        y[n, i, h, w] = x[n, i, h, w] / (k + alpha * energy) ** beta
    return y


def shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.local_response_norm(**a), a["x"].shape)


def alpha_zero(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.local_response_norm(**a), a["x"] / a["k"] ** a["beta"])


def one_channel(answer: Answer, a: Arguments) -> None:
    x = a["x"]
    expected = x / (a["k"] + a["alpha"] * x * x) ** a["beta"]
    expect_equal(answer.local_response_norm(**a), expected)


def all_ones(answer: Answer, a: Arguments) -> None:
    a = a | {"x": np.ones_like(a["x"])}
    expect_equal(answer.local_response_norm(**a), normalised(**a))


def definition(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.local_response_norm(**a), normalised(**a))


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
                "Each number is divided; none is added or dropped, and x itself stays as it was.",
                "The sum over neighbours keeps the number of channels.",
            ),
        ),
        Property(
            name="alpha zero",
            says="Without alpha no channel counts: y = x / k**beta.",
            given=arguments(alphas=(0.0,)),
            judge=alpha_zero,
            hints=(
                "What is the divisor when alpha is 0?",
                "The power beta is taken of the whole bracket, k included.",
                "x / (k + alpha * energy) ** beta",
            ),
        ),
        Property(
            name="one channel",
            says="A single channel sees itself only: y = x / (k + alpha * x**2)**beta.",
            given=arguments(channels=(1, 1)),
            judge=one_channel,
            hints=(
                "What is the sum over the neighbours if there are none?",
                "x**2 of the same image and pixel. Is alpha divided, or x not squared?",
                "alpha times the sum of the squares, not divided by size.",
            ),
        ),
        Property(
            name="all ones",
            says="If x is all ones, the energy of channel i counts the channels in its window.",
            given=arguments(channels=(2, 6)),
            judge=all_ones,
            hints=(
                "How many channels does the first one see, how many one in the middle?",
                "The window is clipped at both ends: it neither goes round nor becomes empty.",
                "From max(0, i - size // 2) to min(C - 1, i + size // 2), both included.",
            ),
        ),
        Property(
            name="against the definition",
            says="Each number is divided by the power of its neighbours' energy.",
            given=arguments(),
            judge=definition,
            hints=(
                "Whose squares are added up for channel i?",
                "Those of x[n, j, h, w], with the channels' original numbers.",
                "(x**2)[:, first:end].sum(axis=1)",
            ),
        ),
    ),
)
