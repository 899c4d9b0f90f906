"""The GPU backend in mixed precision, in the simulator; `test_cuda_simulator` runs this file.

The definition is the textbook on NumPy with the same casts (`tinyalex.backends.bfloat16`). What
only picks or moves numbers must be equal to it. Sums may differ as float32 sums in any order do,
and then round to another bfloat16: bounds are computed from the sums' terms.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

settings.register_profile("simulator", max_examples=25, deadline=None, derandomize=True)
settings.load_profile("simulator")

from tests import strategies as own  # noqa: E402
from tests.backends import cuda_kernels, cuda_launches, rounding  # noqa: E402
from tests.backends.cuda_launches import blocks  # noqa: E402
from tests.backends.mixing import (  # noqa: E402
    BF16,
    GPU,
    HALF,
    MIXED,
    TEXTBOOK,
    UNIT,
    both,
    equal,
    halves,
    near,
    run,
    singles,
)
from tinyalex import functional as F  # noqa: E402
from tinyalex.layers import Conv2d  # noqa: E402

few = settings(max_examples=12)
limits = st.sampled_from([32, 64])


# ---------------------------------------------------------------------- casts


def test_a_bfloat16_is_widened_and_narrowed_without_a_change() -> None:
    """Some of all sizes, and all that are infinite or not a number."""
    large = np.arange(0x7F7F, 0x8000)
    some = np.arange(0, 1 << 16, 29)[::-1]
    bits = np.concatenate([large, large | 0x8000, some]).astype(np.uint16)
    device = MIXED.asarray(bits.view(BF16))
    with blocks(256):
        wide = GPU.from_bfloat16(device)
        back = GPU.to_bfloat16(wide)
    expected = (bits.astype(np.uint32) << 16).view(np.float32)
    np.testing.assert_array_equal(wide.get(), expected)
    same = back.get().view(np.uint16) == bits
    assert (same | np.isnan(expected)).all() and np.isnan(back.get()[np.isnan(expected)]).all()


@given(value=st.floats(width=32), sign=st.sampled_from([1, -1]))
def test_a_number_becomes_the_nearest_bfloat16(value: float, sign: int) -> None:
    ties = np.array([1 + 2.0**-8, 1 + 3 * 2.0**-8, 3.4e38, 1e-40])
    x = np.concatenate([[value], sign * ties]).astype(np.float32)
    got = GPU.to_bfloat16(GPU.asarray(x)).get()
    np.testing.assert_array_equal(got, x.astype(BF16))


def test_other_numbers_are_taken_too() -> None:
    """Images in float64 or whole numbers; also from a view that is not in one piece."""
    for x in (np.arange(6), own.normal((2, 3), 0), own.normal((3, 2), 0).T):
        got = MIXED.activations(MIXED.asarray(x), np.float32).get()
        np.testing.assert_array_equal(got, x.astype(np.float32).astype(BF16))


# ---------------------------------------------------------------------- convolution


@pytest.mark.parametrize("workspace", [1, 1 << 20], ids=["image by image", "all at once"])
@few
@given(case=own.convolutions(), limit=limits)
def test_convolution(workspace: int, case: own.Conv, limit: int) -> None:
    layer = Conv2d(
        case.shape[1], case.out_channels, case.kernel, case.stride, case.padding, groups=case.groups
    )
    w, b = (p.astype(np.float32) for p in layer.params.values())
    how = case.stride, case.padding, case.groups
    x = halves(case.shape, case.seed)
    dy = halves((len(x), len(b), *case.out_hw), case.seed + 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GPU, "workspace", workspace)
        found = both("conv2d", x, w, b, *how, limit=limit)
        found += both("conv2d_backward", dy, x, w, *how, True, limit=limit)
    layer.params = {"weight": w.astype(BF16).astype(np.float32), "bias": b}
    counts, sizes = rounding.terms_of_convolution(
        layer, x.astype(np.float32), dy.astype(np.float32)
    )
    allowed = rounding.allowed(counts, sizes, UNIT)
    # z, and y on both sides, are rounded to bfloat16; dx on both sides.
    allowed["y"] = allowed["y"] * (1 + 4 * HALF) + 3 * HALF * (1 + HALF) * sizes["y"]
    allowed["dx"] = allowed["dx"] * (1 + 4 * HALF) + 2 * HALF * sizes["dx"]
    for (got, wanted), name in zip(found, ("y", "dx", "weight", "bias"), strict=True):
        near(got, wanted, allowed[name], name)


def test_a_weights_gradient_is_not_rounded_to_bfloat16() -> None:
    """513 images that agree: the sum 513 is no bfloat16."""
    x, dy = np.ones((513, 1, 1, 1), BF16), np.ones((513, 1, 1, 1), BF16)
    _, dw, db = run(MIXED, "conv2d_backward", dy, x, singles((1, 1, 1, 1), 0), (1, 1), (0, 0), 1)
    assert dw.item() == db.item() == 513
    _, dw, db = run(MIXED, "linear_backward", dy[..., 0, 0], x[..., 0, 0], singles((1, 1), 0), True)
    assert dw.item() == db.item() == 513


def test_columns_are_added_before_they_are_rounded() -> None:
    """The middle pixel is in two windows of 3, 2 apart: (1 + 2**-7)**2 - (1 + 2**-6) is 2**-14."""
    a, b = 1 + 2**-7, 1 + 2**-6
    dy, w = np.array([[[[a, 1]]]], BF16), np.array([[[[-b, 0, a]]]], np.float32)
    dx, _, _ = run(MIXED, "conv2d_backward", dy, halves((1, 1, 1, 5), 0), w, (1, 2), (0, 0), 1)
    assert float(dx[0, 0, 0, 2]) == 2**-14


def test_a_first_layer_asks_for_no_gradient_of_its_input() -> None:
    x, dy, w = halves((1, 1, 3, 3), 0), halves((1, 1, 1, 1), 1), singles((1, 1, 3, 3), 2)
    assert run(MIXED, "conv2d_backward", dy, x, w, (1, 1), (0, 0), 1, False)[0] is None
    x, dy, w = halves((2, 3), 0), halves((2, 4), 1), singles((4, 3), 2)
    assert run(MIXED, "linear_backward", dy, x, w, False)[0] is None


@given(case=own.convolutions(grouped=False), limit=limits)
def test_im2col_and_col2im(case: own.Conv, limit: int) -> None:
    x, how = halves(case.shape, case.seed), (case.kernel, case.stride, case.padding)
    equal("im2col", x, *how, limit=limit)
    cols = halves(F.im2col(x.astype(np.float32), *how).shape, case.seed + 1)
    ((got, wanted),) = both("col2im", cols, case.shape, *how, limit=limit)
    sizes = F.col2im(abs(cols.astype(np.float64)), case.shape, *how)
    taps = case.kernel[0] * case.kernel[1]
    near(got, wanted, (2 * taps * UNIT + 2 * HALF) * sizes, "col2im")


# ---------------------------------------------------------------------- fully connected


@few
@given(
    sizes=st.tuples(st.integers(1, 4), st.integers(1, 20), st.integers(1, 70)),
    seed=own.seeds,
    limit=limits,
)
def test_a_fully_connected_layer(sizes: tuple[int, int, int], seed: int, limit: int) -> None:
    N, n_in, n_out = sizes
    x, dy = halves((N, n_in), seed), halves((N, n_out), seed + 1)
    w, b = singles((n_out, n_in), seed + 2), singles((n_out,), seed + 3)
    found = both("linear", x, w, b, limit=limit)
    found += both("linear_backward", dy, x, w, True, limit=limit)
    ax, ady, aw, ab = (abs(a.astype(np.float64)) for a in (x, dy, w.astype(BF16), b))
    terms = F.linear(ax, aw, ab), *F.linear_backward(ady, ax, aw)
    counts, units = (n_in + 1, n_out, N, N), (HALF, HALF, 0, 0)
    for (got, wanted), size, n, unit in zip(found, terms, counts, units, strict=True):
        near(got, wanted, (2 * (n + 1) * UNIT * (1 + HALF) + 2 * unit) * size, "linear")


def test_an_empty_batch_has_no_gradient() -> None:
    x, dy, w = halves((0, 3), 0), halves((0, 4), 0), singles((4, 3), 0)
    dx, dw, db = run(MIXED, "linear_backward", dy, x, w, True)
    assert dx.shape == (0, 3) and not dw.any() and not db.any()


# ---------------------------------------------------------------------- pooling


@given(case=own.poolings(), limit=limits)
def test_max_pooling(case: own.Pool, limit: int) -> None:
    x = np.round(own.normal(case.shape, case.seed)).astype(BF16)  # most windows hold ties
    equal("max_pool2d", x, case.kernel, case.stride, case.ceil_mode, limit=limit)
    y, argmax = run(TEXTBOOK, "max_pool2d", x, case.kernel, case.stride, case.ceil_mode)
    dy = halves(y.shape, case.seed + 1)
    back = argmax, case.shape, case.kernel, case.stride
    ((got, wanted),) = both("max_pool2d_backward", dy, *back, limit=limit)
    sizes = F.max_pool2d_backward(abs(dy.astype(np.float64)), *back)
    near(got, wanted, (2 * argmax.size * UNIT + 2 * HALF) * sizes, "max_pool2d_backward")


def test_max_pooling_keeps_what_is_not_a_number_and_finds_the_infinite() -> None:
    x = np.array([[-np.inf, 1, np.nan, 2], [3, np.inf, -1, 0]], BF16).reshape(1, 1, 2, 4)
    equal("max_pool2d", x, (2, 2), (1, 2), False)


@given(case=own.poolings(), limit=limits)
def test_average_pooling(case: own.Pool, limit: int) -> None:
    how = case.kernel, case.stride
    x = halves(case.shape, case.seed)
    ((got, wanted),) = both("avg_pool2d", x, *how, case.ceil_mode, limit=limit)
    taps = case.kernel[0] * case.kernel[1]
    unit = 2 * (taps + 2) * UNIT + 2 * HALF
    sizes = F.avg_pool2d(abs(x.astype(np.float64)), *how, case.ceil_mode)
    near(got, wanted, unit * sizes, "avg_pool2d")
    dy = halves(wanted.shape, case.seed + 1)
    ((got, wanted),) = both("avg_pool2d_backward", dy, case.shape, *how, limit=limit)
    sizes = F.avg_pool2d_backward(abs(dy.astype(np.float64)), case.shape, *how)
    near(got, wanted, unit * sizes, "avg_pool2d_backward")


# ---------------------------------------------------------------------- response normalisation


@pytest.mark.parametrize("name", ["local_response_norm", "spatial_response_norm"])
@given(case=own.normalisations(), limit=limits)
def test_response_normalisation(name: str, case: own.Norm, limit: int) -> None:
    constants = case.size, case.alpha, case.beta
    x, dy = halves(case.shape, case.seed), halves(case.shape, case.seed + 1)
    (y, expected), (scale, s) = both(name, x, *constants, case.k, limit=limit)
    terms = case.size**2 + 1  # of the sum of squares; then a power and a division
    near(scale, s, 2 * terms * UNIT * s, "scale")
    near(y, expected, (4 * (terms + 4) * UNIT + 2 * HALF) * abs(expected), "y")
    s32 = s.astype(np.float32)
    ((dx, expected),) = both(f"{name}_backward", dy, x, s32, *constants, limit=limit)
    backward = getattr(F, f"{name}_backward")
    ax, ady = (abs(a.astype(np.float64)) for a in (x, dy))
    # dx is a difference of two terms; of absolute values too, so this is their sum.
    sizes = 2 * ady * s**-case.beta - backward(ady, ax, s, *constants)
    near(dx, expected, (4 * (terms + 8) * UNIT + 2 * HALF) * sizes, "dx")


def test_a_relu_in_a_neighbours_kernel_is_the_same_to_the_bit() -> None:
    x, w, b = halves((2, 2, 4, 5), 0), singles((3, 2, 2, 2), 1), singles((3,), 2)
    how = (1, 1), (0, 0), 1
    (y,) = run(MIXED, "conv2d_relu", x, w, b, *how)
    (apart,) = run(MIXED, "relu", *run(MIXED, "conv2d", x, w, b, *how))
    assert y.dtype == BF16 and y.tobytes() == apart.tobytes() and (y == 0).any()
    _, scale = run(MIXED, "local_response_norm", y, 3, 0.3, 0.75, 2.0)
    args = halves(y.shape, 3), y, scale, 3, 0.3, 0.75
    (dx,) = run(MIXED, "local_response_norm_relu_backward", *args)
    (apart,) = run(MIXED, "local_response_norm_backward", *args)
    assert dx.dtype == BF16 and apart[y == 0].astype(np.float32).all()
    assert dx.tobytes() == run(MIXED, "relu_backward", apart, y)[0].tobytes()


# ---------------------------------------------------------------------- element by element

sizes = st.sampled_from([1, 3, 4, 31, 33, 127, 128, 129, 256])


@pytest.mark.parametrize("inplace", [False, True])
@given(size=sizes, seed=own.seeds)
def test_relu(inplace: bool, size: int, seed: int) -> None:
    odd = np.array([np.nan, 0.0, -0.0, np.inf, -np.inf], BF16)
    x = np.concatenate([halves((size,), seed), odd])
    dy = halves(x.shape, seed + 1)
    moved, gradient = MIXED.asarray(x), MIXED.asarray(dy)
    y = MIXED.relu(moved, inplace)
    dx = MIXED.relu_backward(gradient, y, inplace)
    assert (y is moved, dx is gradient) == (inplace, inplace)
    (expected,) = run(TEXTBOOK, "relu", x)
    np.testing.assert_array_equal(y.get().astype(np.float32), expected.astype(np.float32))
    (expected,) = run(TEXTBOOK, "relu_backward", dy, expected)
    np.testing.assert_array_equal(dx.get(), expected)


def test_relu_in_place_reaches_a_float32_array() -> None:
    x = GPU.asarray(singles((5,), 0))
    assert MIXED.relu(x, inplace=True) is x
    np.testing.assert_array_equal(x.get(), np.maximum(singles((5,), 0).astype(BF16), 0))


@given(size=sizes, seed=own.seeds, p=st.sampled_from([0.1, 0.5, 0.9]), inverted=st.booleans())
def test_dropout(size: int, seed: int, p: float, inverted: bool) -> None:
    x, dy = halves((size,), seed), halves((size,), seed + 1)
    draw = np.random.default_rng(seed).random(size, np.float32)
    draw[0] = p
    equal("dropout", x, draw, p, inverted)
    _, mask = run(TEXTBOOK, "dropout", x, draw, p, inverted)
    equal("dropout_backward", dy, mask)


@pytest.mark.parametrize("name", ["tanh", "cross_entropy", "cross_entropy_backward"])
def test_what_has_no_kernel_of_its_own_is_computed_in_float32(name: str) -> None:
    args = (halves((3, 4), 0),) if name == "tanh" else (halves((3, 4), 0), np.array([0, 3, 1]))
    for got, wanted in both(name, *args):
        np.testing.assert_allclose(got, wanted, rtol=2 * HALF)


def test_every_kernel_was_launched_in_mixed_precision(request: pytest.FixtureRequest) -> None:
    """The last test of the file, as in `cuda_simulated`."""
    if any("::" in word for word in request.config.args):
        pytest.skip("only a part of this file runs")
    assert set(cuda_launches.seen_mixed) == set(cuda_kernels.MIXED)
