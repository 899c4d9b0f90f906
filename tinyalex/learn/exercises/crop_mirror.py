"""Exercise 13: random crops and horizontal flips."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.grader import Answer, Arguments, Exercise, Property, expect_equal, expect_shape
from tinyalex.learn.grader.draws import booleans, indices, numbered, sizes, with_constants


@st.composite
def arguments(draw: st.DrawFn, max_images: int = 3, whole_image: bool = False) -> Arguments:
    """Every pixel has its own number, 1, 2, 3, ..., so that it shows where it came from."""
    N, CH, CW, C = draw(sizes(max_images, 3, 3, 2))
    rows, columns = (1, 1) if whole_image else draw(sizes(3, 3))  # positions of the crop
    return {
        "images": numbered(N, CH + rows - 1, CW + columns - 1, C, dtype="uint8"),
        "tops": draw(indices((N,), rows)),
        "lefts": draw(indices((N,), columns)),
        "mirrors": draw(booleans((N,))),
        "crop": (CH, CW),
    }


def shape(answer: Answer, a: Arguments) -> None:
    N, _, _, C = a["images"].shape
    expect_shape(answer.crop_mirror(**a), (N, *a["crop"], C), dtype=np.uint8)


def definition(answer: Answer, a: Arguments) -> None:
    images, (CH, CW) = a["images"], a["crop"]
    expected = np.zeros((len(images), CH, CW, images.shape[3]), np.uint8)
    for n, i, j, c in np.ndindex(expected.shape):
        column = CW - 1 - j if a["mirrors"][n] else j
        expected[n, i, j, c] = images[n, a["tops"][n] + i, a["lefts"][n] + column, c]
    expect_equal(answer.crop_mirror(**a), expected)


EXERCISE = Exercise(
    name="13_crop_mirror",
    title="Random crops and horizontal flips",
    lesson=8,
    minutes=20,
    functions=("crop_mirror",),
    properties=(
        Property(
            name="shape",
            says="The result is uint8 of shape (N, CH, CW, C).",
            given=with_constants(arguments(), tops=0, lefts=0),
            judge=shape,
            hints=(
                "Height comes before width, also in crop; the colour channels are the last axis.",
                "np.empty((N, CH, CW, C), images.dtype) has the right shape and dtype.",
            ),
            examples=20,
        ),
        Property(
            name="whole image",
            says="A crop as large as the image, not flipped, is the image.",
            given=with_constants(arguments(whole_image=True), mirrors=False),
            judge=definition,
            hints=(
                "Here all tops and lefts are 0, and nothing is flipped.",
                "The crop is images[n, tops[n] : tops[n] + CH, lefts[n] : lefts[n] + CW].",
            ),
            examples=20,
        ),
        Property(
            name="flipped image",
            says="A flip reverses each row; no pixel moves to another row.",
            given=with_constants(arguments(whole_image=True), mirrors=True),
            judge=definition,
            hints=(
                "The axes of a crop are rows, columns, channels. Which one do you reverse?",
                "window[:, ::-1] reverses the columns; write it into a new array.",
            ),
            examples=30,
        ),
        Property(
            name="one crop",
            says="For a single image, y[0, i, j] = images[0, top + i, left + j].",
            given=with_constants(arguments(max_images=1), mirrors=False),
            judge=definition,
            hints=(
                "tops are row numbers, lefts are column numbers.",
                "Rows from top to top + CH, columns from left to left + CW.",
            ),
        ),
        Property(
            name="batch",
            says="Each image of a batch has its own crop.",
            given=with_constants(arguments(), mirrors=False),
            judge=definition,
            hints=(
                "Do you use the position of another image?",
                "A loop over n, with tops[n] and lefts[n], is fast enough.",
            ),
        ),
        Property(
            name="crop and flip",
            says="Where mirrors[n] is True, the crop is flipped; it is cut at the same position.",
            given=arguments(),
            judge=definition,
            large=lambda: {
                "images": numbered(1, 256, 256, 3, dtype="uint8"),
                "tops": np.array([17]),
                "lefts": np.array([31]),
                "mirrors": np.array([True]),
                "crop": (224, 224),
            },
            hints=(
                "If you flip the image first, left is counted from the other side.",
                "First crop, then flip the crop; and only where mirrors[n] is True.",
            ),
        ),
    ),
)
