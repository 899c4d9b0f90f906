"""The GPU backend in numba-cuda's simulator; `test_cuda_simulator` runs this file.

Every test of `test_kernels` runs here too, on the GPU backend with a double of CuPy under it:
plain loops are the definition. Blocks are small, so that small arrays fill several.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

settings.register_profile("simulator", max_examples=50, deadline=None, derandomize=True)
settings.load_profile("simulator")

from tests.backends import cuda_double  # noqa: E402

cuda_double.install()

from tests import strategies as own  # noqa: E402
from tests.backends import cuda_kernels, cuda_launches, reference, rounding  # noqa: E402
from tests.backends.cuda_launches import blocks  # noqa: E402
from tests.backends.test_kernels import *  # noqa: E402, F403
from tests.backends.test_kernels import on  # noqa: E402
from tinyalex.backends.cuda.backend import CudaBackend  # noqa: E402
from tinyalex.backends.numpy.backend import HostGenerator, NumpyBackend  # noqa: E402
from tinyalex.layers import Conv2d, SoftmaxCrossEntropy  # noqa: E402

DTYPES = ("float32", "float64")
few = settings(max_examples=12)  # the slowest ones


limits = st.sampled_from([32, 64])


@pytest.fixture(scope="module")
def backend() -> CudaBackend:
    return CudaBackend(workspace_mb=1)


def tolerance(dtype: str) -> dict[str, float]:
    return {"float32": {"rtol": 2e-5, "atol": 1e-5}, "float64": {"rtol": 1e-10, "atol": 1e-12}}[
        dtype
    ]


@pytest.mark.parametrize("workspace", [1, 1 << 20], ids=["image by image", "all at once"])
@pytest.mark.parametrize(("dtype", "waiting"), [("float32", 4), ("float64", 8)])
@few
@given(case=own.convolutions(), limit=limits)
def test_convolution_equals_the_loops_and_the_layer(
    backend: CudaBackend, workspace: int, dtype: str, waiting: int, case: own.Conv, limit: int
) -> None:
    layer = Conv2d(
        case.shape[1], case.out_channels, case.kernel, case.stride, case.padding, groups=case.groups
    )
    layer.params = {key: value.astype(dtype) for key, value in layer.params.items()}
    x = own.normal(case.shape, case.seed).astype(dtype)
    w, b = layer.params["weight"], layer.params["bias"]
    how = case.stride, case.padding, case.groups
    with pytest.MonkeyPatch.context() as patch, blocks(limit, waiting):
        patch.setattr(backend, "workspace", workspace)
        y = on(backend, "conv2d", x, w, b, *how)
        dy = own.normal(y.shape, case.seed + 1).astype(dtype)
        dx, dw, db = on(backend, "conv2d_backward", dy, x, w, *how, True)
    layer.forward(x)
    expected = {"y": reference.convolve(x, w, b, *how), "dx": layer.backward(dy), **layer.grads}
    allowed = rounding.of_convolution(layer, x, dy)
    for name, got in {"y": y, "dx": dx, "weight": dw, "bias": db}.items():
        assert (abs(got - expected[name]) <= allowed[name]).all(), name
    assert {array.dtype.name for array in (y, dx, dw, db)} == {dtype}


@pytest.mark.parametrize(("limit", "waiting"), [(32, 8), (64, 256)])
def test_convolution_in_blocks_of_any_size(backend: CudaBackend, limit: int, waiting: int) -> None:
    """A row of all images has 33 windows, a map 55: two blocks each, or one."""
    x, w = own.normal((3, 2, 6, 11), 0), own.normal((4, 1, 2, 3), 1)
    layer = Conv2d(2, 4, (2, 3), padding=(0, 1), groups=2)
    layer.params = {"weight": w, "bias": own.normal((4,), 2)}
    how = (1, 1), (0, 1), 2
    with blocks(limit, waiting):
        y = on(backend, "conv2d", x, w, layer.params["bias"], *how)
        dx, dw, db = on(backend, "conv2d_backward", y, x, w, *how, True)
    expected = {"y": layer.forward(x), "dx": layer.backward(y), **layer.grads}
    # 165 products in each weight's gradient: 1.4e-11 may differ at most, 4e-14 does.
    allowed = rounding.of_convolution(layer, x, y)
    for name, got in {"y": y, "dx": dx, "weight": dw, "bias": db}.items():
        assert (abs(got - expected[name]) <= allowed[name]).all(), name


@pytest.mark.parametrize("groups", [1, 2])
def test_a_relu_in_a_neighbours_kernel_is_the_same_to_the_bit(
    backend: CudaBackend, groups: int
) -> None:
    """`tests/layers/test_fusion.py` has the rule when that happens."""
    x, w, b = (
        own.normal((3, 2, 5, 7), 0),
        own.normal((4, 2 // groups, 2, 3), 1),
        own.normal((4,), 2),
    )
    b[0], b[1] = np.nan, -np.inf
    how = (1, 2), (1, 0), groups
    y = on(backend, "conv2d_relu", x, w, b, *how)
    assert np.isnan(y[:, 0]).all() and not y[:, 1].any() and (y[:, 2:] == 0).any()
    assert y.tobytes() == on(backend, "relu", on(backend, "conv2d", x, w, b, *how)).tobytes()
    y, numbers = y[:, 2:], (3, 0.3, 0.75)  # x of the normalisation
    _, scale = on(backend, "local_response_norm", y, *numbers, 2.0)
    args = own.normal(y.shape, 3), y, scale, *numbers
    dx = on(backend, "local_response_norm_relu_backward", *args)
    apart = on(backend, "local_response_norm_backward", *args)
    assert apart[y == 0].all() and (dx != 0).any()  # a ReLU has something to do
    assert dx.tobytes() == on(backend, "relu_backward", apart, y).tobytes()


def test_a_first_layer_asks_for_no_gradient_of_its_input(backend: CudaBackend) -> None:
    x, w = (backend.asarray(own.normal((1, 1, 3, 3), seed)) for seed in range(2))
    dy = backend.asarray(own.normal((1, 1, 1, 1), 2))
    assert backend.conv2d_backward(dy, x, w, (1, 1), (0, 0), 1, False)[0] is None


@pytest.mark.parametrize("limit", [32, 64, 96, 256])
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_size_of_a_block_changes_nothing(backend: CudaBackend, limit: int, dtype: str) -> None:
    """Maps of 99 pixels: four blocks of 32 threads, two of 64 (also where 96 may be), or one."""
    host = NumpyBackend(1)
    x, dy = (own.normal((1, 2, 9, 11), seed).astype(dtype) for seed in range(2))
    window, numbers = ((3, 2), (2, 1), (2, 1)), (3, 0.3, 0.75, 2.0)
    calls = [("im2col", x, *window), ("relu", x), ("relu_backward", dy, x)]
    calls += [("col2im", host.im2col(x, *window), x.shape, *window)]
    for pooled in (((4, 2), (2, 2), True), ((4, 2), (1, 2), True)):  # the last are clipped
        y, argmax = host.max_pool2d(x, *pooled)
        back = x.shape, *pooled[:2]
        calls += [("max_pool2d", x, *pooled), ("max_pool2d_backward", y, argmax, *back)]
        calls += [("avg_pool2d", x, *pooled), ("avg_pool2d_backward", y, *back)]
    for norm in ("local_response_norm", "spatial_response_norm"):
        _, scale = getattr(host, norm)(x, *numbers)
        calls += [(norm, x, *numbers), (f"{norm}_backward", dy, x, scale, *numbers[:3])]
    pixels = np.arange(2 * 10 * 12 * 3, dtype=np.uint8).reshape(2, 10, 12, 3)
    corner, mirrors = np.array([1, 0]), np.array([True, False])
    scales = np.array([0.5, 0.25, 2], np.float32)
    calls += [("augment", pixels, corner, corner, mirrors, (9, 11), None, None, scales)]
    for name, *args in calls:
        with blocks(limit):
            result = on(backend, name, *args)
        expected = getattr(host, name)(*args)
        for one, other in zip(*map(as_tuple, (result, expected)), strict=True):
            np.testing.assert_allclose(one, other, err_msg=name, **tolerance(dtype))


def as_tuple(result: object) -> tuple[object, ...]:
    return result if isinstance(result, tuple) else (result,)


def test_the_first_of_equal_numbers_is_the_maximum(backend: CudaBackend) -> None:
    _, argmax = on(backend, "max_pool2d", np.ones((1, 1, 3, 5)), (2, 3), (1, 1))
    assert not argmax.any()


@pytest.mark.parametrize("size", [1, 2, 4, 9])
@pytest.mark.parametrize("kernel", ["local_response_norm", "spatial_response_norm"])
def test_response_normalisation_with_any_window_and_many_channels(
    backend: CudaBackend, kernel: str, size: int
) -> None:
    host = NumpyBackend(1)
    x, dy = own.normal((1, 35, 1, 3), 0), own.normal((1, 35, 1, 3), 1)  # two shares of channels
    y, scale = getattr(host, kernel)(x, size, 0.3, 0.75, 2.0)
    np.testing.assert_allclose(on(backend, kernel, x, size, 0.3, 0.75, 2.0), (y, scale), atol=1e-12)
    args = dy, x, scale, size, 0.3, 0.75
    np.testing.assert_allclose(
        on(backend, f"{kernel}_backward", *args),
        getattr(host, f"{kernel}_backward")(*args),
        atol=1e-12,
    )


# Neighbours of the multiples of EACH * 32: one block, a part of another, or exactly two.
sizes = st.sampled_from([1, 3, 4, 31, 33, 127, 128, 129, 256])


@pytest.mark.parametrize("inplace", [False, True])
@given(size=sizes, seed=own.seeds)
def test_relu_keeps_what_is_positive_and_not_a_number(
    backend: CudaBackend, inplace: bool, size: int, seed: int
) -> None:
    odd = np.array([np.nan, 0.0, -0.0, np.inf, -np.inf])
    x = np.concatenate([own.normal((size,), seed), odd])
    moved = backend.asarray(x)
    y = backend.relu(moved, inplace)
    np.testing.assert_array_equal(y.get(), np.maximum(x, 0))
    assert (y is moved) == inplace
    dy = own.normal(x.shape, seed + 1)
    dx = backend.relu_backward(backend.asarray(dy), y, inplace)
    np.testing.assert_array_equal(dx.get(), np.where(np.maximum(x, 0) > 0, dy, 0))


def test_relu_reaches_an_array_that_is_not_in_one_piece(backend: CudaBackend) -> None:
    host = own.normal((5, 4), 0)
    x = backend.asarray(host).T
    assert backend.relu(x, inplace=True) is x
    np.testing.assert_array_equal(x.get(), np.maximum(host.T, 0))


@pytest.mark.parametrize("dtype", DTYPES)
@given(size=sizes, seed=own.seeds, limit=limits)
@example(size=256, seed=0, limit=64)
def test_sgd_step_of_any_size_equals_numpys(
    backend: CudaBackend, dtype: str, size: int, seed: int, limit: int
) -> None:
    w, g, v = (own.normal((size,), seed + i).astype(dtype) for i in range(3))
    moved = [backend.asarray(a) for a in (w, g, v)]
    with blocks(limit):
        backend.sgd_step(*moved, 0.1, 0.9, 0.05)
    NumpyBackend(1).sgd_step(w, g, v, 0.1, 0.9, 0.05)
    for result, expected in zip(moved, (w, g, v), strict=True):
        np.testing.assert_allclose(result.get(), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("dtype", "waiting"), [("float32", 4), ("float64", 128)])
@settings(max_examples=6)  # as many as there are numbers of classes: a block waits for 128 threads
@given(classes=st.sampled_from([1, 3, 16, 17, 32, 130]), seed=own.seeds)
def test_cross_entropy_equals_the_layer(
    backend: CudaBackend, dtype: str, waiting: int, classes: int, seed: int
) -> None:
    logits = (5 * own.normal((3, classes), seed)).astype(dtype)
    labels = np.array([0, classes - 1, classes // 2])
    layer = SoftmaxCrossEntropy()
    with blocks(32, waiting):
        loss = on(backend, "cross_entropy", logits, labels)
        dlogits = on(backend, "cross_entropy_backward", logits, labels)
    np.testing.assert_allclose(loss, layer.forward(logits, labels), **tolerance(dtype))
    np.testing.assert_allclose(dlogits, layer.backward(), **tolerance(dtype))


def test_large_logits_do_not_overflow(backend: CudaBackend) -> None:
    """The largest of them may be any thread's."""
    for i in range(20):
        logits = np.zeros((1, 20))
        logits[0, i] = 1000.0
        loss = on(backend, "cross_entropy", logits, np.array([i]))
        assert loss == 0.0


@pytest.mark.parametrize("label", [-1, 3])
def test_a_label_that_no_class_has_makes_the_loss_nan(backend: CudaBackend, label: int) -> None:
    loss = on(backend, "cross_entropy", own.normal((2, 3), 0), np.array([0, label]))
    assert np.isnan(loss)


keys = st.tuples(st.integers(0, 2**40), st.integers(0, 2**20))
counts = st.integers(1, 300)


@pytest.mark.parametrize("dtype", DTYPES)
@given(key=keys, count=counts, limit=limits)
@example(key=(5, 6), count=521, limit=64)
def test_uniform_numbers_are_the_hosts(
    backend: CudaBackend, dtype: str, key: tuple[int, int], count: int, limit: int
) -> None:
    with blocks(limit):
        draw = backend.generator(*key).random((count,), dtype)
    np.testing.assert_array_equal(draw.get(), HostGenerator(key).random((count,), dtype))


def words_of(key: tuple[int, int], blocks: int) -> np.ndarray:
    """The stream's first words, from NumPy: uint64 (blocks, 4)."""
    two = np.random.SeedSequence(list(key)).generate_state(2, np.uint64)
    number = int(two[0]) | int(two[1]) << 64
    return np.random.Philox(key=number).random_raw(4 * blocks).reshape(blocks, 4)


@given(key=keys, count=counts, limit=limits)
@example(key=(5, 6), count=521, limit=64)
def test_normal_numbers_are_made_of_the_streams_words_by_box_and_muller(
    backend: CudaBackend, key: tuple[int, int], count: int, limit: int
) -> None:
    with blocks(limit):
        draw = backend.generator(*key).normal((count,), std=3.0, dtype="float64")
    words = words_of(key, -(-count // 2))
    radius = 3 * np.sqrt(-2 * np.log(((words[:, 0] >> 11) + 1.0) / 2**53))
    angle = 2 * np.pi * (words[:, 1] >> 11) / 2**53
    expected = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    np.testing.assert_allclose(draw.get(), expected.ravel()[:count], rtol=1e-12, atol=1e-14)


@given(
    key=keys,
    count=counts,
    low=st.integers(-5, 5),
    choices=st.integers(1, 1 << 40),
    limit=limits,
)
@example(key=(5, 6), count=321, low=-1, choices=1 << 40, limit=64)
def test_whole_numbers_are_the_upper_part_of_word_times_count(
    backend: CudaBackend, key: tuple[int, int], count: int, low: int, choices: int, limit: int
) -> None:
    with blocks(limit):
        draw = backend.generator(*key).integers(low, low + choices, count)
    expected = [low + (int(word) * choices >> 64) for word in words_of(key, count).ravel()]
    assert draw.get().tolist() == expected[:count]


def test_draws_follow_one_another_and_have_their_distributions(backend: CudaBackend) -> None:
    generator = backend.generator(1)
    first, second = (generator.random((64,)).get() for _ in range(2))
    assert not np.isin(first, second).any()
    normal = generator.normal((1000,), std=3.0, dtype="float64").get()
    assert abs(normal.mean()) < 0.4 and abs(normal.std() - 3) < 0.3
    whole = generator.integers(-2, 3, 200).get()
    assert set(whole) == {-2, -1, 0, 1, 2}


def test_every_kernel_was_launched_in_blocks_of_several_sizes(
    request: pytest.FixtureRequest,
) -> None:
    """The last test of the file: what the ones before did not launch, nobody has looked at."""
    if any("::" in word for word in request.config.args):
        pytest.skip("only a part of this file runs")
    assert set(cuda_launches.seen) == set(cuda_kernels.KERNELS) - cuda_kernels.ONLY_MIXED
    for name, launches in cuda_launches.seen.items():
        assert len({threads for _, threads in launches}) > 1, f"{name}: one size of block only"
        assert any(max(grid) > 1 for grid, _ in launches), f"{name}: a single block only"
