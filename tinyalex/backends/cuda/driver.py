"""Query NVIDIA's driver about itself and its GPUs, without CuPy."""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass
from typing import Any

# Codes of cuInit, cuda.h: CUresult.
_NO_DEVICE, _STUB, _MISMATCH = 100, 34, 803
_MAJOR, _MINOR = 75, 76  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_...


@dataclass(frozen=True)
class Gpu:
    """A GPU: its name, memory in bytes and compute capability, (9, 0) for an H100."""

    name: str
    memory: int
    capability: tuple[int, int]


@dataclass(frozen=True)
class Driver:
    """A working driver.

    Attributes
    ----------
    cuda : (major, minor)
        The newest CUDA version that it supports.
    gpus : int
        The number of GPUs.
    """

    cuda: tuple[int, int]
    gpus: int


class NoDriver(Exception):
    """The driver is missing or does not work; the arguments say why and what to do."""

    @property
    def reason(self) -> tuple[str, str]:
        """Return why, and what to do."""
        return self.args[0], self.args[1]


def ask() -> Driver:
    """Start the driver and count its GPUs.

    Raises
    ------
    NoDriver
        The driver is missing, does not start, or finds no GPU.
    """
    library = _library()
    code = library.cuInit(0)
    if code == _MISMATCH:
        raise NoDriver(
            "the NVIDIA driver's library and its kernel module are of different versions",
            "restart the machine, as every update of the driver requires",
        )
    if code == _STUB:
        raise NoDriver(
            "libcuda.so.1 is the stub of the CUDA toolkit, not a driver",
            "remove the toolkit's folder stubs from LD_LIBRARY_PATH",
        )
    count = ctypes.c_int(0)
    has_gpu = not code and not library.cuDeviceGetCount(ctypes.byref(count)) and count.value
    if not has_gpu:
        error = f" (error {code})" if code not in (0, _NO_DEVICE) else ""
        raise NoDriver(
            f"the NVIDIA driver finds no GPU{error}", "check nvidia-smi and CUDA_VISIBLE_DEVICES"
        )
    version = ctypes.c_int(0)
    library.cuDriverGetVersion(ctypes.byref(version))
    return Driver((version.value // 1000, version.value % 1000 // 10), count.value)


def gpus() -> list[Gpu]:
    """Describe the GPUs of a working driver."""
    library, described = _library(), []
    for number in range(ask().gpus):
        device, major, minor = ctypes.c_int(0), ctypes.c_int(0), ctypes.c_int(0)
        name, memory = ctypes.create_string_buffer(128), ctypes.c_size_t(0)
        library.cuDeviceGet(ctypes.byref(device), number)
        library.cuDeviceGetName(name, len(name), device)
        library.cuDeviceTotalMem_v2(ctypes.byref(memory), device)
        library.cuDeviceGetAttribute(ctypes.byref(major), _MAJOR, device)
        library.cuDeviceGetAttribute(ctypes.byref(minor), _MINOR, device)
        capability = major.value, minor.value
        described.append(Gpu(name.value.decode(errors="replace"), memory.value, capability))
    return described


def release() -> str:
    """Return the driver's own version, such as ``580.159.04``; empty if unknown."""
    try:
        management = ctypes.CDLL("nvml.dll" if sys.platform == "win32" else "libnvidia-ml.so.1")
        text = ctypes.create_string_buffer(96)
        if management.nvmlInit_v2() or management.nvmlSystemGetDriverVersion(text, len(text)):
            return ""
        return text.value.decode(errors="replace")
    except (OSError, AttributeError):
        return ""


def _library() -> Any:
    name = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        return ctypes.CDLL(name)
    except OSError:
        raise NoDriver(f"no NVIDIA driver ({name} not found)", "install NVIDIA's driver") from None
