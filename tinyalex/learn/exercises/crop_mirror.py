"""Exercise 13: crops and mirrors."""

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
from tinyalex.learn.grader.draws import choices, masks, numbered, within


@st.composite
def arguments(
    draw: st.DrawFn,
    most_images: int = 3,
    whole: bool = False,
    mirrored: bool | None = None,
    corner: bool = False,
) -> Arguments:
    """Every pixel has its own number, 1, 2, 3, ..., so that it tells where it comes from.

    ``whole``: the crop is the whole image. ``mirrored``: all are, none is, or (None) drawn.
    ``corner``: it is cut at row 0, column 0.
    """
    N, CH, CW, C = draw(within(most_images, 3, 3, 2))
    rows, columns = (1, 1) if whole else draw(within(3, 3))  # places for the window
    zeros = np.zeros(N, np.int64)
    return {
        "images": numbered(N, CH + rows - 1, CW + columns - 1, C, dtype="uint8"),
        "tops": zeros if corner else draw(choices((N,), rows)),
        "lefts": zeros if corner else draw(choices((N,), columns)),
        "mirrors": draw(masks((N,))) if mirrored is None else np.full(N, mirrored),
        "crop": (CH, CW),
    }


def shape(answer: Answer, a: Arguments) -> None:
    y = answer.crop_mirror(**a)
    N, _, _, C = a["images"].shape
    expect_shape(y, (N, *a["crop"], C))
    if y.dtype != np.uint8:
        raise Broken(f"y is an array of {y.dtype}, not of bytes", "uint8", str(y.dtype))


def definition(answer: Answer, a: Arguments) -> None:
    images, (CH, CW) = a["images"], a["crop"]
    expected = np.zeros((len(images), CH, CW, images.shape[3]), np.uint8)
    for n, i, j, c in np.ndindex(expected.shape):
        column = CW - 1 - j if a["mirrors"][n] else j
        expected[n, i, j, c] = images[n, a["tops"][n] + i, a["lefts"][n] + column, c]
    expect_equal(answer.crop_mirror(**a), expected)


EXERCISE = Exercise(
    name="13_crop_mirror",
    title="Random crops and mirrors",
    lesson=8,
    minutes=20,
    functions=("crop_mirror",),
    properties=(
        Property(
            name="shape",
            says="The result is uint8 of shape (N, CH, CW, C).",
            given=arguments(corner=True),
            judge=shape,
            hints=(
                "Height comes before width, in crop too; the colours stay last.",
                "np.empty((N, CH, CW, C), images.dtype) makes room for it.",
            ),
            examples=20,
        ),
        Property(
            name="whole image",
            says="A window as large as the image, not mirrored, is the image.",
            given=arguments(whole=True, mirrored=False),
            judge=definition,
            hints=(
                "Here every top and every left is 0, and nothing is mirrored.",
                "images[n, tops[n] : tops[n] + CH, lefts[n] : lefts[n] + CW] is the window.",
            ),
            examples=20,
        ),
        Property(
            name="mirrored image",
            says="Mirrored, each row is read from right to left, and no pixel changes its row.",
            given=arguments(whole=True, mirrored=True),
            judge=definition,
            hints=(
                "Axes of a window: rows, columns, colours. Which one is turned round?",
                "window[:, ::-1] turns the columns round; write it into a new array.",
            ),
            examples=30,
        ),
        Property(
            name="one crop",
            says="Of one image: y[0, i, j] = images[0, top + i, left + j].",
            given=arguments(most_images=1, mirrored=False),
            judge=definition,
            hints=(
                "tops count rows, lefts count columns.",
                "Rows from top to top + CH, columns from left to left + CW.",
            ),
        ),
        Property(
            name="batch",
            says="Each image of a batch has its own window.",
            given=arguments(mirrored=False),
            judge=definition,
            hints=(
                "Is it the place of another image?",
                "A loop over n, with tops[n] and lefts[n], is quick enough.",
            ),
        ),
        Property(
            name="crop and mirror",
            says="Where mirrors[n] is True the window is mirrored, and it stays where it was cut.",
            given=arguments(),
            judge=definition,
            hints=(
                "If the image is mirrored first, left counts from the other side.",
                "Cut first, then mirror the window; and only where mirrors[n] says so.",
            ),
        ),
    ),
)
