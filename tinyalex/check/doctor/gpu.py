"""Check driver, GPUs, CUDA, CuPy and numba-cuda: are they installed and compatible?"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, requires
from importlib.util import find_spec

from tinyalex.backends.cuda import check as cuda_check
from tinyalex.backends.cuda import driver as cuda_driver
from tinyalex.backends.cuda import feed as cuda_feed
from tinyalex.backends.cuda.check import INSTALL, OLDEST_DRIVER, first_line, package_version
from tinyalex.backends.cuda.driver import Driver, NoDriver
from tinyalex.check.doctor.finding import RED, WARNING, Finding
from tinyalex.extras import install

OLDEST = (7, 5)  # oldest compute capability that tests compile our kernels for
GIB = 1 << 30
MIB = 1 << 20
WANTED = 4 * GIB  # alexnet at batch 128
AHEAD, STORED = 2, 256  # waiting batches (the loader's default), side of a stored image


def look() -> list[Finding]:
    """Check everything that the backend ``cuda`` needs, starting with the driver."""
    findings, driver = look_at_driver()
    findings += look_at_packages(driver)
    if os.environ.get("NUMBA_ENABLE_CUDASIM", "0") not in ("", "0"):
        text = "NUMBA_ENABLE_CUDASIM is set: kernels would run in Numba's simulator"
        findings.append(Finding("numba-cuda", text, RED, "unset NUMBA_ENABLE_CUDASIM"))
    if any(finding.state == RED for finding in findings):
        return findings
    for topic, ask in (("CuPy", cuda_check.ask_cupy), ("numba-cuda", cuda_check.ask_numba)):
        wrong = ask()
        if wrong is None:
            findings.append(Finding(topic, "starts"))
        else:
            return [*findings, Finding(topic, wrong[0], RED, wrong[1])]
    return [*findings, look_at_memory(*free_memory()), look_at_pinned(pin)]


def look_at_driver() -> tuple[list[Finding], Driver | None]:
    """The driver, and each of its GPUs."""
    try:
        driver = cuda_driver.ask()
    except NoDriver as missing:
        return [Finding("driver", missing.reason[0], RED, missing.reason[1])], None
    major, minor = driver.cuda
    release = cuda_driver.release() or "of unknown version"
    findings = [Finding("driver", f"NVIDIA {release}, for CUDA {major}.{minor} at most")]
    for gpu in cuda_driver.gpus():
        major, minor = gpu.capability
        text = f"{gpu.name}, {gpu.memory / GIB:.0f} GiB, compute capability {major}.{minor}"
        if gpu.capability < OLDEST:
            text += f", older than {OLDEST[0]}.{OLDEST[1]}, for which our kernels are tested"
            findings.append(Finding("GPU", text, WARNING, "a newer GPU, or --backend numba"))
        else:
            findings.append(Finding("GPU", text))
    return findings, driver


def look_at_packages(driver: Driver | None) -> list[Finding]:
    """Check CuPy and numba-cuda: installed once, the pinned versions, for this driver's CUDA."""
    findings = []
    extra = INSTALL
    if driver is not None:
        supported = [major for major in OLDEST_DRIVER if major <= driver.cuda[0]]
        extra = install(f"cuda{max(supported, default=min(OLDEST_DRIVER))}")
    wheels = [name for major in OLDEST_DRIVER if package_version(name := f"cupy-cuda{major}x")]
    pair = f"numba-cuda {package_version('numba-cuda')}"
    if find_spec("cupy") is None:
        findings.append(Finding("CuPy", "the package cupy is not installed", RED, extra))
    elif len(wheels) > 1:
        hint = f"pip uninstall {' '.join(wheels)}, then {extra}"
        findings.append(Finding("CuPy", f"installed twice: {', '.join(wheels)}", RED, hint))
    else:
        installed = f"{wheels[0]} {package_version(wheels[0])}" if wheels else "of unknown origin"
        findings.append(_pinned("CuPy", installed, wheels[0] if wheels else "", extra))
    if find_spec("numba_cuda") is None:
        text = "the package numba-cuda is not installed"
        findings.append(Finding("numba-cuda", text, RED, extra))
    else:
        findings.append(_pinned("numba-cuda", pair, "numba-cuda", extra))
    if driver is not None and (wrong := cuda_check.does_not_fit(driver)):
        findings.append(Finding("CUDA", wrong[0], RED, wrong[1]))
    return findings


def _pinned(topic: str, installed: str, package: str, extra: str) -> Finding:
    """Check that a package has the tested version."""
    wanted = pinned_version(package)
    if wanted and wanted != package_version(package):
        text = f"{installed}; the tested version is {wanted}"
        return Finding(topic, text, WARNING, extra)
    return Finding(topic, installed)


def pinned_version(package: str) -> str:
    """Return the version that our extras pin; empty if they pin none."""
    try:
        lines = requires("tinyalex") or []
    except PackageNotFoundError:
        return ""
    for line in lines:
        if match := re.match(rf"{re.escape(package)}(\[.*?\])?==([\w.]+)", line):
            return match[2]
    return ""


def in_use() -> str:
    """The GPU of this process: its name, and its place on the bus."""
    import cupy

    device = cupy.cuda.Device()
    name = cupy.cuda.runtime.getDeviceProperties(device.id)["name"].decode()
    return f"{name} {device.pci_bus_id}"


def free_memory() -> tuple[int, int]:
    """Return the free and total memory of the current GPU, in bytes."""
    import cupy

    free, total = cupy.cuda.runtime.memGetInfo()
    return int(free), int(total)


def look_at_memory(free: int, total: int) -> Finding:
    """Check that the paper's net fits at batch size 128."""
    text = f"{free / GIB:.1f} of {total / GIB:.1f} GiB free"
    if free < WANTED:
        hint = (
            "close other programs on the GPU (nvidia-smi lists them), or use a smaller --batch-size"
        )
        return Finding("memory", f"{text}; alexnet at batch 128 takes up to 4", WARNING, hint)
    return Finding("memory", text)


def pin(nbytes: int) -> object:
    """Allocate pinned host memory."""
    import cupy

    return cupy.cuda.alloc_pinned_memory(nbytes)


def look_at_pinned(take: Callable[[int], object]) -> Finding:
    """Check that enough host memory can be pinned for the paper's net at batch size 128."""
    buffers = AHEAD + cuda_feed.SPARE
    batch_bytes = 128 * STORED * STORED * 3
    text = f"{cuda_feed.pinned_bytes(batch_bytes, AHEAD) / MIB:.0f} MiB of the host's memory pinned"
    try:
        held = [take(batch_bytes) for _ in range(buffers)]
    except Exception as error:  # CuPy's errors have no common class
        said = first_line(error)
        hint = "ulimit -l unlimited, or a smaller --batch-size"
        return Finding("pinned", f"{text}: refused ({said})", RED, hint)
    return Finding("pinned", f"{text}, {len(held)} batches of 128 images for alexnet")
