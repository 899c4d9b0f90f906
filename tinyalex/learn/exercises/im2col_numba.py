"""Exercise 18: im2col in loops that Numba compiles."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.exercises.im2col import columns, images, out_shape
from tinyalex.learn.grader import (
    Answer,
    Arguments,
    Broken,
    Exercise,
    Property,
    expect_equal,
    expect_shape,
)
from tinyalex.learn.grader.draws import numbered

# Compiled loops are some hundred times as fast as Python's. A fiftieth of that is asked for, so
# that a busy machine does not matter.
TIMES_AS_FAST = 5
TRIES = 3


def shape(answer: Answer, a: Arguments) -> None:
    expect_shape(answer.im2col(**a), out_shape(a), "cols")


def all_ones(answer: Answer, a: Arguments) -> None:
    a = a | {"x": np.ones_like(a["x"])}
    expect_equal(answer.im2col(**a), np.ones(out_shape(a)), "cols")


def definition(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.im2col(**a), columns(**a), "cols")


def compiled(answer: Answer, a: Arguments) -> None:
    answer.im2col(**a)  # Numba compiles at the first call
    if not any(map(nopython_signatures, vars(answer._module).values())):
        raise Broken(
            "im2col is not compiled: no function of the file was, when it was called",
            "a function decorated with @numba.njit, which im2col calls",
            "none",
        )


def nopython_signatures(value: Any) -> list[Any]:
    """Types for which a function was compiled without Python's help; none if it is no such."""
    from numba.core.dispatcher import Dispatcher  # when the answer has loaded Numba anyway

    return list(value.nopython_signatures) if isinstance(value, Dispatcher) else []


def speed(answer: Answer, a: Arguments) -> None:
    arguments: Arguments = {
        "x": numbered(1, a["channels"], a["side"], a["side"]),
        "kernel_size": (a["kernel"], a["kernel"]),
        "stride": 1,
        "padding": 1,
    }
    expected = columns(**arguments)
    expect_equal(answer.im2col(**arguments), expected, "cols")  # compiles, if it must
    if best_time(lambda: answer.im2col(**arguments)) > slowest(arguments):
        raise Broken(
            f"im2col is slow: it takes more than 1/{TIMES_AS_FAST} of the time of Python's loops",
            "compiled loops are some hundred times as fast as Python's",
            "most of the time is spent in Python",
        )


def slowest(arguments: Arguments) -> float:
    """The time that is allowed, in seconds: measured at once, on the same machine."""
    return best_time(lambda: columns(**arguments)) / TIMES_AS_FAST


def best_time(work: Callable[[], object]) -> float:
    """The shortest of a few: what else the machine does can only make it longer."""
    times = []
    for _ in range(TRIES):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


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
            says="cols is (N, C*KH*KW, OH*OW): a row for each place in the window, a column for "
            "each window.",
            given=images(padding=2),
            judge=shape,
            hints=(
                "How often can the window take a step before it leaves the padded image?",
                "OH = (H + 2 * padding - KH) // stride + 1, and OW with W and KW.",
            ),
            examples=20,
        ),
        Property(
            name="all ones",
            says="Without padding, the columns of an image of ones are all ones.",
            given=images(),
            judge=all_ones,
            hints=(
                "Is every number of cols written?",
                "Do the loops run over all images, all channels, the whole window, all windows?",
            ),
            examples=20,
        ),
        Property(
            name="against the definition",
            says="In steps of 1, without padding, each number comes from its place in its window.",
            given=images(strided=False),
            judge=definition,
            hints=(
                "In which order do the rows come, in which the columns?",
                "Rows: channel, then row in the window, then column. Columns: row by row.",
                "row = (c * KH + p) * KW + q, column = i * OW + j, pixel x[n, c, i + p, j + q]",
            ),
        ),
        Property(
            name="stride",
            says="Windows begin at every stride-th row and column.",
            given=images(more=3),
            judge=definition,
            hints=(
                "Which part of h = i + p is multiplied by the stride?",
                "h = i * stride + p and w = j * stride + q",
            ),
        ),
        Property(
            name="padding",
            says="Outside the image there are zeros, on all four sides.",
            given=images(padding=2),
            judge=definition,
            hints=(
                "Which h and w lie in the frame?",
                "A negative index counts from the end, in Numba too: test for it.",
                "h = i * stride + p - padding; if 0 <= h < H and 0 <= w < W, else 0",
            ),
        ),
        Property(
            name="compiled",
            says="im2col runs in a function that Numba has compiled, without Python's objects.",
            given=images(padding=1),
            judge=compiled,
            hints=(
                "What stands above the function with the loops?",
                "@numba.njit (or @numba.jit(nopython=True)) above it; and im2col must call it.",
            ),
            examples=1,
        ),
        Property(
            name="speed",
            says=f"It is at least {TIMES_AS_FAST} times as fast as the same loops in Python.",
            given=st.just({"channels": 2, "side": 24, "kernel": 5}),
            judge=speed,
            hints=(
                "Which loops are still Python's?",
                "All of them belong into the compiled function: one call fills all of cols.",
            ),
            examples=1,
        ),
    ),
)
