"""Exercise 20: the ten crops of test time, and their mean."""

from __future__ import annotations

import math

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
from tinyalex.learn.grader.draws import numbered, whole, within


@st.composite
def image(draw: st.DrawFn) -> Arguments:
    """Every pixel has its own number, 1, 2, 3, ..."""
    CH, CW, C = draw(within(3, 3, 2))
    rows, columns = draw(within(4, 4))  # places for a view
    pixels = numbered(CH + rows - 1, CW + columns - 1, C, dtype="uint8")
    return {"image": pixels, "crop": (CH, CW)}


@st.composite
def logits(draw: st.DrawFn, alike: bool = False, times: float = 1.0) -> Arguments:
    """``alike``: all ten views of an image give the same."""
    N, K = draw(within(2, 3))
    drawn = draw(whole((N, 1 if alike else 10, K))) * times
    return {"logits": np.repeat(drawn, 10, axis=1) if alike else drawn}


def shape(answer: Answer, a: Arguments) -> None:
    views = answer.ten_crops(**a)
    expect_shape(views, (10, *a["crop"], a["image"].shape[2]), "views")
    if views.dtype != np.uint8:
        raise Broken(f"views is an array of {views.dtype}, not of bytes", "uint8", str(views.dtype))


def five_views(answer: Answer, a: Arguments) -> None:
    views = answer.ten_crops(**a)
    expect_shape(views, (10, *a["crop"], a["image"].shape[2]), "views")
    (H, W, C), (CH, CW) = a["image"].shape, a["crop"]
    middle = (H - CH) // 2, (W - CW) // 2
    begins = {
        "top left": (0, 0),
        "top right": (0, W - CW),
        "bottom left": (H - CH, 0),
        "bottom right": (H - CH, W - CW),
        "centre": middle,
    }
    for number, (name, (top, left)) in enumerate(begins.items()):
        expected = np.zeros((CH, CW, C), np.uint8)
        for i, j, c in np.ndindex(expected.shape):
            expected[i, j, c] = a["image"][top + i, left + j, c]
        expect_equal(views[number], expected, f"the {name} view (views[{number}])")


def mirrors(answer: Answer, a: Arguments) -> None:
    views = answer.ten_crops(**a)
    CW = a["crop"][1]
    expected = np.zeros_like(views[:5])
    for v, i, j, c in np.ndindex(expected.shape):
        expected[v, i, j, c] = views[v, i, CW - 1 - j, c]
    expect_equal(views[5:], expected, "views[5:]")


def average_shape(answer: Answer, a: Arguments) -> None:
    N, _, K = a["logits"].shape
    expect_shape(answer.ten_crop_average(**a), (N, K), "p")


def views_alike(answer: Answer, a: Arguments) -> None:
    # Of ten views alike, the mean is the softmax of any of them.
    expect_equal(answer.ten_crop_average(**a), mean_of_softmax(a["logits"][:, :1]), "p")


def average(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.ten_crop_average(**a), mean_of_softmax(a["logits"]), "p")


def mean_of_softmax(logits: np.ndarray) -> np.ndarray:
    """By the definition; the largest logit is taken out, which changes only the rounding."""
    N, views, K = logits.shape
    p = np.zeros((N, K))
    for n in range(N):
        for row in logits[n].tolist():
            powers = [math.exp(z - max(row)) for z in row]
            for k in range(K):
                p[n, k] += powers[k] / sum(powers) / views
    return p


EXERCISE = Exercise(
    name="20_ten_crops",
    title="Ten crops and their mean",
    lesson=14,
    minutes=25,
    functions=("ten_crops", "ten_crop_average"),
    properties=(
        Property(
            name="shape",
            says="ten_crops gives uint8 of shape (10, CH, CW, C).",
            given=image(),
            judge=shape,
            hints=(
                "Height comes before width, in crop too; the colours stay last.",
                "np.stack of a list of ten windows puts the ten in front.",
            ),
            examples=20,
        ),
        Property(
            name="corners and centre",
            says="The first five views are top left, top right, bottom left, bottom right, centre.",
            given=image(),
            judge=five_views,
            hints=(
                "At which row does a view begin that ends at the last one?",
                "At H - CH; and the centre at (H - CH) // 2, rounded down.",
                "Rows come first: top right is (0, W - CW).",
            ),
        ),
        Property(
            name="mirrors",
            says="Views 5 to 9 are views 0 to 4 with left and right exchanged.",
            given=image(),
            judge=mirrors,
            hints=(
                "Axes of a view: rows, columns, colours. Which one is turned round?",
                "view[:, ::-1], and all five mirror images after all five views.",
            ),
        ),
        Property(
            name="shape of the mean",
            says="ten_crop_average makes (N, K) of (N, 10, K).",
            given=logits(),
            judge=average_shape,
            hints=(
                "Over which axis is the mean taken?",
                "Axis 1, that of the ten views.",
            ),
            examples=20,
        ),
        Property(
            name="views alike",
            says="If all ten views give the same logits, the mean is their softmax.",
            given=logits(alike=True),
            judge=views_alike,
            hints=(
                "The probabilities of a view sum to 1. Over which axis is that?",
                "Over axis 2, the classes; and the mean of ten is not their sum.",
            ),
        ),
        Property(
            name="probabilities, not logits",
            says="It is the mean of the views' probabilities.",
            given=logits(),
            judge=average,
            hints=(
                "What comes first, the softmax or the mean?",
                "Softmax each of the ten views by itself, then average over them.",
            ),
        ),
        Property(
            name="huge logits",
            says="It is right for logits of thousands, too.",
            given=logits(times=1000.0),
            judge=average,
            hints=(
                "exp(1000) is infinite: what may be subtracted from a view's logits?",
                "logits - logits.max(axis=2, keepdims=True): the largest of each view by itself.",
            ),
        ),
    ),
)
