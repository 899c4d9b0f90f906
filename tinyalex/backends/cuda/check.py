"""Whether a GPU can be used here, and if not, why."""

from __future__ import annotations

import os
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from tinyalex.backends.cuda import driver
from tinyalex.backends.cuda.driver import Driver, NoDriver
from tinyalex.extras import install

INSTALL = f"{install('cuda12')}, or cuda13 if the driver supports it"
# CUDA's major version and the oldest driver for it; https://docs.nvidia.com/deploy/
# cuda-compatibility, table of minor version compatibility.
OLDEST_DRIVER = {12: "525", 13: "580"}

gpu = 0  # the number of this process's GPU


def use_gpu(number: int) -> None:
    """Choose this process's GPU, before anything else is asked of it."""
    global gpu
    gpu = number
    why_not.cache_clear()


@cache
def why_not() -> tuple[str, str] | None:
    """Return what is missing and what to do about it, or None if a GPU can be used.

    CuPy, which takes a second to import, comes last: only if the driver finds a device.
    """
    if find_spec("cupy") is None:
        return "the package cupy is not installed", INSTALL
    if find_spec("numba") is None or find_spec("numba_cuda") is None:
        return "the package numba-cuda is not installed", INSTALL
    if os.environ.get("NUMBA_ENABLE_CUDASIM", "0") not in ("", "0"):
        return "numba-cuda simulates (NUMBA_ENABLE_CUDASIM is set)", "unset NUMBA_ENABLE_CUDASIM"
    try:
        installed = driver.ask()
    except NoDriver as missing:
        return missing.reason
    return does_not_fit(installed) or ask_cupy() or ask_numba()


def does_not_fit(driver: Driver) -> tuple[str, str] | None:
    """Return what is wrong if a driver is too old for the installed packages, or at all.

    A newer driver runs programs of an older CUDA, but not the other way round.
    """
    major = driver.cuda[0]
    supports = f"the NVIDIA driver supports CUDA {driver.cuda[0]}.{driver.cuda[1]} at most"
    if major < min(OLDEST_DRIVER):
        oldest = min(OLDEST_DRIVER)
        return (
            f"{supports}, but {oldest}.0 is needed",
            f"install NVIDIA's driver {OLDEST_DRIVER[oldest]} or newer",
        )
    for package, wanted in (("CuPy", cupy_cuda()), ("numba-cuda", numba_cuda())):
        if wanted is not None and wanted > major:
            newer = OLDEST_DRIVER.get(wanted)
            return (
                f"{supports}, but the installed {package} is built for CUDA {wanted}",
                f"{install(f'cuda{major}')} (uninstall cupy-cuda{wanted}x first)"
                + (f", or NVIDIA's driver {newer} or newer" if newer else ""),
            )
    return None


def cupy_cuda() -> int | None:
    """Return the CUDA version that the installed CuPy is built for; None if unknown."""
    majors = [major for major in OLDEST_DRIVER if package_version(f"cupy-cuda{major}x")]
    return max(majors, default=None)


def numba_cuda() -> int | None:
    """Return the CUDA version of the bindings that numba-cuda calls."""
    major = package_version("cuda-bindings").split(".")[0]
    return int(major) if major.isdigit() else None


def package_version(package: str) -> str:
    """Return the version of a package; empty if it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def ask_cupy() -> tuple[str, str] | None:
    """Return what is wrong if CuPy cannot use the GPU."""
    try:
        import cupy

        cupy.cuda.runtime.getDeviceCount()
        cupy.cuda.Device(gpu).use()  # otherwise the next line would take memory on the first one
        cupy.cuda.device.get_cublas_handle()
    except ImportError as error:
        return f"CuPy does not start ({first_line(error)})", INSTALL
    except MemoryError as error:
        hint = "close other programs on the GPU; nvidia-smi lists them"
        return f"the GPU's memory is full ({first_line(error)})", hint
    except Exception as error:  # CuPy's errors have no common class, and this must not raise
        hint = f"a newer driver, or the extra for its CUDA version: {INSTALL}"
        return f"CuPy cannot use the GPU ({first_line(error)})", hint
    return None


def ask_numba() -> tuple[str, str] | None:
    """Return what is wrong if numba-cuda does not start."""
    try:
        import numba.cuda.np.arrayobj  # noqa: F401 (breaks with a NumPy that is too new)
    except Exception as error:
        return f"numba-cuda does not start ({first_line(error)})", "pip install 'numpy<2.5'"
    return None


def unused_gpu() -> str:
    """If `auto` uses the CPU although there is a GPU or CuPy: why, and what to do."""
    missing = why_not()
    if missing is None:
        return ""
    if find_spec("cupy") is None:
        try:
            driver.ask()
        except NoDriver:
            return ""  # nobody expects a GPU here
    return f"no GPU is used: {missing[0]} (try: {missing[1]})"


def first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
