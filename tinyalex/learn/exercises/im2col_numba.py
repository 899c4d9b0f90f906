"""Exercise 18: im2col in loops that Numba compiles."""

from __future__ import annotations

import math
import time

from hypothesis import strategies as st

from tinyalex.learn.exercises.im2col import (
    definition,
    im2col_by_definition,
    numbered_images,
    shape,
)
from tinyalex.learn.grader import (
    Answer,
    Arguments,
    Broken,
    Exercise,
    Property,
    TooSlow,
    expect_equal,
)
from tinyalex.learn.grader.draws import numbered, sample, with_constants

# Compiled loops are several hundred times as fast as Python's. The exercise asks for 5 times, so
# that it passes on a busy machine, too.
MIN_SPEEDUP = 5
REPETITIONS = 10


def compiled(answer: Answer, a: Arguments) -> None:
    answer.im2col(**a)  # Numba compiles on the first call
    if not answer.compiled():
        raise Broken(
            "im2col is not compiled: the call compiled no function of the file",
            "a function decorated with @numba.njit, which im2col calls",
            "none",
        )


def speed(answer: Answer, a: Arguments) -> None:
    """Compare processor times, in turns: other programs do not change them much."""
    expected = im2col_by_definition(**a)
    expect_equal(answer.im2col(**a), expected, "cols")  # also compiles it
    theirs = ours = math.inf
    for _ in range(REPETITIONS):
        start = answer.cpu_seconds()
        answer.im2col(**a)
        theirs = min(theirs, answer.cpu_seconds() - start)
        start = time.process_time()
        im2col_by_definition(**a)
        ours = min(ours, time.process_time() - start)
        if theirs <= ours / MIN_SPEEDUP:
            return
    raise TooSlow(
        f"im2col is slow: it takes more than 1/{MIN_SPEEDUP} of the time of loops in Python",
        "compiled loops are several hundred times as fast as Python's",
        "most of the time is spent in Python",
    )


def large() -> Arguments:
    return {
        "x": numbered(1, 3, 32, 32) / 8,
        "kernel_size": (5, 5),
        "stride": 1,
        "padding": 2,
    }


EXERCISE = Exercise(
    name="18_im2col_numba",
    title="im2col in compiled loops",
    lesson=12,
    minutes=30,
    functions=("im2col",),
    allowed=("numpy", "numba"),
    properties=(
        Property(
            name="shape",
            says="cols is (N, C*KH*KW, OH*OW): one row per pixel of a patch, one column per patch.",
            given=numbered_images(padding=2),
            judge=shape,
            hints=(
                "How many steps can the kernel take before it leaves the padded image?",
                "OH = (H + 2 * padding - KH) // stride + 1; OW is the same with W and KW.",
            ),
            examples=20,
        ),
        Property(
            name="all ones",
            says="Without padding, if all pixels are 1, all of cols is 1.",
            given=with_constants(numbered_images(), x=1),
            judge=definition,
            hints=(
                "Do you write every number of cols?",
                "Do the loops run over all images, all channels, the whole kernel and all patches?",
            ),
            examples=20,
        ),
        Property(
            name="against the definition",
            says="With stride 1 and no padding, every number of cols is the pixel in the "
            "definition.",
            given=numbered_images(strided=False),
            judge=definition,
            hints=(
                "In which order are the rows? In which order are the columns?",
                "Rows: by channel, then by row of the patch, then by column. Columns: row by row.",
                "row = (c * KH + p) * KW + q, column = i * OW + j, pixel x[n, c, i + p, j + q]",
            ),
        ),
        Property(
            name="stride",
            says="Patches are stride rows and stride columns apart.",
            given=numbered_images(extra=3),
            judge=definition,
            hints=(
                "Which term of h = i + p do you multiply by the stride?",
                "h = i * stride + p and w = j * stride + q",
            ),
        ),
        Property(
            name="padding",
            says="Outside the image there are zeros, on all four sides.",
            given=numbered_images(padding=2),
            judge=definition,
            large=lambda: {
                "x": sample(1, 2, 27, 27),
                "kernel_size": (5, 5),
                "stride": 1,
                "padding": 2,
            },
            hints=(
                "Which h and w are outside the image?",
                "A negative index counts from the end, in Numba too: test for it.",
                "h = i * stride + p - padding; if 0 <= h < H and 0 <= w < W, else 0",
            ),
        ),
        Property(
            name="compiled",
            says="im2col calls a function that Numba has compiled in nopython mode.",
            given=numbered_images(padding=1),
            judge=compiled,
            hints=(
                "Which decorator does the function with the loops have?",
                "Write @numba.njit (or @numba.jit(nopython=True)) above it, and call it in im2col.",
            ),
            examples=1,
        ),
        Property(
            name="speed",
            says=f"It is at least {MIN_SPEEDUP} times as fast as the same loops in Python.",
            given=st.builds(large),
            judge=speed,
            timed=True,
            hints=(
                "Which loops does Python still run?",
                "Put all of them into the compiled function: one call fills all of cols.",
            ),
            examples=1,
        ),
    ),
)
