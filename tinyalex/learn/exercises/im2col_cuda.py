"""Exercise 19: an im2col kernel for CUDA, in Numba's simulator or on a GPU."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st

from tinyalex.learn.exercises.im2col import im2col_by_definition, numbered_images, out_shape
from tinyalex.learn.grader import (
    Answer,
    Arguments,
    Broken,
    Exercise,
    Property,
    expect_equal,
    expect_shape,
)
from tinyalex.learn.grader.draws import sample, with_constants
from tinyalex.learn.grader.inside.wire import Other

BLOCK_SIZE = 4  # threads per block; the simulator starts one thread of the system for each


@st.composite
def launch(
    draw: st.DrawFn,
    padding: int = 0,
    strided: bool = True,
    extra_blocks: tuple[int, int] = (0, 0),
    per_thread: int = 1,
) -> Arguments:
    """Images and a launch with one thread for ``per_thread`` numbers, plus ``extra_blocks``."""
    a: Arguments = draw(numbered_images(padding, strided, kernel=2))
    work = math.prod(out_shape(a))
    threads = math.gcd(work, BLOCK_SIZE)  # so that the blocks fit the work exactly
    blocks = max(1, work // threads // per_thread)
    return a | {"blocks": blocks + draw(st.integers(*extra_blocks)), "threads": threads}


def is_kernel(answer: Answer, a: Arguments) -> None:
    """The kernel alone, without im2col, writes into cols."""
    (KH, KW), cols = a["kernel_size"], np.full(out_shape(a), np.nan)
    arguments = [a["x"], cols, KH, KW, a["stride"], a["padding"]]
    got = answer.launch("im2col_kernel", (a["blocks"], a["threads"]), arguments, writes=1)
    if isinstance(got, Other):
        wanted = "a function decorated with @cuda.jit"
        raise Broken("im2col_kernel is not a kernel", wanted, got.text)
    expect_shape(got, out_shape(a), "cols")
    if np.isnan(got).all():
        raise Broken("the kernel writes nothing into cols", "numbers", got)
    expect_shape(answer.im2col(**a), out_shape(a), "cols")


def definition(answer: Answer, a: Arguments) -> None:
    image = {name: value for name, value in a.items() if name not in ("blocks", "threads")}
    expect_equal(answer.im2col(**a), im2col_by_definition(**image), "cols")


EXERCISE = Exercise(
    name="19_im2col_cuda",
    title="im2col as a CUDA kernel",
    lesson=12,
    minutes=45,
    functions=("im2col_kernel", "im2col"),
    allowed=("numpy", "numba"),
    properties=(
        Property(
            name="a kernel",
            says="im2col_kernel is decorated with @cuda.jit, and a launch writes into cols.",
            given=launch(),
            judge=is_kernel,
            hints=(
                "A decorator makes a function a kernel.",
                "Write @cuda.jit above im2col_kernel; a kernel returns nothing, it writes into "
                "cols.",
            ),
            examples=5,
        ),
        Property(
            name="every number",
            says="With one thread per number, if all pixels are 1, all of cols is 1.",
            given=with_constants(launch(), x=1),
            judge=definition,
            hints=(
                "A NaN in cols is a number that no thread has written.",
                "cuda.grid(1) counts the threads of all blocks, cuda.threadIdx.x those of one "
                "block.",
                "Number k is cols[n, row, patch] with patch = k % P, row = k // P % K, "
                "n = k // (P * K), where K, P = cols.shape[1:].",
            ),
            examples=20,
        ),
        Property(
            name="against the definition",
            says="With stride 1 and no padding, every number of cols is the pixel in the "
            "definition.",
            given=launch(strided=False),
            judge=definition,
            hints=(
                "In which order are the rows? In which order are the columns?",
                "row = (c * KH + p) * KW + q, so q = row % KW, p = row // KW % KH, "
                "c = row // (KW * KH).",
                "patch = i * OW + j, so i = patch // OW and j = patch % OW.",
            ),
            examples=30,
        ),
        Property(
            name="stride and padding",
            says="Patches are stride pixels apart; outside the image there are zeros.",
            given=launch(padding=1),
            judge=definition,
            hints=(
                "h = i * stride + p - padding, and w in the same way. When are they in the image?",
                "A negative index counts from the end in the simulator. On a GPU it reads memory "
                "outside the array. Test for it.",
            ),
            examples=60,
        ),
        Property(
            name="too many threads",
            says="Threads that have no number to compute do nothing.",
            given=launch(padding=1, extra_blocks=(1, 2)),
            judge=definition,
            hints=(
                "What does thread number cols.size do?",
                "On a GPU it would write outside the array: if number >= cols.size, return.",
            ),
            examples=20,
        ),
        Property(
            name="too few threads",
            says="With fewer threads than numbers, each thread computes several.",
            given=launch(padding=1, per_thread=3),
            judge=definition,
            large=lambda: {
                "x": sample(1, 1, 13, 13),
                "kernel_size": (3, 3),
                "stride": 1,
                "padding": 1,
                "blocks": 16,
                "threads": BLOCK_SIZE,
            },
            hints=(
                "Which number must a thread compute after its first?",
                "All threads together compute gridsize numbers; the next one is gridsize further.",
                "for k in range(cuda.grid(1), cols.size, cuda.gridsize(1)):",
            ),
            examples=20,
        ),
    ),
)
