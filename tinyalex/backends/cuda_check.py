"""Whether a GPU can be used here, and in one sentence why not."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache
from importlib.util import find_spec

INSTALL = "pip install 'tinyalex[cuda12]' or 'tinyalex[cuda13]', as the driver supports"


@cache
def why_not() -> tuple[str, str] | None:
    """What is missing and what to do about it, or None where a GPU can be used.

    CuPy, which takes a second to import, is asked last: only where the driver knows a device.
    """
    if find_spec("cupy") is None:
        return "the package cupy is not installed", INSTALL
    if find_spec("numba") is None or find_spec("numba_cuda") is None:
        return "the package numba-cuda is not installed", INSTALL
    if os.environ.get("NUMBA_ENABLE_CUDASIM", "0") not in ("", "0"):
        return "numba-cuda simulates (NUMBA_ENABLE_CUDASIM is set)", "unset NUMBA_ENABLE_CUDASIM"
    return _ask_driver() or _ask_cupy() or _ask_numba()


def _ask_driver() -> tuple[str, str] | None:
    library = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        driver = ctypes.CDLL(library)
    except OSError:
        return (
            f"no NVIDIA driver ({library} not found)",
            "install NVIDIA's driver, or --backend auto",
        )
    count = ctypes.c_int(0)
    if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)) or not count.value:
        return "the NVIDIA driver finds no GPU", "look at nvidia-smi and CUDA_VISIBLE_DEVICES"
    return None


def _ask_cupy() -> tuple[str, str] | None:
    try:
        import cupy

        cupy.cuda.runtime.getDeviceCount()
        cupy.cuda.device.get_cublas_handle()
    except ImportError as error:
        return f"CuPy does not start ({_first_line(error)})", INSTALL
    except Exception as error:  # CuPy's errors have no common class, and this must not raise
        hint = "a newer driver, or the extra for its CUDA version: tinyalex[cuda12] or [cuda13]"
        return f"CuPy cannot use the GPU ({_first_line(error)})", hint
    return None


def _ask_numba() -> tuple[str, str] | None:
    try:
        import numba.cuda.np.arrayobj  # noqa: F401 (breaks with a NumPy that is too new)
    except Exception as error:
        return f"numba-cuda does not start ({_first_line(error)})", "pip install 'numpy<2.5'"
    return None


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
