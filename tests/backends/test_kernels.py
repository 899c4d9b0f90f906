"""Every kernel of every backend against plain loops over its definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from tests import strategies as own
from tests.backends import BACKENDS, reference
from tinyalex.backends import Backend


def on(backend: Backend, kernel: str, *args: object) -> object:
    """Run a kernel with host arrays, there and back."""
    moved = [backend.asarray(a) if isinstance(a, np.ndarray) else a for a in args]
    result = getattr(backend, kernel)(*moved)
    if isinstance(result, tuple):
        return tuple(map(backend.to_host, result))
    return backend.to_host(result)


@pytest.fixture(params=BACKENDS.values(), ids=BACKENDS.keys(), scope="module")
def backend(request: pytest.FixtureRequest) -> Backend:
    return request.param


@given(case=own.convolutions(grouped=False))
def test_im2col_and_col2im_equal_the_loops(backend: Backend, case: own.Conv) -> None:
    x = own.normal(case.shape, case.seed)
    cols = reference.im2col(x, case.kernel, case.stride, case.padding)
    settings = (case.kernel, case.stride, case.padding)
    np.testing.assert_array_equal(on(backend, "im2col", x, *settings), cols)
    c = own.normal(cols.shape, case.seed + 1)
    np.testing.assert_allclose(
        on(backend, "col2im", c, x.shape, *settings),
        reference.col2im(c, x.shape, *settings),
        atol=1e-12,
    )


@given(case=own.convolutions(grouped=False))
def test_col2im_is_the_adjoint_of_im2col(backend: Backend, case: own.Conv) -> None:
    settings = (case.kernel, case.stride, case.padding)
    x = own.normal(case.shape, case.seed)
    cols = on(backend, "im2col", x, *settings)
    c = own.normal(cols.shape, case.seed + 1)
    back = on(backend, "col2im", c, x.shape, *settings)
    np.testing.assert_allclose(np.vdot(cols, c), np.vdot(x, back), rtol=1e-10, atol=1e-10)


@given(case=own.poolings(own.few_kinds))
def test_max_pooling_equals_the_loops(backend: Backend, case: own.Pool) -> None:
    # Few distinct whole numbers: most windows hold ties, and sums are exact.
    x = np.round(own.normal(case.shape, case.seed))
    y, argmax = on(backend, "max_pool2d", x, case.kernel, case.stride, case.ceil_mode)
    np.testing.assert_array_equal(y, reference.max_pool2d(x, case.kernel, case.stride, case.out_hw))
    dy = np.round(8 * own.normal(y.shape, case.seed + 1))
    dx = on(backend, "max_pool2d_backward", dy, argmax, x.shape, case.kernel, case.stride)
    np.testing.assert_array_equal(
        dx, reference.max_pool2d_backward(dy, x, case.kernel, case.stride)
    )
    assert dx.sum() == dy.sum()  # a tie passes the gradient once


@given(case=own.poolings(own.few_kinds))
def test_average_pooling_equals_the_loops_and_its_backward_is_its_adjoint(
    backend: Backend, case: own.Pool
) -> None:
    x = own.normal(case.shape, case.seed)
    y = on(backend, "avg_pool2d", x, case.kernel, case.stride, case.ceil_mode)
    np.testing.assert_allclose(
        y, reference.avg_pool2d(x, case.kernel, case.stride, case.out_hw), atol=1e-12
    )
    dy = own.normal(y.shape, case.seed + 1)
    dx = on(backend, "avg_pool2d_backward", dy, x.shape, case.kernel, case.stride)
    np.testing.assert_allclose(
        dx, reference.avg_pool2d_backward(dy, x.shape, case.kernel, case.stride), atol=1e-12
    )
    np.testing.assert_allclose(np.vdot(y, dy), np.vdot(x, dx), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("kernel", ["local_response_norm", "spatial_response_norm"])
@given(case=own.normalisations())
def test_response_normalisation_equals_the_loops(
    backend: Backend, kernel: str, case: own.Norm
) -> None:
    x = own.normal(case.shape, case.seed)
    y, scale = on(backend, kernel, x, case.size, case.alpha, case.beta, case.k)
    expected = getattr(reference, kernel)(x, case.size, case.alpha, case.beta, case.k)
    np.testing.assert_allclose(y, expected, atol=1e-12)
    # The slope along one direction, measured on the loops.
    dy, d = own.normal(x.shape, case.seed + 1), own.normal(x.shape, case.seed + 2)
    constants = (case.size, case.alpha, case.beta)
    dx = on(backend, f"{kernel}_backward", dy, x, scale, *constants)
    ahead, behind = (
        getattr(reference, kernel)(x + step * d, *constants, case.k) for step in (1e-5, -1e-5)
    )
    np.testing.assert_allclose(
        np.vdot(dx, d), np.vdot(dy, ahead - behind) / 2e-5, rtol=1e-6, atol=1e-7
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sgd_step_is_the_update_of_the_paper(backend: Backend, dtype: str) -> None:
    w, g, v = (own.normal((3, 5), seed).astype(dtype) for seed in range(3))
    moved = [backend.asarray(a) for a in (w.copy(), g.copy(), v.copy())]
    backend.sgd_step(*moved, 0.01, 0.9, 0.05)
    new_w, new_g, new_v = map(backend.to_host, moved)
    expected = 0.9 * v - 0.01 * (0.05 * w + g)
    tolerance = 1e-6 if dtype == "float32" else 1e-14
    np.testing.assert_allclose(new_v, expected, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(new_w, w + expected, rtol=tolerance, atol=tolerance)
    np.testing.assert_array_equal(new_g, g)
    assert new_w.dtype == new_v.dtype == dtype


def test_sgd_step_reaches_weights_that_are_not_contiguous(backend: Backend) -> None:
    w = backend.asarray(np.ones((4, 3))).T
    v = backend.asarray(np.zeros((3, 4)))
    backend.sgd_step(w, backend.asarray(np.ones((3, 4))), v, 0.5, 0.0, 0.0)
    np.testing.assert_array_equal(backend.to_host(w), np.full((3, 4), 0.5))


@given(seed=own.seeds)
def test_augmentation_equals_the_loops(backend: Backend, seed: int) -> None:
    rng = np.random.default_rng(seed)
    H, W, C = rng.integers(1, 7), rng.integers(1, 7), rng.integers(1, 4)
    crop = (int(rng.integers(1, H + 1)), int(rng.integers(1, W + 1)))
    N = int(rng.integers(0, 4))
    mean_shapes = [None, (C, 1, 1), (C, *crop)]
    mean_shape = mean_shapes[rng.integers(3)]
    args = (
        rng.integers(0, 256, (N, H, W, C), dtype=np.uint8),
        rng.integers(0, H - crop[0] + 1, N),
        rng.integers(0, W - crop[1] + 1, N),
        rng.random(N) < 0.5,
        crop,
        None if mean_shape is None else (255 * rng.random(mean_shape)).astype(np.float32),
        rng.standard_normal((N, C)).astype(np.float32) if rng.random() < 0.5 else None,
        0.25 if rng.random() < 0.5 else rng.random(C, np.float32),
    )
    x = on(backend, "augment", *args)
    assert x.dtype == np.float32
    np.testing.assert_allclose(x, reference.augment(*args), rtol=1e-5, atol=1e-4)


def test_a_window_of_more_than_256_positions_finds_its_maximum(backend: Backend) -> None:
    x = own.grid((1, 1, 18, 17), 0)
    y, argmax = on(backend, "max_pool2d", x, (18, 17), (1, 1))
    assert y.item() == x.max() and argmax.item() == np.argmax(x)
