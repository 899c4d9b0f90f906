"""Every compiled kernel against its NumPy definition, in both dtypes and any order of memory."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import strategies as own
from tinyalex.backends import Backend, NumpyBackend

pytest.importorskip("numba")

from tinyalex.backends.numba.backend import NumbaBackend  # noqa: E402

DEFINITION = NumpyBackend(1).plain()
BACKENDS = {threads: NumbaBackend(threads) for threads in (1, 2)}
TOLERANCE = {"float32": 2e-6, "float64": 1e-14}

dtypes = st.sampled_from(["float32", "float64"])
threads = st.sampled_from(sorted(BACKENDS))
orders = st.sampled_from(["as it is", "Fortran", "every second", "backwards"])


def laid_out(a: np.ndarray, order: str) -> np.ndarray:
    """The same numbers elsewhere in memory."""
    if order == "Fortran":
        return np.asfortranarray(a)
    if order == "backwards":
        return a[..., ::-1].copy()[..., ::-1]
    if order == "every second":
        wide = np.zeros((*a.shape[:-1], 2 * a.shape[-1]), a.dtype)[..., ::2]
        wide[...] = a
        return wide
    return a


def assert_near(got: np.ndarray, expected: np.ndarray) -> None:
    """The same dtype and, but for rounding, the same numbers."""
    assert got.dtype == expected.dtype and got.shape == expected.shape
    tolerance = TOLERANCE[str(expected.dtype)]
    scale = max(1.0, float(np.abs(expected).max(initial=0)))
    np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance * scale)


# ---------------------------------------------------------------------- convolution


@given(case=own.convolutions(grouped=False), dtype=dtypes, order=orders, threads=threads)
def test_columns(case: own.Conv, dtype: str, order: str, threads: int) -> None:
    x = own.normal(case.shape, case.seed).astype(dtype)
    settings = case.kernel, case.stride, case.padding
    cols = BACKENDS[threads].im2col(laid_out(x, order), *settings)
    expected = DEFINITION.im2col(x, *settings)
    assert cols.dtype == dtype
    np.testing.assert_array_equal(cols, expected)
    c = own.normal(expected.shape, case.seed + 1).astype(dtype)
    back = BACKENDS[threads].col2im(laid_out(c, order), x.shape, *settings)
    assert_near(back, DEFINITION.col2im(c, x.shape, *settings))


@pytest.mark.parametrize("step", [1, 2, 3])
@pytest.mark.parametrize("width", range(1, 10))
def test_columns_of_rows_of_every_width(width: int, step: int) -> None:
    """Some widths have loops of their own."""
    x = own.normal((2, 3, 4, (width - 1) * step + 1), 0).astype(np.float32)
    settings = (3, 2 * step + 1), (1, step), (1, step)
    cols = BACKENDS[1].im2col(x, *settings)
    np.testing.assert_array_equal(cols, DEFINITION.im2col(x, *settings))


# ---------------------------------------------------------------------- pooling


@given(case=own.poolings(own.few_kinds), dtype=dtypes, order=orders, threads=threads)
def test_max_pooling(case: own.Pool, dtype: str, order: str, threads: int) -> None:
    x = np.round(own.normal(case.shape, case.seed)).astype(dtype)  # many ties
    settings = case.kernel, case.stride
    y, argmax = BACKENDS[threads].max_pool2d(laid_out(x, order), *settings, case.ceil_mode)
    expected, expected_argmax = DEFINITION.max_pool2d(x, *settings, case.ceil_mode)
    assert y.dtype == dtype and argmax.dtype == expected_argmax.dtype
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(argmax, expected_argmax)
    dy = own.normal(y.shape, case.seed + 1).astype(dtype)
    dx = BACKENDS[threads].max_pool2d_backward(
        laid_out(dy, order), laid_out(argmax, order), x.shape, *settings
    )
    assert_near(dx, DEFINITION.max_pool2d_backward(dy, argmax, x.shape, *settings))


@given(case=own.poolings(own.few_kinds), dtype=dtypes, share=st.sampled_from([0.02, 0.3, 1.0]))
def test_max_pooling_notices_what_is_not_a_number(case: own.Pool, dtype: str, share: float) -> None:
    rng = np.random.default_rng(case.seed)
    x = rng.standard_normal(case.shape).astype(dtype)
    some = rng.choice([np.nan, np.inf, -np.inf], x.shape)
    x = np.where(rng.random(x.shape) < share, some, x).astype(dtype)
    y, argmax = BACKENDS[1].max_pool2d(x, case.kernel, case.stride, case.ceil_mode)
    expected, expected_argmax = DEFINITION.max_pool2d(x, case.kernel, case.stride, case.ceil_mode)
    np.testing.assert_array_equal(y, expected)
    numbers = ~np.isnan(y)
    np.testing.assert_array_equal(argmax[numbers], expected_argmax[numbers])
    # The gradient of a NaN goes to an input of its window, whichever it is.
    dx = BACKENDS[1].max_pool2d_backward(np.ones_like(y), argmax, x.shape, case.kernel, case.stride)
    assert dx.sum() == y.size


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("place", list(np.ndindex(3, 3)))
def test_a_nan_wins_wherever_it_stands(place: tuple[int, int], dtype: str) -> None:
    x = own.normal((1, 1, 3, 3), 0).astype(dtype)
    x[0, 0][place] = np.nan
    y, argmax = BACKENDS[1].max_pool2d(x, (3, 3), (2, 2))
    assert np.isnan(y).all() and argmax.item() == 3 * place[0] + place[1]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_lies_beyond_the_edge_is_no_part_of_a_window(dtype: str) -> None:
    """Below zero everywhere; the last windows of both axes are clipped."""
    x = (-1 - np.abs(own.normal((2, 3, 6, 8), 0))).astype(dtype)
    settings = (3, 3), (2, 2), True
    y, argmax = BACKENDS[1].max_pool2d(x, *settings)
    expected, expected_argmax = DEFINITION.max_pool2d(x, *settings)
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(argmax, expected_argmax)
    mean = BACKENDS[1].avg_pool2d(x, *settings)
    assert_near(mean, DEFINITION.avg_pool2d(x, *settings))
    back = BACKENDS[1].avg_pool2d_backward(y, x.shape, *settings[:2])
    assert_near(back, DEFINITION.avg_pool2d_backward(y, x.shape, *settings[:2]))


@pytest.mark.parametrize("width", [31, 32, 33, 34, 35, 70])
def test_pooling_of_more_windows_than_a_vector_holds(width: int) -> None:
    x = np.round(own.normal((2, 2, 5, width), 0)).astype(np.float32)
    for stride in (1, 2):
        settings = (3, 3), (2, stride), False
        y, argmax = BACKENDS[1].max_pool2d(x, *settings)
        expected, expected_argmax = DEFINITION.max_pool2d(x, *settings)
        np.testing.assert_array_equal(y, expected)
        np.testing.assert_array_equal(argmax, expected_argmax)
        dy = own.normal(y.shape, 1).astype(np.float32)
        back = settings[:2]
        dx = BACKENDS[1].max_pool2d_backward(dy, argmax, x.shape, *back)
        assert_near(dx, DEFINITION.max_pool2d_backward(dy, argmax, x.shape, *back))
        dx = BACKENDS[1].avg_pool2d_backward(dy, x.shape, *back)
        assert_near(dx, DEFINITION.avg_pool2d_backward(dy, x.shape, *back))


@given(case=own.poolings(own.few_kinds), dtype=dtypes, order=orders, threads=threads)
def test_average_pooling(case: own.Pool, dtype: str, order: str, threads: int) -> None:
    x = own.normal(case.shape, case.seed).astype(dtype)
    settings = case.kernel, case.stride
    y = BACKENDS[threads].avg_pool2d(laid_out(x, order), *settings, case.ceil_mode)
    assert_near(y, DEFINITION.avg_pool2d(x, *settings, case.ceil_mode))
    dy = own.normal(y.shape, case.seed + 1).astype(dtype)
    dx = BACKENDS[threads].avg_pool2d_backward(laid_out(dy, order), x.shape, *settings)
    assert_near(dx, DEFINITION.avg_pool2d_backward(dy, x.shape, *settings))


# ---------------------------------------------------------------------- response normalisation


@pytest.mark.parametrize("kernel", ["local_response_norm", "spatial_response_norm"])
@given(
    case=own.normalisations(),
    size=st.integers(1, 8),  # even ones reach further back than ahead
    beta=st.sampled_from([0.75, 0.5, 1.0, 0.6]),
    dtype=dtypes,
    order=orders,
    threads=threads,
)
def test_response_normalisation(
    kernel: str, case: own.Norm, size: int, beta: float, dtype: str, order: str, threads: int
) -> None:
    x = own.normal(case.shape, case.seed).astype(dtype)
    dy = own.normal(case.shape, case.seed + 1).astype(dtype)
    compiled, numpy = (getattr(backend, kernel) for backend in (BACKENDS[threads], DEFINITION))
    y, scale = compiled(laid_out(x, order), size, case.alpha, beta, case.k)
    expected, expected_scale = numpy(x, size, case.alpha, beta, case.k)
    assert_near(y, expected)
    assert_near(scale, expected_scale)
    compiled, numpy = (
        getattr(backend, f"{kernel}_backward") for backend in (BACKENDS[threads], DEFINITION)
    )
    dx = compiled(*(laid_out(a, order) for a in (dy, x, scale)), size, case.alpha, beta)
    assert_near(dx, numpy(dy, x, scale, size, case.alpha, beta))


@pytest.mark.parametrize("pixels", [255, 256, 257, 600])
def test_normalisation_of_more_pixels_than_a_block(pixels: int) -> None:
    x, dy = (own.normal((2, 6, 1, pixels), seed).astype(np.float32) for seed in range(2))
    y, scale = BACKENDS[1].local_response_norm(x, 5, 1e-1, 0.75, 2.0)
    expected, expected_scale = DEFINITION.local_response_norm(x, 5, 1e-1, 0.75, 2.0)
    assert_near(y, expected)
    dx = BACKENDS[1].local_response_norm_backward(dy, x, scale, 5, 1e-1, 0.75)
    assert_near(dx, DEFINITION.local_response_norm_backward(dy, x, expected_scale, 5, 1e-1, 0.75))


# ---------------------------------------------------------------------- element by element

shapes = st.sampled_from([(0, 3), (1,), (7,), (3, 4, 5), (2, 3, 4, 5)])
SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-45, -1e-45])


def with_special(shape: tuple[int, ...], seed: int, dtype: str) -> np.ndarray:
    """Normal numbers, and among them those that need care."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(shape)
    return np.where(rng.random(shape) < 0.3, rng.choice(SPECIAL, shape), x).astype(dtype)


@given(shape=shapes, seed=own.seeds, dtype=dtypes, order=orders, threads=threads)
@pytest.mark.parametrize("inplace", [True, False])
def test_relu(
    inplace: bool, shape: tuple[int, ...], seed: int, dtype: str, order: str, threads: int
) -> None:
    x = with_special(shape, seed, dtype)
    given_x = laid_out(x.copy(), order)
    y = BACKENDS[threads].relu(given_x, inplace)
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, np.maximum(x, 0))
    np.testing.assert_array_equal(given_x, y if inplace else x)
    assert (y is given_x) == inplace and (inplace or not np.shares_memory(y, given_x))


@given(shape=shapes, seed=own.seeds, dtype=dtypes, order=orders, threads=threads)
@pytest.mark.parametrize("inplace", [True, False])
def test_relu_backward(
    inplace: bool, shape: tuple[int, ...], seed: int, dtype: str, order: str, threads: int
) -> None:
    dy, y = own.normal(shape, seed).astype(dtype), with_special(shape, seed + 1, dtype)
    given_dy, given_y = laid_out(dy.copy(), order), laid_out(y.copy(), order)
    dx = BACKENDS[threads].relu_backward(given_dy, given_y, inplace)
    assert dx.dtype == dtype
    np.testing.assert_array_equal(dx, np.where(y > 0, dy, 0))
    np.testing.assert_array_equal(given_dy, dx if inplace else dy)
    np.testing.assert_array_equal(given_y, y)
    assert (dx is given_dy) == inplace and (inplace or not np.shares_memory(dx, given_dy))


def test_relu_of_more_numbers_than_a_piece() -> None:
    x = own.normal((3, 1 << 16), 0).astype(np.float32)
    for backend in BACKENDS.values():
        y = backend.relu(x)
        np.testing.assert_array_equal(y, np.maximum(x, 0))
        np.testing.assert_array_equal(backend.relu_backward(x, y), y)


@given(shape=shapes, seed=own.seeds, dtype=dtypes, order=orders, threads=threads)
def test_sgd_step(shape: tuple[int, ...], seed: int, dtype: str, order: str, threads: int) -> None:
    w, g, v = (own.normal(shape, seed + i).astype(dtype) for i in range(3))
    given_w, given_g, given_v = (laid_out(a.copy(), order) for a in (w, g, v))
    BACKENDS[threads].sgd_step(given_w, given_g, given_v, 0.01, 0.9, 0.05)
    DEFINITION.sgd_step(w, expected_g := g.copy(), v, 0.01, 0.9, 0.05)
    assert_near(given_v, v)
    assert_near(given_w, w)
    np.testing.assert_array_equal(given_g, expected_g)


def test_sgd_step_of_gradients_of_another_dtype_keeps_the_weights_dtype() -> None:
    w, v = np.ones(4, np.float32), np.zeros(4, np.float32)
    BACKENDS[1].sgd_step(w, np.ones(4), v, 0.5, 0.0, 0.0)
    np.testing.assert_array_equal(w, np.full(4, 0.5, np.float32))


def cross_entropies(backend: Backend) -> tuple[Callable[..., np.ndarray], ...]:
    """Forward and backward."""
    return backend.cross_entropy, backend.cross_entropy_backward


@given(
    N=st.integers(1, 5),
    classes=st.integers(1, 7),
    spread=st.sampled_from([1.0, 30.0, 1e4]),
    seed=own.seeds,
    dtype=dtypes,
    labels_dtype=st.sampled_from(["int64", "int32", "uint8"]),
    order=orders,
)
def test_cross_entropy(
    N: int, classes: int, spread: float, seed: int, dtype: str, labels_dtype: str, order: str
) -> None:
    logits = (spread * own.normal((N, classes), seed)).astype(dtype)
    labels = np.random.default_rng(seed).integers(0, classes, N).astype(labels_dtype)
    given = laid_out(logits, order), laid_out(labels, order)
    loss, dlogits = (op(*given) for op in cross_entropies(BACKENDS[1]))
    expected, expected_dlogits = (op(logits, labels) for op in cross_entropies(DEFINITION))
    assert loss.dtype == expected.dtype
    assert_near(np.asarray(loss), np.asarray(expected))
    assert_near(dlogits, expected_dlogits)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("place", [0, 1])
def test_cross_entropy_notices_a_nan(dtype: str, place: int) -> None:
    logits = np.zeros((2, 3), dtype)
    logits[1, place] = np.nan
    loss, dlogits = (op(logits, np.array([0, 2])) for op in cross_entropies(BACKENDS[1]))
    assert np.isnan(loss) and np.isnan(dlogits[1]).all() and not np.isnan(dlogits[0]).any()


# ---------------------------------------------------------------------- augmentation


@st.composite
def augmentations(draw: st.DrawFn) -> tuple:
    """Arguments of `augment`: crops of any size, means of three shapes, wide and narrow rows."""
    rng = np.random.default_rng(draw(own.seeds))
    N, C, H, W = (draw(st.integers(low, 6)) for low in (0, 1, 1, 1))
    crop = draw(st.integers(1, H)), draw(st.integers(1, W))
    mean = draw(st.sampled_from([None, (C, 1, 1), (C, *crop)]))
    return (
        rng.integers(0, 256, (N, H, W, C), dtype=np.uint8),
        rng.integers(0, H - crop[0] + 1, N),
        rng.integers(0, W - crop[1] + 1, N),
        rng.random(N) < 0.5,
        crop,
        None if mean is None else (255 * rng.random(mean)).astype(np.float32),
        rng.standard_normal((N, C)).astype(np.float32) if draw(st.booleans()) else None,
        draw(st.sampled_from([1.0, 0.25, 1 / 57, rng.random(C, np.float32)])),
    )


@given(args=augmentations(), order=orders, threads=threads)
def test_augmentation(args: tuple, order: str, threads: int) -> None:
    moved = [laid_out(a, order) if isinstance(a, np.ndarray) and a.size else a for a in args]
    copies = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
    x = BACKENDS[threads].augment(*moved)
    assert_near(x, DEFINITION.augment(*args))
    for a, copy in zip(moved, copies, strict=True):
        if isinstance(a, np.ndarray):
            np.testing.assert_array_equal(a, copy)
