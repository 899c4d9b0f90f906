"""Matrix products into existing memory, by the cuBLAS that CuPy ships.

CuPy's own ``matmul`` can neither add to its output nor use TF32 for a single product, and it does
not multiply batches of bfloat16 matrices; in cuBLAS each is one argument.
"""

from __future__ import annotations

import os

import numpy as np

from tinyalex.backends.base import Array, is_bfloat16
from tinyalex.backends.cuda.cublas import calls

_TF32_MATH = 3  # CUBLAS_TF32_TENSOR_OP_MATH of cublasMath_t
# CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION: parts of a sum are never added in bfloat16.
_WIDE_SUMS = 16
_TYPES = {"float32": 0, "bfloat16": 14}  # CUDA_R_32F and CUDA_R_16BF of cudaDataType
_COMPUTE_32F, _GEMM_DEFAULT = 68, -1  # of cublasComputeType_t and cublasGemmAlgo_t
_FACTORS = {kind: np.array([0, 1], kind) for kind in "fd"}


def matmul(a: Array, b: Array, out: Array, add: bool, tf32: bool) -> None:
    """``out = a @ b``, or ``out += a @ b``, for each of G matrices.

    Parameters
    ----------
    a, b, out : float32 or float64 (G, M, K), (G, K, N) and (G, M, N)
        ``a`` and ``b`` may be transposed views; ``out`` is contiguous. ``a`` and ``b`` may be
        bfloat16, and ``out`` bfloat16 or float32: sums are float32, and rounded once.
    add : bool
    tf32 : bool
        Round factors to 10 bits of mantissa, for tensor cores; float32 only.
    """
    from cupy.cuda import cublas, device

    handle = device.get_cublas_handle()
    mixed = is_bfloat16(a.dtype)
    default = _WIDE_SUMS if mixed else cublas.CUBLAS_DEFAULT_MATH
    cublas.setMathMode(handle, _TF32_MATH if tf32 and not mixed else default)
    factors = _FACTORS["d" if out.dtype == np.float64 else "f"]  # 0 and 1
    address, size = factors.ctypes.data, factors.itemsize
    one, keep = address + size, address + size * add
    G, M, N = out.shape
    (a_transposed, a_pitch), (b_transposed, b_pitch) = _layout(a), _layout(b)
    # cuBLAS is column-major: it sees the transposed matrices, out.T = b.T @ a.T.
    sizes = handle, b_transposed, a_transposed, N, M, a.shape[2]
    b_step, a_step = b.strides[0] // b.itemsize, a.strides[0] // a.itemsize
    of, single = calls(), out.dtype == np.float32
    if mixed:
        kind = _TYPES["bfloat16"]
        of.gemmStridedBatchedEx(
            *(*sizes, one),
            *(b.data.ptr, kind, b_pitch, b_step),
            *(a.data.ptr, kind, a_pitch, a_step),
            keep,
            *(out.data.ptr, _TYPES[out.dtype.name], N, M * N),
            G,
            _COMPUTE_32F,
            _GEMM_DEFAULT,
        )
        return
    if G == 1:
        factor = b.data.ptr, b_pitch, a.data.ptr, a_pitch
        (of.sgemm if single else of.dgemm)(*sizes, one, *factor, keep, out.data.ptr, N)
        return
    product = of.sgemmStridedBatched if single else of.dgemmStridedBatched
    product(
        *(*sizes, one),
        *(b.data.ptr, b_pitch, b_step),
        *(a.data.ptr, a_pitch, a_step),
        keep,
        *(out.data.ptr, N, M * N),
        G,
    )


def _layout(a: Array) -> tuple[int, int]:
    """Return whether the matrices are column-major (0 or 1), and their pitch in numbers."""
    _, rows, columns = a.shape
    if a.strides[2] == a.itemsize or columns == 1:
        return 0, (a.strides[1] // a.itemsize if rows > 1 else columns)
    return 1, (a.strides[2] // a.itemsize if columns > 1 else rows)


# Whether CuPy's own products use TF32; CuPy reads this variable when it is imported.
_cupy_uses_tf32 = os.environ.get("CUPY_TF32", "0") == "1"


def set_precision(tf32: bool) -> None:
    """Make CuPy's own float32 products use TF32, or not."""
    global _cupy_uses_tf32
    if tf32 == _cupy_uses_tf32:
        return
    from cupy._core import _routines_linalg as linalg

    kind = linalg.COMPUTE_TYPE_TF32 if tf32 else linalg.COMPUTE_TYPE_DEFAULT
    linalg.set_compute_type(np.float32, kind)
    _cupy_uses_tf32 = tf32
