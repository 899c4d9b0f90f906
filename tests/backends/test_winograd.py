"""Winograd's matrices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import strategies as own
from tinyalex.backends.numba.conv import winograd_matrices as winograd

sizes = st.tuples(st.integers(1, 8), st.integers(1, 8)).filter(lambda size: sum(size) <= 9)


@given(size=sizes, seed=own.seeds)
def test_the_matrices_are_a_convolution(size: tuple[int, int], seed: int) -> None:
    m, r = size
    A_T, G, B_T = winograd.matrices(m, r)
    x, w = own.normal((m + r - 1,), seed), own.normal((r,), seed + 1)
    y = A_T @ ((G @ w) * (B_T @ x))
    np.testing.assert_allclose(y, np.correlate(x, w, "valid"), atol=1e-12)


@given(size=sizes, seed=own.seeds)
def test_the_matrices_are_a_convolution_in_two_dimensions_too(
    size: tuple[int, int], seed: int
) -> None:
    m, r = size
    n = m + r - 1
    A_T, G, B_T = winograd.matrices(m, r)
    x, w = own.normal((n, n), seed), own.normal((r, r), seed + 1)
    y = A_T @ ((G @ w @ G.T) * (B_T @ x @ B_T.T)) @ A_T.T
    expected = [[np.sum(x[i : i + r, j : j + r] * w) for j in range(m)] for i in range(m)]
    np.testing.assert_allclose(y, expected, atol=1e-11)


@pytest.mark.parametrize("size", [(4, 3), (4, 5)])
def test_the_input_and_output_transforms_are_exact_in_float32(
    size: tuple[int, int],
) -> None:
    A_T, _, B_T = winograd.matrices(*size)
    for matrix in (A_T, B_T):
        np.testing.assert_array_equal(matrix.astype(np.float32), matrix)


@pytest.mark.parametrize("size", [(4, 6), (9, 1), (2, 8)])
def test_more_than_8_points_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=f"at most 8 .got {sum(size) - 1}"):
        winograd.matrices(*size)
