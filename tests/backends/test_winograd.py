"""Winograd's matrices, and the transforms that are written out for two sizes of filter."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import strategies as own
from tinyalex.backends import winograd

transforms = pytest.importorskip("tinyalex.backends.numba_transforms")
sizes = st.tuples(st.integers(1, 8), st.integers(1, 8)).filter(lambda size: sum(size) <= 9)


@given(size=sizes, seed=own.seeds)
def test_the_matrices_are_a_convolution(size: tuple[int, int], seed: int) -> None:
    m, r = size
    A_T, G, B_T = winograd.matrices(m, r)
    x, w = own.normal((m + r - 1,), seed), own.normal((r,), seed + 1)
    y = A_T @ ((G @ w) * (B_T @ x))
    np.testing.assert_allclose(y, np.correlate(x, w, "valid"), atol=1e-12)


@given(size=sizes, seed=own.seeds)
def test_in_two_dimensions_too(size: tuple[int, int], seed: int) -> None:
    m, r = size
    n = m + r - 1
    A_T, G, B_T = winograd.matrices(m, r)
    x, w = own.normal((n, n), seed), own.normal((r, r), seed + 1)
    y = A_T @ ((G @ w @ G.T) * (B_T @ x @ B_T.T)) @ A_T.T
    expected = [[np.sum(x[i : i + r, j : j + r] * w) for j in range(m)] for i in range(m)]
    np.testing.assert_allclose(y, expected, atol=1e-11)


@pytest.mark.parametrize("size", [(4, 3), (4, 5)])
def test_the_matrices_of_tiles_are_exact_in_float32_but_for_the_filters(
    size: tuple[int, int],
) -> None:
    A_T, _, B_T = winograd.matrices(*size)
    for matrix in (A_T, B_T):
        np.testing.assert_array_equal(matrix.astype(np.float32), matrix)


@pytest.mark.parametrize("size", [(4, 6), (9, 1), (2, 8)])
def test_more_than_8_points_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=f"at most 8 .got {sum(size) - 1}"):
        winograd.matrices(*size)


def matrix_of(transform: str) -> np.ndarray:
    """The matrix that a transform, such as ``input_6``, multiplies by."""
    kind, n = transform.split("_")
    A_T, _, B_T = winograd.matrices(4, int(n) - 3)
    return {"input": B_T, "output": A_T, "gradient": A_T.T}[kind]


@pytest.mark.parametrize(
    "name", [f"{kind}_{n}" for kind in ("input", "output", "gradient") for n in (6, 8)]
)
@given(seed=own.seeds, gaps=st.tuples(st.integers(0, 9), st.integers(0, 9)))
def test_a_transform_is_its_matrix_on_every_lane(
    name: str, seed: int, gaps: tuple[int, int]
) -> None:
    transform: Callable[..., None] = getattr(transforms, name)
    transform = getattr(transform, "py_func", transform)  # as it is where Numba is switched off
    matrix, lanes = matrix_of(name), transforms.LANES
    rows, columns = matrix.shape
    rng = np.random.default_rng(seed)
    # Whole numbers: nothing is rounded. Neither array starts with the transform's numbers.
    x = rng.integers(-64, 64, gaps[0] + columns * (lanes + gaps[0])).astype(np.float32)
    out = np.full(gaps[1] + rows * (lanes + gaps[1]), np.nan, np.float32)
    transform(x, gaps[0], lanes + gaps[0], out, gaps[1], lanes + gaps[1])
    vectors = x[gaps[0] :].reshape(columns, -1)[:, :lanes]
    results = out[gaps[1] :].reshape(rows, -1)
    np.testing.assert_array_equal(results[:, :lanes], matrix @ vectors)
    assert np.isnan(out[: gaps[1]]).all() and np.isnan(results[:, lanes:]).all()
