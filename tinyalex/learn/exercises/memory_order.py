"""Exercise 25: strides, and the order of a file."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.exercises._whole import expect_whole
from tinyalex.learn.grader import Answer, Arguments, Exercise, Property, expect_equal, expect_shape
from tinyalex.learn.grader.draws import numbered, sizes

AXES = "nchw"


@st.composite
def shapes(draw: st.DrawFn, images: int = 3, channels: int = 3) -> Arguments:
    N, C, H, W = draw(sizes(images, channels, 3, 3))
    return {"shape": (N, C, H, W)}


@st.composite
def places(draw: st.DrawFn, images: int = 3, channels: int = 3) -> Arguments:
    """A position of the file, and the shape of its images."""
    shape = draw(shapes(images, channels))["shape"]
    return {"position": draw(st.integers(0, int(np.prod(shape)) - 1)), "shape": shape}


def with_file(a: Arguments) -> Arguments:
    """A file whose numbers are 1/4, 2/4, 3/4, ..., so that none is lost by rounding to int."""
    return {"file": numbered(int(np.prod(a["shape"]))) / 4, "shape": a["shape"]}


def equal_places(got: tuple[int, ...], expected: tuple[int, ...], what: str) -> None:
    """Raise `Broken` unless the four numbers are equal; the message names the axis."""
    for axis, mine, right in zip(AXES, got, expected, strict=True):
        expect_whole(mine, right, f"{what}: {axis}")


def strides_by_definition(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A step along an axis jumps over everything that the later axes number."""
    return tuple(int(np.prod(shape[axis + 1 :])) for axis in range(len(shape)))


def strides(answer: Answer, a: Arguments) -> None:
    equal_places(answer.strides(**a), strides_by_definition(a["shape"]), "strides")


def file_order(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """(n, c, h, w) of each number of the file, in the order of the file."""
    N, C, H, W = shape
    return [(n, c, h, w) for n in range(N) for h in range(H) for w in range(W) for c in range(C)]


def place(answer: Answer, a: Arguments) -> None:
    expected = file_order(a["shape"])[a["position"]]
    equal_places(answer.place_in_file(**a), expected, f"position {a['position']}")


def array(answer: Answer, a: Arguments) -> None:
    expected = np.zeros(a["shape"])
    for position, where in enumerate(file_order(a["shape"])):
        expected[where] = a["file"][position]
    x = answer.to_nchw(**a)
    expect_shape(x, a["shape"], "x", np.float64)
    expect_equal(x, expected, "x")


EXERCISE = Exercise(
    name="25_memory_order",
    title="Strides, and the order of an image file",
    lesson=1,
    minutes=20,
    functions=("strides", "place_in_file", "to_nchw"),
    properties=(
        Property(
            name="strides of one image",
            says="strides is right for one image of one channel: one step along h moves by W.",
            given=shapes(images=1, channels=1),
            judge=strides,
            hints=(
                "The last index, w, changes fastest: its stride is 1.",
                "One step along h jumps over a whole row of W numbers.",
            ),
            examples=20,
        ),
        Property(
            name="strides",
            says="strides is right for any batch of images.",
            given=shapes(),
            judge=strides,
            hints=(
                "How many numbers are in one channel? In one image?",
                "A step along an axis jumps over the product of all sizes *after* this axis.",
                "(C * H * W, H * W, W, 1)",
            ),
        ),
        Property(
            name="place in one channel",
            says="place_in_file is right for one image of one channel.",
            given=places(images=1, channels=1),
            judge=place,
            hints=(
                "The file has row after row. In which row is the position, and where in that row?",
                "divmod(position, W) is (h, w).",
            ),
        ),
        Property(
            name="place in one image",
            says="place_in_file is right for one image with several channels.",
            given=places(images=1),
            judge=place,
            hints=(
                "In the file, all C colours of a pixel come before the next pixel.",
                "c changes fastest: pixel, c = divmod(position, C).",
            ),
        ),
        Property(
            name="place in a batch",
            says="place_in_file is right for any batch of images.",
            given=places(),
            judge=place,
            hints=(
                "How many numbers does one image take in the file?",
                "One divmod per axis: by C, then by W, then by H. What is left is n.",
            ),
        ),
        Property(
            name="array",
            says="to_nchw returns (N, C, H, W), with each number of the file in its place.",
            given=shapes().map(with_file),
            judge=array,
            large=lambda: with_file({"shape": (2, 3, 27, 27)}),
            hints=(
                "reshape alone moves no number. Which shape does the file really have?",
                "file.reshape(N, H, W, C) has every number in its place. Now change the axes.",
                "transpose(0, 3, 1, 2): the new axis 1 is the old axis 3.",
            ),
        ),
    ),
)
