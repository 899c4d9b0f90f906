"""Describe the machine and the versions of a measurement."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_info

from tinyalex import __version__
from tinyalex.backends.cuda import driver as cuda_driver
from tinyalex.backends.cuda.check import package_version
from tinyalex.data.read_ahead import usable_cores

_PACKAGES = ("numpy", "numba", "scipy", "torch", "cupy-cuda12x", "cupy-cuda13x", "numba-cuda")


def describe(threads: int, command: str) -> dict[str, Any]:
    """Return hardware, versions, date, the threads per implementation and the command."""
    import numpy as np  # loads its BLAS, so that threadpool_info sees it

    np.ones((2, 2)) @ np.ones((2, 2))
    versions = {"tinyalex": __version__, "python": platform.python_version()}
    versions |= {name: text for name in _PACKAGES if (text := package_version(name))}
    blas = [
        f"{pool['internal_api']} {pool['version']} ({pool.get('architecture', 'unknown')})"
        for pool in threadpool_info()
        if pool["user_api"] == "blas"
    ]
    return {
        "gpu": gpu_name(),
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "usable_cores": usable_cores(),
        "threads": threads,
        "memory_gib": _memory_gib(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "versions": versions,
        "blas": ", ".join(dict.fromkeys(blas)) or "unknown",
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
    }


def gpu_name() -> str:
    """Return the first GPU and its driver; empty if there is none."""
    try:
        driver, gpu = cuda_driver.ask(), cuda_driver.gpus()[0]
    except cuda_driver.NoDriver:
        return ""
    major, minor = driver.cuda
    release = cuda_driver.release() or "unknown"
    memory = gpu.memory / 2**30
    return f"{gpu.name}, {memory:.0f} GiB, driver {release} (CUDA {major}.{minor})"


def cpu_name() -> str:
    """Return the processor's name."""
    return cpuinfo("model name") or platform.processor() or platform.machine()


def cpuinfo(key: str) -> str:
    """Return what Linux says about the first core under a key; empty on other systems."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), "")


def _memory_gib() -> float | None:
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return None
    return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1)
