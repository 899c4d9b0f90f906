"""Exercise 19: an im2col kernel for CUDA, in Numba's simulator or on a GPU."""

from __future__ import annotations

import math
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

THREADS = 4  # a block: in the simulator each is a thread of the system


@st.composite
def launch(
    draw: st.DrawFn,
    padding: int = 0,
    strided: bool = True,
    more: tuple[int, int] = (0, 0),
    share: int = 1,
) -> Arguments:
    """Images and a launch: ``more`` blocks than one thread a number needs, or a ``share``."""
    a: Arguments = draw(images(padding, strided, kernel=2))
    work = math.prod(out_shape(a))
    threads = math.gcd(work, THREADS)  # so that the blocks fit the work exactly
    blocks = max(1, work // threads // share)
    return a | {"blocks": blocks + draw(st.integers(*more)), "threads": threads}


def image(a: Arguments) -> Arguments:
    """The arguments without the launch."""
    return {name: a[name] for name in ("x", "kernel_size", "stride", "padding")}


def is_kernel(answer: Answer, a: Arguments) -> None:
    from numba import cuda  # when the answer has loaded it anyway: see `environment` below

    jit: Any = cuda.jit
    kernel = vars(answer._module).get("im2col_kernel")
    if not isinstance(kernel, type(jit(lambda: None))):
        raise Broken(
            "im2col_kernel is not a kernel",
            "a function decorated with @cuda.jit",
            type(kernel).__name__,
        )
    expect_shape(answer.im2col(**a), out_shape(a), "cols")


def every_number(answer: Answer, a: Arguments) -> None:
    cols = answer.im2col(**(a | {"x": np.ones_like(a["x"])}))
    expect_equal(cols, np.ones(out_shape(a)), "cols")


def definition(answer: Answer, a: Arguments) -> None:
    expect_equal(answer.im2col(**a), columns(**image(a)), "cols")


EXERCISE = Exercise(
    name="19_im2col_cuda",
    title="im2col as a CUDA kernel",
    lesson=12,
    minutes=45,
    functions=("im2col_kernel", "im2col"),
    allowed=("numpy", "numba"),
    environment=(("NUMBA_ENABLE_CUDASIM", "1"),),
    properties=(
        Property(
            name="a kernel",
            says="im2col_kernel is decorated with @cuda.jit, and one launch of it ends well.",
            given=launch(),
            judge=is_kernel,
            hints=(
                "A function becomes a kernel by what stands above it.",
                "@cuda.jit above im2col_kernel; a kernel returns nothing, it writes into cols.",
            ),
            examples=5,
        ),
        Property(
            name="every number",
            says="With a thread for each number and an image of ones, all of cols becomes 1.",
            given=launch(),
            judge=every_number,
            hints=(
                "NaN stands where no thread has written.",
                "cuda.grid(1) counts the threads of all blocks, cuda.threadIdx.x those of one.",
                "Piece of work k is cols[n, row, place] with place = k % P, row = k // P % K, "
                "n = k // (P * K), where K, P = cols.shape[1:].",
            ),
            examples=20,
        ),
        Property(
            name="against the definition",
            says="In steps of 1, without padding, each number comes from its place in its window.",
            given=launch(strided=False),
            judge=definition,
            hints=(
                "In which order do the rows come, in which the columns?",
                "row = (c * KH + p) * KW + q, so q = row % KW, p = row // KW % KH, "
                "c = row // (KW * KH).",
                "place = i * OW + j, so i = place // OW and j = place % OW.",
            ),
            examples=30,
        ),
        Property(
            name="stride and padding",
            says="Windows begin every stride rows and columns; outside the image there are zeros.",
            given=launch(padding=1),
            judge=definition,
            hints=(
                "h = i * stride + p - padding, w likewise: which of them are in the image?",
                "A negative index counts from the end in the simulator, and reads foreign memory "
                "on a GPU: test for it.",
            ),
            examples=60,
        ),
        Property(
            name="too many threads",
            says="Threads for which no work is left do nothing.",
            given=launch(padding=1, more=(1, 2)),
            judge=definition,
            hints=(
                "What does the thread do whose number is cols.size?",
                "On a GPU it would write into foreign memory: if number >= cols.size, return.",
            ),
            examples=20,
        ),
        Property(
            name="too few threads",
            says="With fewer threads than numbers, each thread does several of them.",
            given=launch(padding=1, share=3),
            judge=definition,
            hints=(
                "After its first number a thread must go on to another: to which?",
                "All threads together did gridsize numbers; the next ones are gridsize further.",
                "for k in range(cuda.grid(1), cols.size, cuda.gridsize(1)):",
            ),
            examples=20,
        ),
    ),
)
