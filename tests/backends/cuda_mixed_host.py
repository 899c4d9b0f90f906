"""Around the kernels of mixed precision: who gets bfloat16 arrays, and what cuBLAS gets.

`test_cuda_simulator` runs this file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.backends import cuda_streams
from tests.backends.mixing import BF16, GPU, HALF, MIXED, UNIT, halves, near, run, singles
from tinyalex import functional as F
from tinyalex.backends.bfloat16 import CASTS, with_bfloat16
from tinyalex.backends.cuda import products
from tinyalex.backends.cuda.conv import batch_slices, filters_for_product
from tinyalex.errors import ConfigError

# ---------------------------------------------------------------------- the backend


def test_the_table_names_operations_with_a_reason() -> None:
    assert set(GPU.takes_bfloat16) <= set(CASTS)
    assert all(len(how) > 5 for how in GPU.takes_bfloat16.values())
    rest = set(CASTS) - set(GPU.takes_bfloat16)
    assert rest == {
        *("tanh", "tanh_backward", "local_conv2d", "local_conv2d_backward"),
        *("cross_entropy", "cross_entropy_backward"),
    }


def dtypes_seen(monkeypatch: pytest.MonkeyPatch, name: str, kind: type) -> list[str]:
    """The dtypes of the first array of each call of an operation of the float32 backend."""
    seen: list[str] = []
    operation: Callable[..., Any] = getattr(kind, name)

    def watched(self: Any, x: Any, *args: Any) -> Any:
        seen.append(x.dtype.name)
        return operation(self, x, *args)

    monkeypatch.setattr(kind, name, watched)
    return seen


def test_only_operations_of_the_table_get_bfloat16_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    x, plain = halves((2, 3), 0), MIXED.plain()
    for backend, name, expected in (
        (MIXED, "relu", "bfloat16"),
        (MIXED, "tanh", "float32"),
        (plain, "relu", "float32"),
    ):
        with pytest.MonkeyPatch.context() as patch:
            seen = dtypes_seen(patch, name, type(backend.float32))
            run(backend, name, x)
            assert seen == [expected], name
    assert not plain.float32.takes_bfloat16 and MIXED.float32.takes_bfloat16


def test_a_function_of_ones_own_gets_float32_and_the_rest_stay() -> None:
    seen = []

    def doubled(x: Any) -> Any:
        seen.append(x.dtype.name)
        return 2 * x

    mine = MIXED.replaced(relu=doubled)
    x = halves((2, 3), 0)
    np.testing.assert_array_equal(run(mine, "relu", x)[0], 2 * x)
    assert seen == ["float32"]
    left = set(GPU.takes_bfloat16) - set(mine.float32.takes_bfloat16)
    assert left == {"relu", "conv2d_relu"}
    left = set(GPU.takes_bfloat16) - set(MIXED.replaced(im2col=F.im2col).float32.takes_bfloat16)
    assert left == {"im2col", "conv2d", "conv2d_backward", "conv2d_relu"}


def test_an_old_gpu_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda_streams.Device, "compute_capability", "75")
    with pytest.raises(ConfigError, match="bf16 needs a GPU of compute capability 8.0 or more"):
        with_bfloat16(GPU)


# ---------------------------------------------------------------------- products


@pytest.mark.parametrize("dtype", [BF16, np.dtype(np.float32)], ids=["to bfloat16", "to float32"])
@pytest.mark.parametrize("add", [False, True])
def test_cublas_gets_the_types_and_places_of_a_product(
    monkeypatch: pytest.MonkeyPatch, dtype: Any, add: bool
) -> None:
    """(2, 3, 5) times a transposed (2, 7, 5); cuBLAS, column-major, sees the second one first."""
    import cupy

    calls: list[tuple[Any, ...]] = []
    product = cupy.cuda.cublas.gemmStridedBatchedEx
    monkeypatch.setattr(
        cupy.cuda.cublas,
        "gemmStridedBatchedEx",
        lambda *args: calls.append(args) or product(*args),
    )
    modes: list[int] = []
    monkeypatch.setattr(cupy.cuda.cublas, "setMathMode", lambda handle, mode: modes.append(mode))
    a, b = halves((2, 3, 5), 0), halves((2, 7, 5), 1)
    start = singles((2, 3, 7), 2).astype(dtype)
    A, B, out = map(MIXED.asarray, (a, b, start))
    products.matmul(A, B.mT, out, add, tf32=False)
    ((handle, *call),) = calls
    alpha, beta = call[5], call[14]
    assert call == [
        *(1, 0, 7, 3, 5, alpha),
        *(B.data.ptr, 14, 5, 35),
        *(A.data.ptr, 14, 5, 15),
        *(beta, out.data.ptr, 14 if dtype == BF16 else 0, 7, 21, 2),
        *(68, -1),
    ]
    assert beta - alpha == (0 if add else -4)  # float32 factors, 0 before 1
    assert modes == [16]  # no part of a sum is added in bfloat16
    exact = a.astype(np.float64) @ b.astype(np.float64).mT + (start.astype(np.float64) * add)
    sizes = abs(a.astype(np.float64)) @ abs(b.astype(np.float64)).mT + abs(start.astype("d")) * add
    near(out.get().astype(np.float64), exact, (6 * UNIT + HALF * (dtype == BF16)) * sizes, "out")


def test_other_products_have_the_math_mode_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    import cupy

    modes: list[int] = []
    monkeypatch.setattr(cupy.cuda.cublas, "setMathMode", lambda handle, mode: modes.append(mode))
    a = GPU.asarray(singles((1, 2, 2), 0))
    for tf32 in (False, True):
        products.matmul(a, a, GPU.empty((1, 2, 2), np.float32), False, tf32)
    assert modes == [0, 3]


@pytest.mark.parametrize(("K", "rows"), [(8, True), (16, True), (3, False), (363, False)])
def test_filters_lie_so_that_cublas_reads_16_bytes(K: int, rows: bool) -> None:
    """Rows of K numbers begin at 16 bytes, or else columns lie in one piece."""
    w = halves((2, 8, K), 0)
    laid = filters_for_product(GPU, GPU.asarray(w))
    np.testing.assert_array_equal(laid.get(), w)
    assert (laid.strides[2] == 2) == rows and (laid.strides[1] == 2) != rows
    floats = filters_for_product(GPU, GPU.asarray(w.astype(np.float32)))
    assert floats.flags.c_contiguous


@pytest.mark.parametrize(("itemsize", "align"), [(2, 8), (4, 4), (8, 2)])
def test_a_slice_of_the_batch_has_rows_of_16_bytes(itemsize: int, align: int) -> None:
    images = GPU.workspace // 30 // itemsize
    slices = batch_slices(GPU, 100, images, itemsize)
    assert {s.stop - s.start for s in slices[:-1]} == {-(-25 // align) * align}
    assert slices[-1].stop == 100
