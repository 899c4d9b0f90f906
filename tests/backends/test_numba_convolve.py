"""Compiled convolutions, direct, by Winograd and by im2col, against the definition in float64."""

from __future__ import annotations

import itertools
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import strategies as own
from tests.backends import reference

pytest.importorskip("numba")

from tests.backends.convolving import (  # noqa: E402
    BACKENDS,
    WAYS,
    Conv,
    by_direct,
    by_im2col,
    by_winograd,
    choose,
    compiled,
    definition,
    direct_cases,
    tiled_cases,
)
from tinyalex.backends.base import Pair  # noqa: E402
from tinyalex.backends.numba import vector as numba_vector  # noqa: E402
from tinyalex.backends.numba.backend import NumbaBackend  # noqa: E402
from tinyalex.backends.numba.conv import direct as numba_direct  # noqa: E402
from tinyalex.backends.numba.conv import im2col as im2col  # noqa: E402
from tinyalex.backends.numba.conv import winograd as winograd  # noqa: E402
from tinyalex.backends.numba.conv.direct_loops import SAME_SET  # noqa: E402

Host = np.ndarray


def errors(case: Conv, got: dict[str, Host], dtype: str = "float32") -> dict[str, tuple]:
    """Norms of what is wrong: relative to the result, and to what was added up for it.

    The second is the result for positive numbers, where nothing cancels.
    """
    arrays = case.arrays(dtype)
    exact = definition(*arrays, *case.settings)
    sizes = definition(*map(np.abs, arrays), *case.settings)
    found = {}
    for key, expected in exact.items():
        assert got[key].dtype == dtype and got[key].shape == expected.shape, key
        wrong = np.linalg.norm(got[key] - expected)
        found[key] = tuple(
            wrong / max(np.linalg.norm(scale), 1e-300) for scale in (expected, sizes[key])
        )
    return found


# Of what was added up, in float32. About three times the worst of 800 random cases: 4e-8 for
# columns, 7e-7 for tiles of 3x3 filters and 1.4e-6 for 5x5; the larger a tile's numbers are
# compared with its results, the more digits are lost.
COLUMNS_LOSE = 1.2e-7
TILES_LOSE = {3: 2e-6, 5: 4e-6}
ENOUGH = 64  # numbers of which not all can cancel


def check(case: Conv, got: dict[str, Host], loses: float, dtype: str = "float32") -> None:
    """Hold all four results to float64."""
    for key, (of_result, of_sum) in errors(case, got, dtype).items():
        assert of_sum < loses, f"{key} is {of_sum:.1e} off"
        if got[key].size >= ENOUGH:
            assert of_result < 1e-4, f"{key} is {of_result:.1e} off"


def test_the_reference_is_a_convolution() -> None:
    case = Conv((2, 4, 6, 5), (6, 2, 3, 2), (2, 1), (1, 2), 2)
    x, w, b, dy = case.arrays("float64")
    exact = definition(x, w, b, dy, *case.settings)
    y = reference.convolve(x, w, b, *case.settings)
    np.testing.assert_allclose(exact["y"], y, atol=1e-12)
    # It is linear in x, in w and in b, so that the slopes are differences.
    for key, parts in {"dx": (x, w, 0 * b), "dw": (x, w, 0 * b), "db": (0 * x, w, b)}.items():
        i = {"dx": 0, "dw": 1, "db": 2}[key]
        d = own.normal(parts[i].shape, 5)
        moved = [d if j == i else part for j, part in enumerate(parts)]
        slope = np.vdot(dy, reference.convolve(*moved, *case.settings))
        np.testing.assert_allclose(np.vdot(exact[key], d), slope, atol=1e-10)


@given(case=tiled_cases(), tiles=st.sampled_from([1, 9, 256]), threads=st.sampled_from([1, 2]))
def test_winograd_is_as_near_to_float64_as_promised(case: Conv, tiles: int, threads: int) -> None:
    with by_winograd(tiles):
        got = compiled(*case.arrays(), case.settings, threads)
    check(case, got, TILES_LOSE[case.w_shape[3]])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@given(
    case=direct_cases(), room=st.sampled_from([1, 3000, 1 << 21]), threads=st.sampled_from([1, 4])
)
def test_im2col_is_as_near_to_float64_as_promised(
    dtype: str, case: Conv, room: int, threads: int
) -> None:
    with by_im2col(room):
        got = compiled(*case.arrays(dtype), case.settings, threads)
    check(case, got, COLUMNS_LOSE if dtype == "float32" else 1e-15, dtype)


# Rows, columns and vectors of filters. A map smaller than a block gets a smaller one.
BLOCKS = [(1, 5, 2), (3, 4, 1), (1, 2, 3)]


@given(case=direct_cases(), block=st.sampled_from(BLOCKS), threads=st.sampled_from([1, 4]))
def test_direct_convolution_is_as_near_to_float64_as_promised(
    case: Conv, block: tuple[int, int, int], threads: int
) -> None:
    with by_direct(block):
        got = compiled(*case.arrays(), case.settings, threads)
    check(case, got, COLUMNS_LOSE)


# Everything unequal; dx is a convolution itself, and not where stride or padding forbid it.
UNEQUAL = {
    "stride 1": Conv((3, 4, 7, 9), (6, 2, 3, 4), (1, 1), (1, 3), 2),
    "strides": Conv((3, 4, 7, 9), (6, 2, 3, 4), (3, 2), (2, 1), 2),
    "one image, cut into bands of rows": Conv((1, 4, 11, 9), (6, 2, 3, 4), (1, 1), (1, 3), 2),
    "much padding": Conv((3, 4, 7, 9), (6, 2, 3, 4), (1, 1), (3, 1), 2),
}


@pytest.mark.parametrize("room", [1, 1 << 21])
@pytest.mark.parametrize("case", UNEQUAL.values(), ids=UNEQUAL)
def test_im2col_with_unequal_sizes(case: Conv, room: int) -> None:
    with by_im2col(room):
        got = compiled(*case.arrays(), case.settings, threads=2)
    check(case, got, COLUMNS_LOSE)


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("case", UNEQUAL.values(), ids=UNEQUAL)
def test_direct_convolution_with_unequal_sizes(case: Conv, block: tuple[int, int, int]) -> None:
    with by_direct(block):
        got = compiled(*case.arrays(), case.settings, threads=2)
    check(case, got, COLUMNS_LOSE)


@pytest.mark.parametrize("block", BLOCKS)
def test_blocks_of_taps_with_an_incomplete_last_block(block: tuple[int, int, int]) -> None:
    """Blocks have up to 8 taps on every processor: 25 taps never fill the last."""
    case = Conv((2, 1, 8, 9), (3, 1, 5, 5), (1, 1), (2, 2))
    assert 25 % numba_vector.max_taps(block[2]) != 0
    with by_direct(block):
        got = compiled(*case.arrays(), case.settings)
    check(case, got, COLUMNS_LOSE)


@pytest.mark.parametrize("size", [(16, 64), (17, 60)], ids=["same cache set", "not"])
@pytest.mark.parametrize("filters", [5, 40], ids=["less than a panel", "more than a panel"])
def test_direct_convolution_of_feature_maps_that_share_a_cache_set(
    size: Pair, filters: int
) -> None:
    case = Conv((2, 2, *size), (filters, 2, 3, 3), (1, 1), (1, 1))
    assert (size[0] * size[1] % SAME_SET == 0) == (size == (16, 64))
    with by_direct((1, 5, 2)):
        got = compiled(*case.arrays(), case.settings)
    check(case, got, COLUMNS_LOSE)


def test_a_block_is_never_larger_than_a_feature_map_and_its_sums_stay_in_registers() -> None:
    for F, OH, OW in itertools.product((1, 16, 48, 96, 384), (1, 4, 13), (1, 4, 8, 13, 55)):
        rows, columns, vectors = numba_direct.block_for(F, OH, OW)
        assert 1 <= rows <= OH and 1 <= columns <= OW and vectors in numba_direct.WIDTHS
        assert rows == 1 or columns == OW
        assert rows * columns <= numba_vector.max_pixels(vectors)


# The layers of AlexNet that have 3x3 and 5x5 filters, a quarter as wide.
ALEXNET = {
    "conv2": Conv((2, 24, 27, 27), (64, 12, 5, 5), (1, 1), (2, 2), 2),
    "conv3": Conv((3, 64, 13, 13), (96, 64, 3, 3), (1, 1), (1, 1), 1),
    "conv4": Conv((3, 96, 13, 13), (96, 48, 3, 3), (1, 1), (1, 1), 2),
}


@pytest.mark.parametrize("case", ALEXNET.values(), ids=ALEXNET)
def test_alexnets_layers_by_winograd(case: Conv) -> None:
    with by_winograd():
        got = compiled(*case.arrays(), case.settings)
    check(case, got, TILES_LOSE[case.w_shape[3]])
    assert max(of_result for of_result, _ in errors(case, got).values()) < 5e-6


@pytest.mark.parametrize("r", [3, 5])
def test_winograd_on_chunks_of_the_batch(r: int) -> None:
    """More channels than a block of lanes, two tiles at a time, padding unlike on the axes."""
    case = Conv((17, 33, 3, 5), (2, 33, r, r), (1, 1), (r - 2, r - 1))
    with by_winograd(tiles=2):
        got = compiled(*case.arrays(), case.settings)
    check(case, got, TILES_LOSE[r])


def test_winograd_is_used_where_it_pays_and_direct_convolution_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    used: list[str] = []

    def spy(module: ModuleType, name: str) -> None:
        way, kind = getattr(module, name), module.__name__.rpartition(".")[2]
        monkeypatch.setattr(module, name, lambda *args: used.append(kind) or way(*args))

    for module in (winograd, numba_direct, im2col):
        for name in ("forward", "weight_gradient", "input_gradient"):
            spy(module, name)

    def ways(case: Conv, dtype: str = "float32") -> set[str]:
        used.clear()
        compiled(*case.arrays(dtype), case.settings)
        assert len(used) == 3  # y, dw and dx
        return set(used)

    choose(monkeypatch, tiles=192, tiles_dw=(192, 192))
    pays = Conv((12, 32, 13, 13), (32, 16, 3, 3), (1, 1), (1, 1), 2)
    fewer_images = Conv((11, 32, 13, 13), pays.w_shape, *pays.settings)
    fewer_channels = Conv((12, 30, 13, 13), (32, 15, 3, 3), *pays.settings)
    not_square = Conv(pays.x_shape, (32, 16, 3, 5), *pays.settings)
    strided = Conv((24, 32, 13, 13), pays.w_shape, (1, 2), (1, 1), 2)
    for is_direct, other in ((True, "direct"), (False, "im2col")):
        choose(monkeypatch, direct=is_direct)
        assert ways(pays) == {"winograd"}
        assert ways(pays, "float64") == {"im2col"}
        assert ways(fewer_images) == ways(fewer_channels) == ways(not_square) == {other}
        assert ways(strided) == {other, "im2col"}  # dx has no other way


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("name", ["x", "w", "b", "dy"])
def test_arrays_in_any_order_of_memory(way: object, name: str) -> None:
    case = Conv((3, 4, 7, 9), (6, 2, 3, 3), (1, 1), (1, 0), 2)
    arrays = dict(zip(("x", "w", "b", "dy"), case.arrays(), strict=True))
    a = arrays[name]
    with way():  # type: ignore[operator]
        expected = compiled(*arrays.values(), case.settings)
        wide = np.zeros((*a.shape[:-1], 2 * a.shape[-1]), a.dtype)[..., ::2]
        wide[...] = a
        for other in (wide, np.asfortranarray(a), a[..., ::-1].copy()[..., ::-1]):
            got = compiled(*(arrays | {name: other}).values(), case.settings)
            for key in expected:
                np.testing.assert_array_equal(got[key], expected[key])


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_no_input_is_changed_and_dx_is_only_made_if_needed(way: object) -> None:
    case = Conv((3, 4, 7, 9), (6, 2, 3, 3), (1, 1), (1, 0), 2)
    x, w, b, dy = case.arrays()
    copies = [a.copy() for a in (x, w, b, dy)]
    with way():  # type: ignore[operator]
        all_of_them = compiled(x, w, b, dy, case.settings)
        dx, dw, db = BACKENDS[1].conv2d_backward(dy, x, w, *case.settings, False)
    assert dx is None
    np.testing.assert_array_equal(dw, all_of_them["dw"])
    np.testing.assert_array_equal(db, all_of_them["db"])
    for a, copy in zip((x, w, b, dy), copies, strict=True):
        np.testing.assert_array_equal(a, copy)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_memory_that_was_used_before_leaves_no_trace(way: object) -> None:
    """Rooms and recycled arrays hold the numbers of earlier calls, here all of them NaN."""
    small = Conv((3, 4, 7, 9), (6, 2, 3, 3), (1, 1), (1, 0), 2)
    large = Conv((8, 8, 15, 15), (40, 4, 3, 3), (1, 1), (2, 2), 2)
    with way():  # type: ignore[operator]
        backend = NumbaBackend(1, BACKENDS[1].workers.choices)
        expected = compiled(*small.arrays(), small.settings)
        x, w, b, dy = (np.full_like(a, np.nan) for a in large.arrays())
        backend.conv2d(x, w, b, *large.settings)
        backend.conv2d_backward(dy, x, w, *large.settings, True)
        x, w, b, dy = small.arrays()
        y = backend.conv2d(x, w, b, *small.settings)
        dx, dw, db = backend.conv2d_backward(dy, x, w, *small.settings, True)
    for key, a in {"y": y, "dx": dx, "dw": dw, "db": db}.items():
        np.testing.assert_array_equal(a, expected[key])


def test_a_nan_is_not_lost() -> None:
    case = Conv((2, 3, 6, 6), (4, 3, 3, 3), (1, 1), (1, 1))
    x, w, b, _ = case.arrays()
    x[1, 2, 3, 3] = np.nan
    for way in WAYS.values():
        with way():
            y = BACKENDS[1].conv2d(x, w, b, *case.settings)
        assert np.isnan(y[1, :, 2:5, 2:5]).all() and not np.isnan(y[0]).any()
