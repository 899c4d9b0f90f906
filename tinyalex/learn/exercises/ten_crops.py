"""Exercise 20: ten crops at test time, and their average."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.exercises.softmax_cross_entropy import softmax_by_definition
from tinyalex.learn.grader import Answer, Arguments, Exercise, Property, expect_equal, expect_shape
from tinyalex.learn.grader.draws import eighths, numbered, sizes


@st.composite
def image(draw: st.DrawFn) -> Arguments:
    """Every pixel has its own number: 1, 2, 3, ..."""
    CH, CW, C = draw(sizes(3, 3, 2))
    rows, columns = draw(sizes(4, 4))  # positions of a crop
    pixels = numbered(CH + rows - 1, CW + columns - 1, C, dtype="uint8")
    return {"image": pixels, "crop": (CH, CW)}


@st.composite
def logits(draw: st.DrawFn, scale: float = 1.0) -> Arguments:
    N, K = draw(sizes(2, 3))
    return {"logits": draw(eighths((N, 10, K))) * scale}


def with_equal_crops(a: Arguments) -> Arguments:
    """All crops of an image get the logits of crop 0."""
    return {"logits": np.zeros_like(a["logits"]) + a["logits"][:, :1]}


def shape(answer: Answer, a: Arguments) -> None:
    wanted = (10, *a["crop"], a["image"].shape[2])
    expect_shape(answer.ten_crops(**a), wanted, "crops", np.uint8)


def five_crops(answer: Answer, a: Arguments) -> None:
    crops = answer.ten_crops(**a)
    expect_shape(crops, (10, *a["crop"], a["image"].shape[2]), "crops", np.uint8)
    (H, W, C), (CH, CW) = a["image"].shape, a["crop"]
    corners = {
        "top left": (0, 0),
        "top right": (0, W - CW),
        "bottom left": (H - CH, 0),
        "bottom right": (H - CH, W - CW),
        "centre": ((H - CH) // 2, (W - CW) // 2),
    }
    for number, (name, (top, left)) in enumerate(corners.items()):
        expected = np.zeros((CH, CW, C), np.uint8)
        for i, j, c in np.ndindex(expected.shape):
            expected[i, j, c] = a["image"][top + i, left + j, c]
        expect_equal(crops[number], expected, f"the {name} crop (crops[{number}])")


def flips(answer: Answer, a: Arguments) -> None:
    crops = answer.ten_crops(**a)
    CW = a["crop"][1]
    expected = np.zeros_like(crops[:5])
    for v, i, j, c in np.ndindex(expected.shape):
        expected[v, i, j, c] = crops[v, i, CW - 1 - j, c]
    expect_equal(crops[5:], expected, "crops[5:]")


def average_shape(answer: Answer, a: Arguments) -> None:
    N, _, K = a["logits"].shape
    expect_shape(answer.ten_crop_average(**a), (N, K), "p")


def average(answer: Answer, a: Arguments) -> None:
    expected = softmax_by_definition(a["logits"]).mean(axis=1)
    expect_equal(answer.ten_crop_average(**a), expected, "p")


EXERCISE = Exercise(
    name="20_ten_crops",
    title="Ten crops and their average",
    lesson=14,
    minutes=25,
    functions=("ten_crops", "ten_crop_average"),
    properties=(
        Property(
            name="shape",
            says="ten_crops returns uint8 of shape (10, CH, CW, C).",
            given=image(),
            judge=shape,
            hints=(
                "Height comes before width, also in crop; the colour channels are the last axis.",
                "np.stack of a list of ten crops makes them the first axis.",
            ),
            examples=20,
        ),
        Property(
            name="corners and centre",
            says="The first five crops are top left, top right, bottom left, bottom right, centre.",
            given=image(),
            judge=five_crops,
            large=lambda: {"image": numbered(256, 256, 1, dtype="uint8"), "crop": (224, 224)},
            hints=(
                "At which row does a crop begin that ends at the last row?",
                "At H - CH. The centre crop begins at (H - CH) // 2, rounded down.",
                "Rows come first: top right is (0, W - CW).",
            ),
        ),
        Property(
            name="flips",
            says="Crops 5 to 9 are crops 0 to 4, flipped horizontally.",
            given=image(),
            judge=flips,
            hints=(
                "The axes of a crop are rows, columns, channels. Which one do you reverse?",
                "crop[:, ::-1]; put all five flipped crops after the first five.",
            ),
        ),
        Property(
            name="shape of the average",
            says="ten_crop_average returns (N, K) for logits of (N, 10, K).",
            given=logits(),
            judge=average_shape,
            hints=(
                "Over which axis do you average?",
                "Axis 1, the ten crops.",
            ),
            examples=20,
        ),
        Property(
            name="equal crops",
            says="If all ten crops have the same logits, the average is their softmax.",
            given=logits().map(with_equal_crops),
            judge=average,
            hints=(
                "The probabilities of a crop sum to 1. Over which axis is that sum?",
                "Over axis 2, the classes. Then take the mean over the ten crops, not the sum.",
            ),
        ),
        Property(
            name="probabilities, not logits",
            says="The average is over the probabilities of the crops.",
            given=logits(),
            judge=average,
            hints=(
                "Which comes first, the softmax or the mean?",
                "Compute the softmax of each crop separately, then average.",
            ),
        ),
        Property(
            name="huge logits",
            says="It is correct for logits of 1000 and more, too.",
            given=logits(scale=1000.0),
            judge=average,
            hints=(
                "exp(1000) is infinite. What can you subtract from the logits of a crop?",
                "logits - logits.max(axis=2, keepdims=True): the largest of each crop.",
            ),
        ),
    ),
)
