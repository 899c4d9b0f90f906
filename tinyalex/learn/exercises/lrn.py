"""Exercise 10: local response normalisation."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.grader.draws import Array, shapes, whole
from tinyalex.learn.grader.spec import (
    Answer,
    Arguments,
    Exercise,
    Property,
    expect_equal,
    expect_shape,
)

# Alpha is about 1: with the paper's 1e-4 no mistake in the window would be seen.
ALPHAS, BETAS, KS = (1.0, 0.5, 2.0), (1.0, 0.75, 0.5), (1.0, 2.0)


def normalised(x: Array, size: int, alpha: float, beta: float, k: float) -> Array:
    """The definition, one number at a time."""
    N, C, H, W = x.shape
    y = np.zeros(x.shape)
    for n, i, h, w in np.ndindex(N, C, H, W):
        s = k
        for j in range(i - size // 2, i + (size - 1) // 2 + 1):
            if 0 <= j < C:
                s += alpha * x[n, j, h, w] ** 2
        y[n, i, h, w] = x[n, i, h, w] / s**beta
    return y


@st.composite
def arguments(
    draw: st.DrawFn,
    channels: int = 6,
    sizes: tuple[int, ...] = (1, 3, 5),
    alphas: tuple[float, ...] = ALPHAS,
) -> Arguments:
    N, H, W = draw(shapes(3, high=2))
    C = draw(st.integers(1, channels))
    return {
        "x": draw(whole((N, C, H, W))),
        "size": draw(st.sampled_from(sizes)),
        "alpha": draw(st.sampled_from(alphas)),
        "beta": draw(st.sampled_from(BETAS)),
        "k": draw(st.sampled_from(KS)),
    }


def shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.local_response_norm(**a), a["x"].shape)


def alpha_zero(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.local_response_norm(**a), a["x"] / a["k"] ** a["beta"])


def all_ones(answer: Answer, a: Arguments) -> None:
    """Of ones, the sum is the number of channels in the window."""
    a = a | {"x": np.ones_like(a["x"])}
    C, half = a["x"].shape[1], a["size"] // 2
    counts = np.array([min(C - 1, i + half) - max(0, i - half) + 1 for i in range(C)])
    expected = 1 / (a["k"] + a["alpha"] * counts) ** a["beta"]
    expect_equal(
        answer.local_response_norm(**a), np.broadcast_to(expected[:, None, None], a["x"].shape)
    )


def odd(answer: Answer, a: Arguments) -> None:
    """y changes its sign with x, and nothing else changes."""
    expected = -answer.local_response_norm(**a)
    expect_equal(answer.local_response_norm(**a | {"x": -a["x"]}), expected)


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
            hints=("Each number of x becomes one number of y.", "y = np.zeros_like(x)"),
            examples=20,
        ),
        Property(
            name="alpha zero",
            says="Without alpha no channel sees another: y = x / k**beta.",
            given=arguments(alphas=(0.0,)),
            judge=alpha_zero,
            hints=(
                "What is s when alpha is 0?",
                "Is the sum multiplied by alpha before k is added? Is s raised to beta?",
            ),
        ),
        Property(
            name="all ones",
            says="Of ones, the sum is the number of channels in the window: fewer at the first "
            "and at the last channel.",
            given=arguments(),
            judge=all_ones,
            hints=(
                "How many channels has the window in the middle, and how many at the edge?",
                "From i - size // 2 to i + size // 2, both included, cut off at 0 and C - 1.",
                "x[:, first : last + 1]: a slice leaves its end out. Nothing is divided by size.",
            ),
        ),
        Property(
            name="odd",
            says="y(-x) is -y(x): the energy does not change when all signs do.",
            given=arguments(),
            judge=odd,
            hints=(
                "Is it the squares that you add up?",
                "The sign of y is that of x: x stands above the line as it is.",
            ),
        ),
        Property(
            name="against the definition",
            says="Every number of y is what the definition says.",
            given=arguments(),
            judge=definition,
            hints=(
                "Are the neighbours in the channels of the same pixel, or beside it in the image?",
                "Channels are axis 1. Each image and each pixel is normalised by itself.",
                "s must be computed from x for all channels, not from channels already changed.",
            ),
        ),
        Property(
            name="even windows",
            says="An even size reaches one channel further down than up.",
            given=arguments(sizes=(2, 4)),
            judge=definition,
            hints=(
                "With size 2, does channel i see i - 1, or i + 1?",
                "From i - size // 2 to i + (size - 1) // 2.",
            ),
        ),
    ),
)
