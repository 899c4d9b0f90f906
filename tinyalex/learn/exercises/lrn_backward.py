"""Exercise 11: local response normalisation, backward."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.grader import (
    Answer,
    Arguments,
    Broken,
    Exercise,
    Property,
    expect_equal,
    expect_shape,
)
from tinyalex.learn.grader.draws import Array, numeric_gradient, whole, within

# Alpha is about 1: with the paper's 1e-4 no mistake in the window would be seen.
ALPHAS, BETAS, KS = (1.0, 0.5, 2.0), (1.0, 0.75, 0.5), (1.0, 2.0)


@st.composite
def arguments(
    draw: st.DrawFn,
    channels: tuple[int, int] = (1, 5),
    sizes: tuple[int, ...] = (1, 3, 5),
    alphas: tuple[float, ...] = ALPHAS,
) -> Arguments:
    N, H, W = draw(within(2, 2, 2))
    shape = (N, draw(st.integers(*channels)), H, W)
    return {
        "dy": draw(whole(shape)),
        "x": draw(whole(shape)),
        "size": draw(st.sampled_from(sizes)),
        "alpha": draw(st.sampled_from(alphas)),
        "beta": draw(st.sampled_from(BETAS)),
        "k": draw(st.sampled_from(KS)),
    }


@st.composite
def one_dy(draw: st.DrawFn) -> Arguments:
    """One number of dy is 1, all others are 0."""
    drawn = draw(arguments(channels=(2, 5)))
    at = tuple(draw(st.integers(0, n - 1)) for n in drawn["dy"].shape)
    dy = np.zeros_like(drawn["dy"])
    dy[at] = 1.0
    return drawn | {"dy": dy}


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
    n, c, h, w = (int(i) for i in np.argwhere(a["dy"])[0])
    for at in np.ndindex(dx.shape):
        same_pixel = (at[0], at[2], at[3]) == (n, h, w)
        if (not same_pixel or abs(at[1] - c) > a["size"] // 2) and dx[at] != 0:
            place = ", ".join(map(str, at))
            what = (
                f"dx[{place}] is not 0, but y[{n}, {c}, {h}, {w}], the only output that counts "
                f"here, does not depend on x[{place}]"
            )
            raise Broken(what, 0.0, float(dx[at]))


def gradient(answer: Answer, a: Arguments) -> None:
    def loss(x: Array) -> float:
        return forward_sum(x, a["dy"], a["size"], a["alpha"], a["beta"], a["k"])

    # Central differences in steps of 1e-5: rounding and curvature leave an error below 1e-8.
    expected = numeric_gradient(loss, a["x"])
    expect_equal(answer.lrn_backward(**a), expected, "dx", rtol=1e-6, atol=1e-7)


def forward_sum(x: Array, dy: Array, size: int, alpha: float, beta: float, k: float) -> float:
    """The sum of dy * y by the definition."""
    total = 0.0
    N, C, H, W = x.shape
    for n, i, h, w in np.ndindex(N, C, H, W):
        s = k
        for j in range(max(0, i - size // 2), min(C, i + (size - 1) // 2 + 1)):
            s += alpha * x[n, j, h, w] ** 2
        total += dy[n, i, h, w] * x[n, i, h, w] / s**beta
    return float(total)


EXERCISE = Exercise(
    name="11_lrn_backward",
    title="Response normalisation, backward",
    lesson=6,
    minutes=35,
    functions=("lrn_backward",),
    properties=(
        Property(
            name="shape",
            says="dx has the shape of x.",
            given=arguments(),
            judge=shape,
            hints=("There is one slope for each number of x.", "dx.shape == x.shape"),
            examples=20,
        ),
        Property(
            name="alpha zero",
            says="Without alpha no channel sees another: dx = dy / k**beta.",
            given=arguments(alphas=(0.0,)),
            judge=alpha_zero,
            hints=(
                "What is s when alpha is 0?",
                "Then y = x / k**beta, a multiple of x.",
                "The first term is dy * s ** -beta; mind the sign of the power.",
            ),
        ),
        Property(
            name="one channel",
            says="With one channel, y = x / (k + alpha * x**2)**beta can be derived on paper.",
            given=arguments(channels=(1, 1)),
            judge=one_channel,
            hints=(
                "x stands above the line and below it: two terms, by the product rule.",
                "d(s ** -beta)/dx = -beta * s ** (-beta - 1) * ds/dx, and ds/dx = 2 * alpha * x.",
                "dx = dy * s ** -beta - 2 * alpha * beta * x * (dy * x * s ** (-beta - 1)); alpha "
                "is not divided by size.",
            ),
        ),
        Property(
            name="neighbours only",
            says="A number of dy reaches its own pixel only, and channels at most size // 2 away.",
            given=one_dy(),
            judge=neighbours_only,
            hints=(
                "Over which axis, and how far, does the sum run?",
                "Channels are axis 1. The window is clipped at the first and the last channel: it "
                "does not go round.",
                "i runs from max(0, c - size // 2) to min(C - 1, c + size // 2) for an odd size.",
            ),
        ),
        Property(
            name="gradient",
            says="dx is the slope of sum(dy * y), measured by moving each x a little up and down.",
            given=arguments(),
            judge=gradient,
            hints=(
                "A channel changes its neighbours' outputs too, through their s.",
                "In the sum, dy, x and s are those of channel i; only the x in front of the sum "
                "is that of channel c.",
                "First t = dy * x * s ** (-beta - 1) for all channels; then add up t over the "
                "window; then multiply by 2 * alpha * beta * x.",
            ),
        ),
        Property(
            name="even windows",
            says="The same for an even size, whose window reaches one channel further down.",
            given=arguments(sizes=(2, 4), channels=(2, 5)),
            judge=gradient,
            hints=(
                "Channel i sees i - size // 2 to i + (size - 1) // 2. Who sees channel c?",
                "If i sees j when j >= i - size // 2, then c is seen by i <= c + size // 2.",
                "i runs from c - (size - 1) // 2 to c + size // 2: the window, mirrored.",
            ),
        ),
    ),
)
