"""Blocks of vector instructions: each does what the Python beside it says.

Numbers are whole and small, so that nothing is rounded and both must agree to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import strategies as own

numba = pytest.importorskip("numba")

from tinyalex.backends.numba import vector as numba_vector  # noqa: E402
from tinyalex.backends.numba.conv import direct_blocks as numba_blocks  # noqa: E402
from tinyalex.backends.numba.conv import winograd_blocks as numba_tile_blocks  # noqa: E402
from tinyalex.backends.numba.conv import winograd_matrices as winograd  # noqa: E402
from tinyalex.backends.numba.conv.winograd_blocks import GRADIENT, INPUT  # noqa: E402
from tinyalex.backends.numba.pool import blocks as numba_pool_blocks  # noqa: E402

Host = np.ndarray
LANES = numba_vector.LANES
gaps = st.integers(0, 5)


def some(*cases: Any) -> list[Any]:
    """The first two always, the others in the slow run: the compiler takes half a second each."""
    return [*cases[:2], *(pytest.param(case, marks=pytest.mark.slow) for case in cases[2:])]


def whole(size: int, seed: int) -> Host:
    """Numbers from -8 to 8."""
    return np.random.default_rng(seed).integers(-8, 9, size).astype(np.float32)


@cache
def compiled(block: Any, constants: tuple[int, ...], count: int) -> Any:
    """A function of ``count`` arguments that calls the block; constants must stand in its text."""
    names = ", ".join(f"a{i}" for i in range(count))
    scope: dict[str, Any] = {"block": block}
    exec(f"def call({names}): block({', '.join([*map(str, constants), names])})", scope)
    return numba.njit(scope["call"])


def both(meaning: Callable[..., None], block: Any, constants: tuple[int, ...], *args: Any) -> Any:
    """Run the meaning and the instructions on copies; all arrays must end the same."""
    results = []
    for call in (lambda *a: meaning(*constants, *a), compiled(block, constants, len(args))):
        copies = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
        call(*copies)
        results.append([a for a in copies if isinstance(a, np.ndarray)])
    for said, done in zip(*results, strict=True):
        np.testing.assert_array_equal(done, said)
    return results[0]


@pytest.mark.parametrize("shape", some((1, 5, 2), (2, 3, 1), (1, 1, 1), (2, 4, 3), (1, 13, 1)))
@given(K=st.integers(1, 9), gap=gaps, seed=own.seeds)
def test_filters(shape: tuple[int, int, int], K: int, gap: int, seed: int) -> None:
    rows, columns, vectors = shape
    width, size, pitch = vectors * LANES, rows * columns, columns + gap
    taps = np.random.default_rng(seed).integers(0, 20, K)
    x, bias = whole(gap + rows * pitch + 20, seed), whole(gap + width, seed + 1)
    w = whole(gap + K * width, seed + 2)
    step = size + gap
    y = np.full(gap + width * step, np.nan, np.float32)
    (*_, got) = both(
        numba_blocks._filter_block, numba_blocks.filter_block, shape,
        x, gap, pitch, taps, w, gap, bias, gap, y, gap, step,
    )  # fmt: skip
    assert np.isnan(got).sum() == gap + width * gap  # nothing beside the block


@pytest.mark.parametrize("shape", some((3, 2), (4, 3), (1, 1), (6, 2), (2, 3), (8, 1)))
@given(P=st.integers(1, 9), gap=gaps, seed=own.seeds)
def test_taps(shape: tuple[int, int], P: int, gap: int, seed: int) -> None:
    count, vectors = shape
    width, rng = vectors * LANES, np.random.default_rng(seed)
    taps, pixels = rng.integers(0, 20, gap + count), rng.integers(0, 20, P)
    x, dy, dw = whole(gap + 40, seed), whole(gap + P * width, seed), whole(gap + count * width, 3)
    both(
        numba_blocks._tap_block, numba_blocks.tap_block, shape,
        x, gap, taps, gap, pixels, dy, gap, dw, gap,
    )  # fmt: skip


@given(gap=gaps, seed=own.seeds, count=st.integers(0, LANES - 1))
def test_transposing_and_copying(gap: int, seed: int, count: int) -> None:
    step = LANES + gap
    x, y = whole(gap + LANES * step, seed), np.full(gap + LANES * step, np.nan, np.float32)
    both(
        numba_blocks._transpose_block, numba_blocks.transpose_block, (), x, gap, step, y, gap, step
    )
    for dtype in (np.float32, np.float64):
        x, y = x.astype(dtype), y.astype(dtype)
        both(numba_blocks._copy_block, numba_blocks.copy_block, (), x, gap, y, gap)
        both(numba_blocks._copy_partial, numba_blocks.copy_partial, (), x, gap, y, gap, count)


WINDOWS = some((3, 3, 2), (3, 2, 1), (2, 2, 2), (1, 5, 2), (2, 4, 2), (1, 1, 1))


@pytest.mark.parametrize("windows", WINDOWS)
@given(gap=gaps, seed=own.seeds)
def test_pooling(windows: tuple[int, int, int], gap: int, seed: int) -> None:
    KH, KW, step = windows
    pitch = 2 * LANES * step + gap
    x, dy = whole(gap + KH * pitch, seed), whole(gap + LANES, seed + 1)  # many ties
    y, where = whole(gap + LANES, 0), np.zeros(gap + LANES, np.uint8)
    sizes = np.full(gap + LANES, 4, np.float32)
    p = numba_pool_blocks
    *_, where = both(p._max_block, p.max_block, windows, x, gap, pitch, y, gap, where, gap)
    both(p._max_back_block, p.max_back_block, windows, dy, gap, where, gap, x, gap, pitch)
    both(p._mean_block, p.mean_block, windows, x, gap, pitch, sizes, gap, y, gap)
    both(p._mean_back_block, p.mean_back_block, windows, dy, gap, sizes, gap, x, gap, pitch)


SIZES = pytest.mark.parametrize("r", [3, pytest.param(5, marks=pytest.mark.slow)])


@SIZES
@pytest.mark.parametrize("kind", [INPUT, GRADIENT], ids=["input", "gradient"])
@given(gap=gaps, seed=own.seeds)
def test_input_transform_of_a_tile(kind: int, r: int, gap: int, seed: int) -> None:
    n = r + 3
    edge, size = n if kind == INPUT else 4, LANES + gap
    pitch = edge * LANES + gap
    x = 16 * whole(gap + edge * pitch, seed)  # so that quarters of quarters are whole
    planes = np.full(gap + n * n * size, np.nan, np.float32)
    block = numba_tile_blocks._input_transform_block, numba_tile_blocks.input_transform_block
    *_, got = both(*block, (kind, r), x, gap, pitch, planes, gap, size)
    assert np.isnan(got).sum() == gap + n * n * gap


@SIZES
@given(gap=gaps, seed=own.seeds)
def test_output_transform_of_a_tile(r: int, gap: int, seed: int) -> None:
    n, size, pitch = r + 3, LANES + gap, 4 * LANES + gap
    planes, bias = 64 * whole(gap + n * n * size, seed), whole(gap + LANES, seed + 1)
    y = np.full(gap + 4 * pitch, np.nan, np.float32)
    block = numba_tile_blocks._output_transform_block, numba_tile_blocks.output_transform_block
    *_, got = both(*block, (r,), planes, gap, size, bias, gap, y, gap, pitch)
    assert np.isnan(got).sum() == 5 * gap


def test_the_meaning_of_both_transforms_is_a_convolution() -> None:
    """One tile and one filter, in every lane another one."""
    r, n = 3, 6
    tile, w = (whole(k * k * LANES, k).astype(np.float64) for k in (n, r))
    G = winograd.matrices(4, r)[1]
    u = np.einsum("ai,bj,ijl->abl", G, G, w.reshape(r, r, LANES)).reshape(-1)
    planes, y = np.zeros(n * n * LANES), np.zeros(16 * LANES)
    numba_tile_blocks._input_transform_block(INPUT, r, tile, 0, n * LANES, planes, 0, LANES)
    bias = np.zeros(LANES)
    numba_tile_blocks._output_transform_block(r, planes * u, 0, LANES, bias, 0, y, 0, 4 * LANES)
    x, taps = tile.reshape(n, n, LANES), w.reshape(r, r, LANES)
    expected = [
        [np.sum(x[i : i + r, j : j + r] * taps, axis=(0, 1)) for j in range(4)] for i in range(4)
    ]
    np.testing.assert_allclose(y.reshape(4, 4, LANES), expected, atol=1e-10)
